# SPDX-License-Identifier: Apache-2.0
"""The engine's side of the tests with a hostile provider: an instance a row, a consent without a consent page, the timeline."""
import concurrent.futures
import sqlite3

import httpx

from world import BOUND, query, until

SECRET = "hostile-client-secret-5ca1ab1e"


def definition(peer, base="", **over):
    """A provider whose every address is the peer's.  rotates: no lets an uncertain refresh be tried again after two seconds."""
    at = peer.url + base
    return {"name": "Acme", "authorize": {"url": f"{at}/authorize"}, "token": {"url": f"{at}/token", "auth": ["post"]},
            "refresh": {"rotates": "no"}, **over}


class Attempt:
    """One user's way at one instance: ask, click, come back with a code."""

    def __init__(self, engine, provider, user, scopes=("read",)):
        self.engine, self.provider, self.user, self.scopes = engine, provider, user, list(scopes)
        self.api = engine.client()
        self.browser = httpx.Client(timeout=70, trust_env=False)
        self.start = self.ask()
        self.id, self.link = self.start["id"], self.start["url"]

    def ask(self):
        r = self.authorize()
        assert r.status_code == 200, (self.provider, r.status_code, r.text)
        return r.json()

    def authorize(self):
        return self.api.post("/v1/auth/authorize", json={"user_id": self.user, "auth_requirement": {
            "id": self.provider, "oauth2": {"scopes": self.scopes}}})

    def click(self):
        """Where the provider is asked; its query tells what was asked."""
        r = self.browser.get(self.link)
        assert r.status_code == 303, (r.status_code, r.text[:800])
        return r.headers["location"]

    def back(self, **params):
        """The provider's redirect back to the engine, written by hand."""
        asked = query(self.click())
        url = httpx.URL(asked["redirect_uri"]).copy_merge_params({"state": asked["state"], **params})
        return self.browser.get(url)

    def confirm(self, came):
        assert came.status_code == 303, (self.provider, came.status_code, came.text[:1500])
        r = self.api.post("/v1/auth/confirm_user", json={"flow_id": query(came.headers["location"])["flow_id"], "user_id": self.user})
        assert r.status_code == 200, r.text

    def connect(self, code="good"):
        self.confirm(self.back(code=code))

    def shown(self):
        r = self.api.get(f"/tb/v1/authorizations/{self.id}")
        assert r.status_code == 200, r.text
        return r.json()

    def events(self, step):
        return [e for e in self.shown()["events"] if e["step"] == step]

    def first(self, step, outcomes):
        """The first event of this step with one of these outcomes, waited for; readers go on asking meanwhile."""
        def look():
            self.authorize()
            return next((e for e in self.events(step) if e["outcome"] in outcomes), None)
        return until(f"{step} {outcomes} of {self.provider}", look, BOUND * 2)

    def close(self):
        self.api.close()
        self.browser.close()


def stored(engine, sql, *values):
    """The first row, read from the store beside the engine that writes it."""
    db = sqlite3.connect(f"file:{engine.data}/store.sqlite3?mode=ro", uri=True)
    try:
        return db.execute(sql, values).fetchone()
    finally:
        db.close()


def instance(engine, id, kind, client_id="client-of-the-test", secret=SECRET):
    with engine.client() as api:
        r = api.post("/v1/admin/auth_providers", json={"id": id, "provider_id": kind, "oauth2": {"client_id": client_id, "client_secret": secret}})
    assert r.status_code == 201, (id, r.text)
    return r.json()


def at_once(what, items, workers=16):
    """what(item) for all, side by side; their results by item's first field.  An error of one is that one's result."""
    def guarded(item):
        try:
            return what(item)
        except Exception as e:  # noqa: BLE001 - the row's own test shows it
            return e
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return dict(zip((i[0] for i in items), pool.map(guarded, items)))


def result(results, name):
    r = results[name]
    if isinstance(r, Exception):
        raise r
    return r
