# SPDX-License-Identifier: Apache-2.0
"""The client that the conformance suite drives: python conform.py [https] [open] [client_id=…] URL registers the URL as a worker of a fresh engine, has the user
agree by following redirects (open: the server asks for nobody), and calls every tool.  Exit 0 when it got through; what it did is told on stderr."""
import json
import os
import pathlib
import ssl
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "flow"))
from world import PLAIN, Browser, Engine, certificate, query  # noqa: E402

USER, MOST_CONSENTS = "alice@example.com", 3


def agree(api, link, verify):
    with Browser(verify=verify) as b:
        back = b.get(b.to_provider(link))  # the suite's consent page agrees at once
        assert back.status_code in (302, 303), (back.status_code, back.text[:300])
        verify = b.get(back.headers["location"])
        assert verify.status_code == 303, (verify.status_code, verify.text[:1500])
        done = api.post("/v1/auth/confirm_user", json={"flow_id": query(verify.headers["location"])["flow_id"], "user_id": USER})
        assert done.status_code == 200, done.text


def authorize(api, verify):
    for _ in range(2):
        r = api.get("/v1/workers/remote/authorize", params={"user_id": USER})
        assert r.status_code == 200, r.text
        if r.json()["status"] == "completed":
            return
        agree(api, r.json()["url"], verify)
    raise AssertionError(r.text)


def call(api, name, verify):
    for _ in range(MOST_CONSENTS):
        r = api.post("/v1/tools/execute", json={"tool_name": name, "user_id": USER, "input": {}})
        if r.status_code != 403:
            return r.status_code, r.json()
        auth = api.post("/v1/tools/authorize", json={"tool_name": name, "user_id": USER}).json()
        if auth["status"] == "completed":
            return 403, r.json()
        agree(api, auth["url"], verify)
    return 403, r.json()


def main():
    url, context = sys.argv[-1], json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    told = dict(a.split("=", 1) for a in sys.argv[1:-1] if "=" in a)
    oauth2 = {k: v for k, v in {**context, **told}.items() if k in ("client_id", "client_secret") and v}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="conform-"))
    config, verify = "", PLAIN
    if "https" in sys.argv:
        verify = ssl.create_default_context(cafile=certificate(folder))
        config = "tls: {cert_file: tls.pem, key_file: tls.key}\n"
    with Engine(os.environ["TB_BINARY"], folder, config=config) as engine, engine.client(verify=verify) as api:
        mcp = {"uri": url, "timeout": 20, "retry": 1, **({"oauth2": oauth2} if oauth2 else {})}
        r = api.post("/v1/workers", json={"id": "remote", "type": "mcp", "mcp": mcp})
        assert r.status_code == 201, r.text
        if "open" not in sys.argv:
            authorize(api, verify)
        tools = [t["fully_qualified_name"] for t in api.get("/v1/workers/remote/tools", params={"limit": 100}).json()["items"]]
        outcomes = [call(api, t, verify) for t in tools]
        for t, (status, answer) in zip(tools, outcomes):
            print(t, status, json.dumps(answer)[:300], file=sys.stderr)
        assert tools and all(status == 200 and a["success"] for status, a in outcomes)


main()
