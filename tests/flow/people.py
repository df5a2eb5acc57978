# SPDX-License-Identifier: Apache-2.0
"""People with accounts of the engine, each with a browser of his own."""
import httpx

from world import BOUND, Form

PASSWORD = "correct horse battery"


class Person:
    """Somebody with a browser at the engine's own pages."""

    def __init__(self, engine):
        self.engine = engine
        self.http = httpx.Client(base_url=engine.url, timeout=BOUND, trust_env=False)

    def page(self, path):
        return self.http.get(path, headers={"Accept": "text/html"})

    def send(self, page, path, **fields):
        form = Form(page.text, self.engine.url + path)
        return self.http.post(form.action, data={**form.fields, **fields}, headers={"Accept": "text/html", "Origin": self.engine.url})

    def set_up(self, url, email):
        assert self.page(url.replace(self.engine.url, "")).status_code == 303
        r = self.send(self.page("/setup"), "/setup", email=email, password=PASSWORD)
        assert r.status_code == 303, r.text

    def sign_in(self, email, password=PASSWORD):
        return self.send(self.page("/sign-in"), "/sign-in", email=email, password=password)

    def csrf(self):
        """What the dashboard's writes carry; read anew each time, since tests sign in and out."""
        r = self.http.get("/tb/v1/sessions/current")
        return {"Tokenbooth-CSRF": r.json()["csrf"]} if r.status_code == 200 else {}

    def call(self, method, path, body=None, origin_is=True, **headers):
        h = {"Origin": self.engine.url} if origin_is is True else {"Origin": origin_is} if origin_is else {}
        return self.http.request(method, path, json=body, headers={**h, **(self.csrf() if method != "GET" else {}), **headers})
