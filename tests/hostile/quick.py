# SPDX-License-Identifier: Apache-2.0
"""A client of the engine's API for tests that make very many calls: one kept connection, no TLS, JSON in and out."""
import http.client
import json
import urllib.parse

GONE = (OSError, http.client.HTTPException)  # what a call raises when the engine died under it


class Quick:
    def __init__(self, url, key=None, timeout=70):
        u = urllib.parse.urlsplit(url)
        self.c = http.client.HTTPConnection(u.hostname, u.port, timeout=timeout)
        self.headers = {"Authorization": key} if key else {}

    def call(self, method, path, body=None, headers=None):
        """(status, headers, the answer's JSON or None)"""
        h = {**self.headers, **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            h["Content-Type"] = "application/json"
        self.c.request(method, path, body=data, headers=h)
        r = self.c.getresponse()
        text = r.read()
        return r.status, r.headers, json.loads(text) if text else None

    def get(self, path, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path, body):
        return self.call("POST", path, body)

    def authorize(self, user, scopes=("identify",), provider="discord"):
        return self.post("/v1/auth/authorize", {"auth_requirement": {"provider_id": provider, "provider_type": "oauth2", "oauth2": {"scopes": list(scopes)}}, "user_id": user})

    def close(self):
        self.c.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
