# SPDX-License-Identifier: Apache-2.0
"""A hostile token endpoint: each row is something a peer does, to the code and to the refresh token, and where it applies to the call
for the user's identity and to the revocation.  Always: a typed reason with cause and fix on the timeline, the link works again, the
grant is not lost, and nothing is served that is not a token."""
import datetime
import gzip
import json
import threading
import time

import pytest

from hostile import SECRET, Attempt, at_once, definition, instance, result
from peer import Peer, answer, drip, flood, form, hang, head, raw, reset
from world import BOUND, Engine, figure, until

DOWN, BAD, RATE, REFUSED, CONFIG = "provider_unavailable", "bad_answer", "rate_limited", "exchange_refused", "provider_misconfigured"
GOOD = {"access_token": "good-token", "token_type": "Bearer", "scope": "read"}
OPEN = b'{"access_token":"half-a-tok'
HUGE = 100 << 20
CLOSED = "peer|partial file|returned nothing"


def token(**fields):
    return answer(200, {**GOOD, "access_token": "hostile-token", **fields})


def body(text, content_type="application/json", **more):
    return answer(200, text, content_type, **more)


def to_elsewhere(status):
    return lambda peer: answer(status, "", Location=f"{peer.url}/elsewhere")


def endless_headers(c, _):
    c.sendall(b"HTTP/1.1 200 OK\r\n")
    for i in range(200000):
        c.sendall(b"X-Filler-%d: %s\r\n" % (i, b"y" * 200))
    return False


# what the peer does; reason for a code, reason for a refresh token (None: it is no failure), word in the step's data
BROKEN = [
    ("500", lambda p: answer(500, "oops", "text/plain"), DOWN, DOWN, "500"),
    ("500 that says invalid_grant", lambda p: answer(500, {"error": "invalid_grant"}), DOWN, DOWN, "500"),
    ("502 html", lambda p: answer(502, "<html>Bad Gateway</html>", "text/html"), DOWN, DOWN, "502"),
    ("503", lambda p: answer(503, "", None, Retry_After="1"), DOWN, DOWN, "503"),
    ("408", lambda p: answer(408, "", None), DOWN, DOWN, "408"),
    ("429", lambda p: answer(429, {"error": "slow"}, Retry_After="1"), RATE, RATE, "429"),
    ("403 html", lambda p: answer(403, "<html>blocked</html>", "text/html"), BAD, BAD, "403"),
    ("404", lambda p: answer(404, "", None), BAD, BAD, "404"),
    ("timeout", lambda p: hang(p), DOWN, DOWN, "imeout"),
    ("timeout in the body", lambda p: hang(p, head(length=100) + OPEN), DOWN, DOWN, "imeout"),
    ("slow drip of the head", lambda p: drip(p, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), DOWN, DOWN, "imeout"),
    ("slow drip of the body", lambda p: drip(p, b"\r\n".join([head(length=200)[:-2], OPEN + b"x" * 100])), DOWN, DOWN, "imeout"),
    ("closed before the headers", lambda p: raw(), DOWN, DOWN, CLOSED),
    ("closed in the headers", lambda p: raw(b"HTTP/1.1 200 OK\r\nContent-Ty"), BAD, BAD, "0 bytes"),
    ("torn before the headers", lambda p: reset(), DOWN, DOWN, CLOSED),
    ("closed in the body", lambda p: raw(head(length=100) + OPEN), DOWN, DOWN, CLOSED),
    ("torn in the body", lambda p: reset(head(length=100) + OPEN), DOWN, DOWN, CLOSED),
    ("closed in a chunk", lambda p: raw(head(Transfer_Encoding="chunked") + b"40\r\n" + OPEN), DOWN, DOWN, CLOSED),
    ("closed between chunks", lambda p: raw(head(Transfer_Encoding="chunked") + b"1b\r\n" + OPEN + b"\r\n"), DOWN, DOWN, CLOSED),
    ("chunk without a number", lambda p: raw(head(Transfer_Encoding="chunked") + b"zz\r\n" + OPEN), DOWN, DOWN, "detail"),
    ("no HTTP at all", lambda p: raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"), DOWN, DOWN, "detail"),
    ("endless headers", lambda p: endless_headers, DOWN, DOWN, "detail"),
    ("100 MB", lambda p: flood(HUGE), BAD, BAD, "too large"),
    ("100 MB in chunks", lambda p: flood(HUGE, chunked=True), BAD, BAD, "too large"),
    ("gzip bomb", lambda p: body(gzip.compress(b"{" + b" " * (20 << 20)), Content_Encoding="gzip"), BAD, BAD, "not well formed"),
    ("html with 200", lambda p: body("<!doctype html><title>Sign in</title>", "text/html"), BAD, BAD, "text/html"),
    ("empty with 200", lambda p: body(""), BAD, BAD, "0 bytes"),
    ("204", lambda p: raw(b"HTTP/1.1 204 No Content\r\n\r\n"), BAD, BAD, "204"),
    ("half a JSON", lambda p: body('{"access_token":"hostile-token"'), BAD, BAD, "not well formed"),
    ("a list", lambda p: body("[1]"), BAD, BAD, "not well formed"),
    ("a number", lambda p: body("7"), BAD, BAD, "not well formed"),
    ("null", lambda p: body("null"), BAD, BAD, "not well formed"),
    ("NaN", lambda p: body('{"access_token":"hostile-token","expires_in":NaN}'), BAD, BAD, "not well formed"),
    ("two JSONs", lambda p: body(json.dumps(GOOD) * 2), BAD, BAD, "not well formed"),
    ("invalid UTF-8", lambda p: body(b'{"access_token":"hostile-token","x":"\xff\xfe"}'), BAD, BAD, "not well formed"),
    ("overlong UTF-8", lambda p: body(b'{"access_token":"hostile-token","x":"\xc0\xaf"}'), BAD, BAD, "not well formed"),
    ("UTF-16", lambda p: body(json.dumps(GOOD).encode("utf-16")), BAD, BAD, "bytes"),
    ("duplicate keys", lambda p: body('{"access_token":"hostile-token","access_token":"other","token_type":"Bearer"}'), BAD, BAD, "not well formed"),
    ("duplicate keys in a form", lambda p: body("access_token=hostile-token&access_token=b&token_type=bearer", "application/x-www-form-urlencoded"), BAD, BAD, "not well formed"),
    ("deep nesting", lambda p: body('{"access_token":"hostile-token","x":' + "[" * 100000 + "]" * 100000 + "}"), BAD, BAD, "not well formed"),
    ("no access token", lambda p: body('{"token_type":"Bearer","expires_in":3600}'), BAD, BAD, "no access token"),
    ("empty token", lambda p: token(access_token=""), BAD, BAD, "no access token"),
    *[(f"access token is {json.dumps(v)}", (lambda v: lambda p: token(access_token=v))(v), BAD, BAD, "no access token") for v in (7, 1.5, True, None, [], ["a"], {})],
    ("access token with a line break", lambda p: token(access_token="a\r\nX-Evil: 1"), BAD, BAD, "not one that can be sent"),
    ("access token with a NUL", lambda p: body('{"access_token":"a\\u0000b","token_type":"Bearer"}'), BAD, BAD, ""),
    ("access token of a megabyte", lambda p: token(access_token="a" * 900_000), BAD, BAD, "not one that can be sent"),
    ("refresh token with a line break", lambda p: token(refresh_token="a\nb"), BAD, BAD, "not one that can be sent"),
    *[(f"token_type {json.dumps(v)}", (lambda v: lambda p: token(token_type=v))(v), BAD, BAD, "token_type is not bearer") for v in ("mac", "DPoP", "N_A", 7, ["Bearer"], {})],
    ("ok: false with 200", lambda p: body({"ok": False, "error": "exploded"}), REFUSED, BAD, "exploded"),
    ("server_error with 200", lambda p: body('{"error":"server_error"}'), DOWN, DOWN, "server_error"),
    *[(f"redirect {s}", to_elsewhere(s), BAD, BAD, str(s)) for s in (301, 302, 303, 307, 308)],
]
# what is odd and yet an answer: how long the token then counts, in seconds (None: no end is known)
ODD = [
    ("form-encoded", lambda p: form(**GOOD, expires_in=3600), 3600),
    ("form-encoded under a wrong type", lambda p: answer(200, "access_token=form-token&token_type=bearer&expires_in=3600", "text/plain"), 3600),
    ("expiry missing", lambda p: token(), None),
    ("expiry null", lambda p: token(expires_in=None), None),
    ("expiry 0", lambda p: token(expires_in=0), None),
    ("expiry -1", lambda p: token(expires_in=-1), None),
    ("expiry -5", lambda p: token(expires_in=-5), None),
    ("expiry as text", lambda p: token(expires_in="3600"), 3600),
    ("expiry as text with a fraction", lambda p: token(expires_in="3599.9"), 3600),
    ("expiry in words", lambda p: token(expires_in="soon"), None),
    ("expiry a list", lambda p: token(expires_in=[3600]), None),
    ("expiry a map", lambda p: token(expires_in={"s": 3600}), None),
    ("expiry true", lambda p: token(expires_in=True), None),
    ("expiry 1e300", lambda p: body('{"access_token":"odd-token","token_type":"Bearer","expires_in":1e300}'), None),
    ("expiry -1e300", lambda p: body('{"access_token":"odd-token","token_type":"Bearer","expires_in":-1e300}'), None),
    ("expiry 10^18", lambda p: token(expires_in=10**18), None),
    ("expiry -10^18", lambda p: token(expires_in=-10**18), None),
    ("expiry 10^30", lambda p: token(expires_in=10**30), None),
    ("an id past 64 bits", lambda p: token(refresh_token="odd-refresh", id=2**64 + 1), None),
    ("half a surrogate pair, and U+0000", lambda p: body(r'{"access_token":"odd-token","refresh_token":"odd-refresh","token_type":"Bearer","name":"cut \ud83d","x":"a\u0000b"}'), None),
    ("scope a number", lambda p: token(scope=7), None),
    ("scope a map", lambda p: token(scope={"a": 1}), None),
    ("refresh token a number", lambda p: token(refresh_token=7), None),
    ("token_type missing", lambda p: answer(200, {"access_token": "odd-token"}), None),
    ("token_type empty", lambda p: token(token_type=""), None),
    ("token_type null", lambda p: token(token_type=None), None),
    ("token_type BEARER", lambda p: token(token_type="BEARER"), None),
    ("many members", lambda p: token(**{f"member-{i}": i for i in range(2000)}), None),
]
SIDE = ["500", "closed in the body", "timeout", "html with 200", "100 MB", "half a JSON", "a list", "invalid UTF-8", "redirect 307", "deep nesting"]
SAYS_YES = ["html with 200", "half a JSON", "a list", "invalid UTF-8", "deep nesting"]
BEHAVIOUR = {r[0]: r[1] for r in BROKEN} | {r[0]: r[1] for r in ODD}
PHASES = [("code", r[0]) for r in BROKEN] + [("refresh", r[0]) for r in BROKEN] + [("odd", r[0]) for r in ODD] + \
    [(side, name) for side in ("identity", "revoke") for name in SIDE]
EXPECT = {r[0]: r[2:] for r in BROKEN}


class Row:
    """One row in one phase: its own definition, instance, addresses at the peer, and user."""

    def __init__(self, peer, number, phase, name):
        self.peer, self.phase, self.name = peer, phase, name
        self.id = f"row-{number}"
        self.base = f"/{number}"
        self.hostile = BEHAVIOUR[name](peer)
        self.bad = False
        self.given = 0
        peer.rules[self.base + "/token"] = self.token
        peer.rules[self.base + "/user"] = self.side("identity", answer(200, {"id": "u1", "name": "U"}))
        peer.rules[self.base + "/revoke"] = self.side("revoke", answer(200, {}))

    def definition(self):
        at = self.peer.url + self.base
        more = {"user_info": {"url": f"{at}/user"}, "identity": [{"from": "user_info", "id": "{{user.id}}"}]} if self.phase == "identity" else {}
        return definition(self.peer, self.base, revoke={"url": f"{at}/revoke", "ends": "token"}, **more)

    def token(self, c, request):
        if self.bad and self.phase in ("code", "refresh", "odd"):
            return self.hostile(c, request)
        self.given += 1
        life = 4 if self.phase == "refresh" and "refresh_token" not in request.form else 3600
        n = f"{self.given}-of-{self.id}" if self.phase == "revoke" else self.given  # a token that another connection holds is not revoked
        return answer(200, {**GOOD, "access_token": f"good-{n}", "refresh_token": f"refresh-{n}", "expires_in": life})(c, request)

    def side(self, phase, good):
        def run(c, request):
            return (self.hostile if self.bad and self.phase == phase else good)(c, request)
        return run


def told(event, reason, word):
    """The step's own words, as an operator reads them."""
    assert event["reason"] == reason, event
    assert len(event["cause"]) > 20 and len(event["fix"]) > 20, event
    assert any(w.lower() in json.dumps(event["data"]).lower() for w in word.split("|")), (word, event)
    assert SECRET not in json.dumps(event) and "hostile-token" not in json.dumps(event["data"]), event


def code_phase(engine, row):
    a = Attempt(engine, row.id, f"{row.id}@example.com")
    row.bad = True
    page = a.back(code="a-code")
    event = next(e for e in a.events("code_exchange") if e["outcome"] == "failed")
    shown, served = a.shown(), a.authorize().json()
    row.bad = False
    a.connect()
    return dict(event=event, page=page, shown=shown, served=served, after=a.authorize().json(), link=a.link)


def refresh_phase(engine, row):
    a = Attempt(engine, row.id, f"{row.id}@example.com")
    a.connect()
    row.bad = True
    event = a.first("refresh", ("failed", "refused", "unknown"))
    row.bad = False
    seen = []

    def fresh():
        r = a.authorize()
        seen.append(r.json())
        token = (r.json().get("context") or {}).get("token")
        return token if token and token != "good-1" else None
    return dict(event=event, token=until(f"{row.id} {row.name} to be refreshed after all", fresh, BOUND * 2), seen=seen, shown=a.shown())


def odd_phase(engine, row):
    a = Attempt(engine, row.id, f"{row.id}@example.com")
    row.bad = True
    a.connect()
    seen = a.authorize().json()
    with engine.client() as api:
        connection = api.get("/v1/admin/user_connections", params={"provider_id": row.id}).json()["items"][0]
        ended = api.delete(f"/v1/admin/user_connections/{connection['id']}").status_code
    return dict(seen=seen, connection=connection, now=time.time(), ended=ended)


def identity_phase(engine, row):
    a = Attempt(engine, row.id, f"{row.id}@example.com")
    row.bad = True
    a.connect()
    return dict(event=a.events("user_info")[0], seen=a.authorize().json())


def revoke_phase(engine, row):
    """RFC 7009 section 2.2: a 200 is a yes, whatever its body says; all else is tried again."""
    a = Attempt(engine, row.id, f"{row.id}@example.com")
    a.connect()
    row.bad = True
    with engine.client() as api:
        connection = api.get("/v1/admin/user_connections", params={"provider_id": row.id}).json()["items"][0]
        r = api.delete(f"/v1/admin/user_connections/{connection['id']}")
    event = until(f"{row.id} revocation told", lambda: next((e for e in a.events("revoke") if "result" in e["data"]), None))
    return dict(answer=r, event=event, seen=a.authorize().json())


DRIVE = {"code": code_phase, "refresh": refresh_phase, "odd": odd_phase, "identity": identity_phase, "revoke": revoke_phase}


def rss_kb(pid):
    return int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")).split()[1])


@pytest.fixture(scope="module")
def driven(binary, tmp_path_factory):
    """Every row, side by side; meanwhile somebody else goes on asking, and the memory is watched."""
    with Peer() as peer:
        rows = [Row(peer, i, *p) for i, p in enumerate(PHASES)]
        kinds = {r.id: r.definition() for r in rows}
        kinds["calm"] = definition(peer, "/calm")
        peer.rules["/calm/token"] = answer(200, {**GOOD, "access_token": "calm-token", "expires_in": 3600, "refresh_token": "calm"})
        with Engine(binary, tmp_path_factory.mktemp("engine"), config=f"provider_definitions: {json.dumps(kinds)}\n") as engine:
            for r in rows:
                instance(engine, r.id, r.id)
            instance(engine, "calm", "calm")
            calm = Attempt(engine, "calm", "calm@example.com")
            calm.connect()
            before, over, odd, most = rss_kb(engine.p.pid), threading.Event(), [], [0]

            def watch():
                while not over.wait(0.05):
                    r = calm.authorize()
                    if r.status_code != 200 or r.json()["context"]["token"] != "calm-token":
                        odd.append(r.text)
                    most[0] = max(most[0], rss_kb(engine.p.pid))
            watcher = threading.Thread(target=watch)
            watcher.start()
            out = at_once(lambda item: DRIVE[item[1].phase](engine, item[1]), [((r.phase, r.name), r) for r in rows], 40)
            over.set()
            watcher.join()
            yield dict(rows=out, calm=odd, before=before, most=most[0], peer=peer, log=engine.log())


@pytest.mark.parametrize("name", [r[0] for r in BROKEN])
def test_a_code_that_is_answered_so_ends_the_attempt_and_the_link_works_again(driven, name):
    got = result(driven["rows"], ("code", name))
    told(got["event"], EXPECT[name][0], EXPECT[name][2])
    assert got["page"].status_code == 400 and got["link"] in got["page"].text, "no way to try again"
    assert got["shown"]["status"] == "pending" and got["shown"]["reason"] is None
    assert got["served"]["status"] == "pending" and got["served"]["url"] == got["link"] and not (got["served"].get("context") or {}).get("token")
    assert got["after"]["status"] == "completed" and got["after"]["context"]["token"] == "good-1"


@pytest.mark.parametrize("name", [r[0] for r in BROKEN])
def test_a_refresh_that_is_answered_so_loses_no_grant(driven, name):
    got = result(driven["rows"], ("refresh", name))
    told(got["event"], EXPECT[name][1], EXPECT[name][2])
    assert got["token"] == "good-2", got["token"]
    for seen in got["seen"]:  # the old token while it lives, then 503, then the new one; never anything else
        assert (seen.get("context") or {}).get("token") in (None, "good-1", "good-2"), seen
        assert seen.get("status", "completed") == "completed", seen
    assert got["shown"]["status"] == "completed"


@pytest.mark.parametrize("name", [r[0] for r in ODD])
def test_an_odd_answer_is_taken_for_what_it_says_and_no_more(driven, name):
    got = result(driven["rows"], ("odd", name))
    assert got["seen"]["status"] == "completed" and got["seen"]["context"]["token"] in ("hostile-token", "good-token", "form-token", "odd-token"), got["seen"]
    assert got["ended"] == 204, "what was sealed of the answer is read again"
    life = next(r[2] for r in ODD if r[0] == name)
    ends = got["connection"]["expires_at"]
    if life is None:
        assert ends is None, ends
    else:
        at = datetime.datetime.fromisoformat(ends).timestamp()
        assert life - 200 < at - got["now"] <= life + 5, (ends, got["now"])


@pytest.mark.parametrize("name", SIDE)
def test_an_identity_that_cannot_be_had_loses_no_grant_and_says_why(driven, name):
    got = result(driven["rows"], ("identity", name))
    assert got["event"]["outcome"] == "failed"
    told(got["event"], EXPECT[name][0], EXPECT[name][2] if EXPECT[name][2] != "not well formed" else "json")
    assert got["seen"]["status"] == "completed" and got["seen"]["context"]["token"] == "good-1"


@pytest.mark.parametrize("name", SIDE)
def test_a_revocation_that_is_answered_so_is_tried_again_and_says_why(driven, name):
    got = result(driven["rows"], ("revoke", name))
    said = got["answer"].headers["tokenbooth-revocation"]
    if name in SAYS_YES:
        assert said == "done" and got["event"]["outcome"] == "ok", (said, got["event"])
    else:
        assert said == "queued" and got["event"]["outcome"] == "failed", (said, got["event"])
        told(got["event"], EXPECT[name][0], EXPECT[name][2])
    assert got["answer"].status_code == 204
    assert got["seen"]["status"] == "pending", "disconnected is disconnected, whatever the provider says"


def test_nobody_else_waits_and_the_memory_stays_bounded(driven):
    assert driven["calm"] == [], driven["calm"][:3]
    figure("hostile peers: RSS before, most (kB)", (driven["before"], driven["most"]))
    assert driven["most"] < driven["before"] + 160 * 1024, (driven["before"], driven["most"])


def test_no_redirect_is_followed_and_no_compression_asked_for(driven):
    peer = driven["peer"]
    assert peer.asked("/elsewhere") == []
    assert not any("accept-encoding" in r.headers for r in peer.calls)
    assert SECRET not in driven["log"] and "hostile-token" not in driven["log"] and "good-1" not in driven["log"]
