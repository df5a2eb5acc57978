# SPDX-License-Identifier: Apache-2.0
"""The second factor, with codes that another implementation of RFC 6238 makes: each passes once, and guessing is slow."""
import base64
import hashlib
import hmac
import struct
import time

import pytest

from people import PASSWORD, Person
from world import Engine


def totp(secret, ahead=0):
    step = int(time.time()) // 30 + ahead
    mac = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


@pytest.fixture()
def house(binary, tmp_path):
    with Engine(binary, tmp_path, verifier=None) as eng:
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@example.com")
        r = eng.owner.http.post("/tb/v1/sessions", json={"email": "owner@example.com", "password": PASSWORD}, headers={"Origin": eng.url})
        jar = next(c for c in eng.owner.http.cookies.jar if "_device" in c.name)
        assert r.status_code == 201 and "HttpOnly" in str(r.headers.get_list("set-cookie"))
        eng.known = jar.value
        eng.owner.http.cookies.jar.clear(jar.domain, jar.path, jar.name)
        yield eng
        eng.owner.http.close()


def switch_on(who):
    begun = who.call("POST", "/tb/v1/totp", {"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    assert f"secret={secret}&" in begun.json()["otpauth_url"]
    who.proof = totp(secret)  # good for the whole step after it, however slow the next call is
    on = who.call("PUT", "/tb/v1/totp", {"code": who.proof})
    assert on.status_code == 200, on.text
    return secret, on.json()["recovery_codes"]


def enter(house, **more):
    p = Person(house)
    return p, p.http.post("/tb/v1/sessions", json={"email": "owner@example.com", "password": PASSWORD, **more}, headers={"Origin": house.url})


def test_ones_own_is_not_switched_off_without_a_code(house):
    """A session left open: the administrators' route, which asks for no code, is for other people's."""
    secret, codes = switch_on(house.owner)
    me = house.owner.call("GET", "/tb/v1/sessions/current").json()["account_id"]
    assert house.owner.call("POST", "/tb/v1/accounts", {"email": "other@example.com", "password": PASSWORD, "role": "owner"}).status_code == 201
    for path in (f"/tb/v1/accounts/{me}/totp", f"/tb/v1/orgs/default/projects/default/accounts/{me}/totp"):
        r = house.owner.call("DELETE", path)
        assert r.status_code == 403 and "DELETE /tb/v1/totp" in r.json()["message"], r.text
    assert enter(house)[1].json()["name"] == "second_factor_required"
    p, r = enter(house, code=codes[0])
    assert r.status_code == 201
    other = Person(house)
    assert other.sign_in("other@example.com").status_code == 303
    assert other.call("DELETE", f"/tb/v1/accounts/{me}/totp").status_code == 204  # somebody else's is an administrator's to end
    assert enter(house)[1].status_code == 201
    for q in (p, other):
        q.http.close()


def test_a_code_is_asked_for_and_passes_once(house):
    assert house.owner.call("POST", "/tb/v1/totp", {"password": "not this one"}).json()["field_errors"][0]["field"] == "password"
    assert house.owner.call("PUT", "/tb/v1/totp", {"code": "123456"}).status_code == 409  # not begun
    secret, codes = switch_on(house.owner)
    assert len(set(codes)) == 10 and house.owner.call("GET", "/tb/v1/totp").json() == {"enabled": True, "pending": False, "recovery_codes_left": 10}
    assert house.owner.call("POST", "/tb/v1/totp", {"password": PASSWORD}).status_code == 409
    assert enter(house)[1].json()["name"] == "second_factor_required"
    assert enter(house, code=house.owner.proof)[1].status_code == 401  # the one that switched it on
    code = totp(secret, 1)  # of a step after the one that switched it on
    assert enter(house, code=code)[1].status_code == 201
    late = enter(house, code=code)[1]
    assert late.status_code == 401 and "used already" in late.json()["message"]
    assert enter(house, code=codes[0])[1].status_code == 201 and enter(house, code=codes[0])[1].status_code == 401
    assert house.owner.call("GET", "/tb/v1/totp").json()["recovery_codes_left"] == 9


def test_the_page_asks_for_the_code(house):
    _, codes = switch_on(house.owner)
    p = Person(house)
    r = p.sign_in("owner@example.com")
    assert r.status_code == 401 and 'name="code"' in r.text and PASSWORD not in r.text and "session" not in str(r.headers.get_list("set-cookie"))
    assert p.send(r, "/sign-in", email="owner@example.com", password=PASSWORD, code="000000").status_code == 401
    assert p.send(r, "/sign-in", email="owner@example.com", password=PASSWORD, code=codes[1]).status_code == 303
    assert p.call("GET", "/tb/v1/sessions/current").status_code == 200


def test_guessing_codes_is_slow_and_the_right_password_is_no_oracle_for_more(house):
    switch_on(house.owner)
    said = [enter(house, code="%06d" % i)[1].status_code for i in range(12)]
    assert said.count(401) <= 5 and set(said) == {401, 429}
    wrong = Person(house).http.post("/tb/v1/sessions", json={"email": "owner@example.com", "password": "wrong password"}, headers={"Origin": house.url})
    assert wrong.status_code in (401, 429) and wrong.json()["name"] != "second_factor_required"


def test_strangers_shut_nobody_out_who_was_here_before(house):
    """Whoever knows the email, and even the password, spends budgets; the owner's own browser has one that they cannot reach."""
    secret, codes = switch_on(house.owner)
    assert house.owner.call("DELETE", "/tb/v1/sessions").status_code == 204
    said = [enter(house, code="%06d" % i)[1].status_code for i in range(12)]
    assert said[-1] == 429  # his codes, by somebody who has his password
    words = {"email": "owner@example.com", "password": PASSWORD}
    assert Person(house).http.post("/tb/v1/sessions", json={**words, "code": codes[0]}, headers={"Origin": house.url}).status_code == 429  # a browser that nobody knows
    owner = house.owner  # the browser that set the engine up has not signed in with the password: one that has
    for known in (False, True):
        r = owner.http.post("/tb/v1/sessions", json={**words, "code": codes[1]}, headers={"Origin": house.url})
        assert r.status_code == (201 if known else 429), r.text
        if not known:
            assert house.cli("user", "add", "other@example.com", "--password-file", "-", stdin=PASSWORD + "\n").returncode == 0
            other = Person(house)
            assert other.http.post("/tb/v1/sessions", json={**words, "email": "other@example.com"}, headers={"Origin": house.url}).status_code == 201
            jar = next(c for c in other.http.cookies.jar if "_device" in c.name)
            owner.http.cookies.set(jar.name, jar.value, domain="127.0.0.1")  # another account's is of no use
            assert owner.http.post("/tb/v1/sessions", json={**words, "code": codes[2]}, headers={"Origin": house.url}).status_code == 429
            owner.http.cookies.set(jar.name, house.known, domain="127.0.0.1")


def test_it_is_switched_off_with_a_code_or_by_somebody_in_charge(house):
    owner = house.owner
    _, codes = switch_on(owner)
    new = owner.call("POST", "/tb/v1/totp/recovery_codes", {"code": codes[0]}).json()["recovery_codes"]
    assert not set(new) & set(codes) and owner.call("DELETE", "/tb/v1/totp", {"code": codes[1]}).status_code == 400
    assert owner.call("DELETE", "/tb/v1/totp", {"code": new[0]}).status_code == 204
    assert enter(house)[1].status_code == 201
    made = owner.call("POST", "/tb/v1/accounts", {"email": "admin@example.com", "password": PASSWORD, "role": "admin"}).json()
    admin = Person(house)
    admin.sign_in("admin@example.com")
    switch_on(admin)
    me = owner.call("GET", "/tb/v1/sessions/current").json()["account_id"]
    switch_on(owner)
    assert admin.call("DELETE", f"/tb/v1/accounts/{me}/totp").status_code == 403  # above him
    assert owner.call("DELETE", f"/tb/v1/accounts/{made['id']}/totp").status_code == 204
    assert Person(house).sign_in("admin@example.com").status_code == 303
