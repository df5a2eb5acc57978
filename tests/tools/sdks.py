# SPDX-License-Identifier: Apache-2.0
"""The SDKs as they come from PyPI and npm behind one way to call them: sdk("tools.get", "Custom.Add", user_id=…) answers what the SDK made
of the answer, as JSON has it, or raises Refused.  `methods` are the SDK's own, found by looking, and `called` those that were."""
import asyncio
import inspect
import json
import os
import re
import subprocess
import threading

import arcadepy
from arcadepy._resource import AsyncAPIResource, SyncAPIResource
from conftest import HERE
from world import BOUND


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def python_methods(resource, path=()):
    for name in dir(resource):
        if name.startswith(("_", "with_")):
            continue
        part = getattr(resource, name)
        if isinstance(part, (SyncAPIResource, AsyncAPIResource)):
            yield from python_methods(part, (*path, name))
        elif path and inspect.ismethod(part):
            yield ".".join((*path, name))


class Python:
    def __init__(self, engine, client=arcadepy.Arcade):
        self.client = client(base_url=engine.url, api_key=engine.key, max_retries=0)
        self.methods, self.called = set(python_methods(self.client)), set()

    def run(self, method, args, params):
        return method(*args, **params)

    def __call__(self, path, *args, **params):
        method = self.client
        for name in path.split("."):
            method = getattr(method, name)
        try:
            answer = self.run(method, args, params)
        except arcadepy.APIStatusError as e:
            raise Refused(e.status_code, e.body) from e
        self.called.add(path)
        return answer.to_dict(mode="json") if isinstance(answer, arcadepy.BaseModel) else answer

    def close(self):
        self.client.close()


class AsyncPython(Python):
    def __init__(self, engine):
        self.loop = asyncio.new_event_loop()
        super().__init__(engine, arcadepy.AsyncArcade)

    def run(self, method, args, params):
        async def go():
            return await method(*args, **params)

        return self.loop.run_until_complete(go())

    def close(self):
        self.loop.run_until_complete(self.client.close())
        self.loop.close()


def camel(path):
    return re.sub(r"_(\w)", lambda m: m[1].upper(), path)


class JavaScript:
    def __init__(self, engine):
        env = {"PATH": os.environ["PATH"], "ARCADE_BASE_URL": engine.url, "ARCADE_API_KEY": engine.key}
        self.p = subprocess.Popen(["node", str(HERE.parent / "node/clients/sdk.mjs")], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.methods, self.called = {re.sub("([A-Z])", lambda m: "_" + m[1].lower(), m) for m in self.line()}, set()

    def line(self):
        timer = threading.Timer(BOUND, self.p.kill)
        timer.start()
        try:
            return json.loads(self.p.stdout.readline())
        finally:
            timer.cancel()

    def __call__(self, path, *args, **params):
        self.p.stdin.write(json.dumps([camel(path), *args, *([params] if params else [])]) + "\n")
        self.p.stdin.flush()
        answer = self.line()
        if "error" in answer:
            raise Refused(answer["error"]["status"], answer["error"]["body"])
        self.called.add(path)
        return answer["value"]

    def close(self):
        self.p.stdin.close()
        assert self.p.wait(BOUND) == 0


SDKS = {"arcadepy": Python, "arcadepy-async": AsyncPython, "arcadejs": JavaScript}
