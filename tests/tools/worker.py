# SPDX-License-Identifier: Apache-2.0
"""A tool worker of arcade-serve on a loopback port of its own: the page's tool as printed, the same with the answer that Discord
gives, and tools that try what a tool may do."""
import json
import socket
import sys
import time
from typing import Annotated

import httpx
import uvicorn
from arcade_serve.fastapi import FastAPIWorker
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import Discord
from arcade_tdk.errors import RetryableToolError, UpstreamError
from fastapi import FastAPI
from guilds_tool import list_guilds
from page_tool import list_servers


@tool
def add(a: Annotated[int, "One number"], b: Annotated[int, "Another"] = 2) -> Annotated[int, "The sum"]:
    """Adds two numbers."""
    return a + b


@tool(requires_secrets=["SEARCH_KEY"])
def secret_length(context: ToolContext) -> Annotated[dict, "What the context holds"]:
    """Tells how long the secret is, and which keys came."""
    return {"length": len(context.get_secret("SEARCH_KEY")), "keys": [s.key for s in context.secrets], "user": context.user_id}


@tool
def try_again() -> Annotated[str, "Never"]:
    """Fails in a way that may be tried again."""
    raise RetryableToolError("not now", developer_message="for developers", additional_prompt_content="ask for less", retry_after_ms=250)


@tool
def crash() -> Annotated[str, "Never"]:
    """Fails in a way nobody expected."""
    raise ValueError("unexpected")


@tool(requires_auth=Discord(scopes=["identify"]), requires_secrets=["SEARCH_KEY"])
async def who_am_i(context: ToolContext) -> Annotated[dict, "The user"]:
    """Needs a consent of its own and a secret; what the provider says of the token comes through."""
    async with httpx.AsyncClient() as client:
        response = await client.get("https://discord.com/api/users/@me", headers={"Authorization": f"Bearer {context.authorization.token}"})
        if response.status_code == 401:
            raise UpstreamError("the token was not accepted", status_code=401)
        response.raise_for_status()
        return response.json()


@tool
def note(path: Annotated[str, "A file"], line: Annotated[str, "What to add"], seconds: Annotated[float, "How long it takes"] = 0) -> Annotated[str, "The line"]:
    """Adds a line to a file, once a run."""
    with open(path, "a", encoding="utf-8") as f:
        f.write(line + "\n")
    time.sleep(seconds)
    return line


def main():
    app = FastAPI()
    worker = FastAPIWorker(app, secret=sys.argv[1])
    for t in (list_servers, list_guilds, add, secret_length, try_again, crash, note, who_am_i):
        worker.register_tool(t, "Custom")
    listener = socket.socket()
    listener.bind(("127.0.0.1", int(sys.argv[2])))
    listener.listen(128)
    print(json.dumps({"uri": "http://127.0.0.1:%d" % listener.getsockname()[1]}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


main()
