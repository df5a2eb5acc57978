# SPDX-License-Identifier: Apache-2.0
"""`tokenbooth demo`: a newcomer without internet or credentials goes through a whole consent."""
import os

from world import Browser, Form, Process


class Demo(Process):
    def __init__(self, binary, folder):
        super().__init__([binary, "demo", "--json", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0"], folder / "demo.log",
                         env={"TMPDIR": str(folder), "HOME": str(folder)}, cwd=folder)

    def _first_line(self):
        self.first = super()._first_line()
        return self.first


def follow(browser, r):
    while r.status_code in (302, 303):
        r = browser.get(str(r.next_request.url))
    assert r.status_code == 200, (r.status_code, r.text[:2000])
    return r


def test_the_whole_demo(binary, tmp_path):
    with Demo(binary, tmp_path) as demo, Browser() as browser:
        ready = demo.ready
        assert ready["email"] == "alice@example.com" and len(ready["password"]) == 16
        sign_in = follow(browser, browser.get(browser.consent(browser.to_provider(ready["link"]))))
        form = Form(sign_in.text, str(sign_in.url))
        form.fields |= {"email": ready["email"], "password": ready["password"]}
        confirm = follow(browser, browser.post(form.action, form.fields))
        form = Form(confirm.text, str(confirm.url))
        done = follow(browser, browser.post(form.action, form.fields))
        assert "connected" in done.text
        import httpx

        status = httpx.get(ready["url"] + "/v1/auth/status", params={"id": ready["authorization"], "wait": 20}, timeout=30,
                           headers={"Authorization": ready["api_key"]}, trust_env=False).json()
        assert status["status"] == "completed" and status["context"]["token"]
        token = status["context"]["token"]
        assert token not in demo.log() and ready["password"] not in demo.log()
        me = httpx.get(ready["simulator"] + "/api/users/@me", headers={"Authorization": "Bearer " + token, "User-Agent": "DiscordBot (x, 1)"},
                       trust_env=False)
        assert me.status_code == 200 and me.json()["username"] == "alice"
    assert [f for f in os.listdir(tmp_path) if f.startswith("tokenbooth-demo")] == []
