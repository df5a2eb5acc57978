# SPDX-License-Identifier: Apache-2.0
"""A thousand tool calls that wait on their workers, while everybody else is served as before."""
import asyncio
import json
import threading

import httpx
from conftest import register
from test_tools import consent
from world import BOUND, Browser, Engine, until

WORKERS, EACH = 8, 125  # at most 128 calls wait for one peer, 1024 in all


class Slow:
    """A worker that holds every call until it is let go; one thread, whatever the number of calls."""

    def __init__(self, name):
        self.name, self.held, self.loop = name, 0, asyncio.new_event_loop()
        self.go, started = asyncio.Event(), threading.Event()
        tool = {"name": "Wait", "toolkit": {"name": name, "version": "1.0.0"}, "input": {"parameters": []}, "output": None, "requirements": {"authorization": None, "secrets": None, "metadata": None}}

        async def serve(reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            await reader.readexactly(length[0] if length else 0)
            if head.startswith(b"POST"):
                self.held += 1
                await self.go.wait()
                body = {"success": True, "output": {"value": name}}
            else:
                body = [tool] if b"/worker/tools" in head else {"status": "ok"}
            text = json.dumps(body).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
            await writer.drain()
            writer.close()

        async def main():
            self.server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
            self.uri = "http://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
            started.set()
            await self.server.serve_forever()

        threading.Thread(target=self.loop.run_until_complete, args=(main(),), daemon=True).start()
        started.wait(BOUND)

    def release(self):
        self.loop.call_soon_threadsafe(self.go.set)


def test_a_slow_worker_does_not_hold_all_scheduled_runs(binary, tmp_path):
    slow, quick, calls = Slow("Slow"), Slow("Quick"), 40
    quick.release()
    with Engine(binary, tmp_path) as eng, eng.client() as c:
        for w in (slow, quick):
            assert register(c, w.uri, id=w.name, timeout=100, retry=1).status_code == 201

        def put_off(name):
            r = c.post("/v1/tools/execute", json={"tool_name": f"{name}.Wait", "run_at": "2020-01-01T00:00:00"})
            assert r.status_code == 200, r.text
            return r.json()["id"]

        def status(id):
            return c.get(f"/v1/scheduled_tools/{id}").json()["execution_status"]

        waiting = [put_off("Slow") for _ in range(calls)]
        until("a quarter of the threads at the slow worker", lambda: slow.held == 8)
        mine = [put_off("Quick") for _ in range(3)]
        until("the other worker's runs", lambda: all(status(id) == "completed" for id in mine))
        assert slow.held == 8 and sum(status(id) == "scheduled" for id in waiting) == calls - 8
        slow.release()
        until("all of them", lambda: all(status(id) == "completed" for id in waiting))
        assert slow.held == calls


async def crowd(engine, workers, answers):
    async with httpx.AsyncClient(base_url=engine.url, headers={"Authorization": engine.key}, timeout=120, trust_env=False, limits=httpx.Limits(max_connections=None)) as c:
        async def one(w):
            r = await c.post("/v1/tools/execute", json={"tool_name": f"{w.name}.Wait"})
            answers.append((r.status_code, r.json().get("output", {}).get("value") == w.name))

        await asyncio.gather(*(one(w) for w in workers for _ in range(EACH)))


def test_a_thousand_slow_calls_keep_nobody_else_waiting(binary, tmp_path, simulator):
    workers, answers, served = [Slow(f"Slow{n}") for n in range(WORKERS)], [], 0
    with Engine(binary, tmp_path, simulator=simulator) as eng, eng.client() as c:
        eng.add_discord()
        for w in workers:
            assert register(c, w.uri, id=w.name, timeout=100, retry=1).status_code == 201
        ask = {"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}, "user_id": "reader@example.com"}
        consent(eng, simulator, c.post("/v1/auth/authorize", json=ask).json()["url"], "reader@example.com")
        thread = threading.Thread(target=asyncio.run, args=(crowd(eng, workers, answers),))
        thread.start()
        until("a thousand calls at their workers", lambda: sum(w.held for w in workers) == WORKERS * EACH, bound=90)
        with Browser(simulator) as b:
            for n in range(20):  # everything is answered while not one of the thousand is
                assert c.get("/v1/health").json()["healthy"] is True
                assert c.post("/v1/auth/authorize", json=ask).json()["context"]["token"]
                user = f"late-{n}@example.com"
                flow = b.flow_id(c.post("/v1/auth/authorize", json={**ask, "user_id": user}).json()["url"], simulator.person())
                assert c.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user}).status_code == 200
                served += 1
        assert served == 20 and answers == []
        for w in workers:
            w.release()
        thread.join(120)
        assert answers == [(200, True)] * WORKERS * EACH
