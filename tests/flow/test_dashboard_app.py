# SPDX-License-Identifier: Apache-2.0
"""How the dashboard's app comes to the browser: for who is signed in, compressed, kept by its hashed names, under a strict policy."""
import gzip
import re

import httpx
import pytest
from world import Engine

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
          "base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
OWNER = {"email": "ada@example.com", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def signed_in(binary, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("app"), verifier=None) as eng, httpx.Client(base_url=eng.url) as c:
        c.get(eng.ready["setup_url"], follow_redirects=True)
        form = {"csrf": re.search(r'name="csrf" value="([^"]+)"', c.get("/setup").text)[1], **OWNER}
        assert c.post("/setup", data=form, headers={"Origin": eng.url}).status_code == 303
        yield c


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/servers", "/dashboard/auth/oauth", "/dashboard/auth/oauth/my-discord", "/dashboard/auth/oauth?tab=custom&x=%2F"])
def test_every_address_below_dashboard_is_the_app_or_the_way_to_it(signed_in, path):
    stranger = httpx.get(f"{signed_in.base_url}{path}".replace("//dash", "/dash"))
    assert stranger.status_code == 303 and stranger.headers["location"].startswith("/sign-in?return=%2Fdashboard")
    assert httpx.URL(stranger.headers["location"]).params["return"] == path
    r = signed_in.get(path)
    assert r.status_code == 200 and r.headers["content-type"] == "text/html; charset=utf-8" and '<div id="root">' in r.text
    assert r.headers["content-security-policy"] == POLICY and "unsafe" not in r.headers["content-security-policy"]
    assert r.headers["x-frame-options"] == "DENY" and r.headers["cache-control"] == "no-cache" and r.headers["vary"] == "Accept-Encoding"
    assert OWNER["email"] not in r.text
    again = signed_in.get(path, headers={"If-None-Match": r.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


def test_files_go_out_compressed_and_may_be_kept_for_ever(signed_in):
    names = re.findall(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"', signed_in.get("/dashboard").text)
    assert len(names) >= 2
    for name in names:
        assert re.search(r"-[\w-]{8}\.(js|css)$", name), f"{name} has no hash in its name"
        seen = {}
        for asked, coding in (("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", "gzip")):
            with signed_in.stream("GET", name, headers={"Accept-Encoding": asked}) as r:
                raw = b"".join(r.iter_raw())
                assert r.status_code == 200 and r.headers["content-encoding"] == coding, (name, asked)
                assert r.headers["cache-control"] == "public, max-age=31536000, immutable" and r.headers["x-content-type-options"] == "nosniff"
                seen.setdefault(coding, (raw, r.headers["etag"]))
                assert seen[coding][0] == raw
        assert len(gzip.decompress(seen["gzip"][0])) > len(seen["gzip"][0]) > len(seen["br"][0]) and seen["br"][1] != seen["gzip"][1]


def test_the_page_itself_is_no_asset_and_unknown_files_are_not_there(signed_in):
    for name in ("index.html", "index.html.gz", "index-00000000.js", "..%2findex.html"):
        assert signed_in.get(f"/assets/{name}").status_code == 404, name
