# SPDX-License-Identifier: Apache-2.0
"""A toolkit as it is installed, on the arcade-serve of its generation: math_worker.py SECRET, on a loopback port of its own."""
import json
import socket
import sys

import arcade_math
import uvicorn
from arcade_core.toolkit import Toolkit
from arcade_serve.fastapi import FastAPIWorker
from fastapi import FastAPI


def main():
    app = FastAPI()
    FastAPIWorker(app, secret=sys.argv[1]).register_toolkit(Toolkit.from_package(arcade_math.__name__))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(json.dumps({"uri": "http://127.0.0.1:%d" % listener.getsockname()[1]}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


main()
