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
        yield eng
        eng.owner.http.close()


def switch_on(who):
    begun = who.call("POST", "/tb/v1/totp", {"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    assert f"secret={secret}&" in begun.json()["otpauth_url"]
    who.proof = totp(secret, -1)
    on = who.call("PUT", "/tb/v1/totp", {"code": who.proof})
    assert on.status_code == 200, on.text
    return secret, on.json()["recovery_codes"]


def enter(house, **more):
    p = Person(house)
    return p, p.http.post("/tb/v1/sessions", json={"email": "owner@example.com", "password": PASSWORD, **more}, headers={"Origin": house.url})


def test_a_code_is_asked_for_and_passes_once(house):
    assert house.owner.call("POST", "/tb/v1/totp", {"password": "not this one"}).json()["field_errors"][0]["field"] == "password"
    assert house.owner.call("PUT", "/tb/v1/totp", {"code": "123456"}).status_code == 409  # not begun
    secret, codes = switch_on(house.owner)
    assert len(set(codes)) == 10 and house.owner.call("GET", "/tb/v1/totp").json() == {"enabled": True, "pending": False, "recovery_codes_left": 10}
    assert house.owner.call("POST", "/tb/v1/totp", {"password": PASSWORD}).status_code == 409
    assert enter(house)[1].json()["name"] == "second_factor_required"
    assert enter(house, code=house.owner.proof)[1].status_code == 401  # the one that switched it on
    code = totp(secret)
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
