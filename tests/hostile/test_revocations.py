# SPDX-License-Identifier: Apache-2.0
"""What lives on at the provider after something was ended here: by the stand-in's own book nothing may that nobody holds, and what
somebody holds must."""

import pytest
from hostile import Attempt, instance, stored
from test_contract import error
from vendor import PATHS, Vendor, slack
from world import Engine


@pytest.fixture(scope="module")
def vendor():
    with Vendor() as v:
        yield v


@pytest.fixture(scope="module")
def engine(binary, vendor, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("engine"), config=vendor.config()) as eng:
        for kind in PATHS:
            instance(eng, f"my-{kind}", kind)
        yield eng


@pytest.fixture()
def attempt(engine):
    made = []

    def make(kind, user, scopes=("read",)):
        made.append(Attempt(engine, f"my-{kind}", user, scopes))
        return made[-1]
    yield make
    for a in made:
        a.close()


def disconnect(a):
    item = a.api.get("/v1/admin/user_connections", params={"user_id": a.user}).json()["items"][0]
    r = a.api.delete(f"/v1/admin/user_connections/{item['id']}")
    assert r.status_code == 204
    return r.headers["tokenbooth-revocation"]


def queued(engine):
    return stored(engine, "SELECT count(*) FROM revocations")[0]


def ends(a, step="revoke"):
    return [(e["outcome"], e["reason"]) for e in a.events(step)]


@pytest.mark.parametrize("kind", PATHS)
def test_a_disconnect_long_after_leaves_no_refresh_token_alive(vendor, attempt, kind):
    """These three revoke by the access token, and that is over a few hours after its last use."""
    a = attempt(kind, f"late-{kind}@example.com")
    a.connect()
    assert vendor.pairs
    vendor.over()
    assert disconnect(a) == "done" and vendor.pairs == {}, vendor.pairs
    assert [o for o, _ in ends(a, "refresh")] == ["ok"] and [o for o, _ in ends(a)] == ["ok"]


@pytest.mark.parametrize("kind", PATHS)
def test_a_disconnect_after_the_user_had_removed_the_app(vendor, attempt, kind):
    a = attempt(kind, f"removed-{kind}@example.com")
    a.connect()
    vendor.pairs.clear()
    assert disconnect(a) == "done" and [o for o, _ in ends(a)] == ["ok"]


def test_two_tabs_of_one_link_where_each_consent_gives_the_same_token(engine, vendor, attempt):
    vendor.codes = {"tab": slack(access_token="xoxp-tabs", token_type="user")}
    a = attempt("slack", "tabs@example.com")
    first, second = a.back(code="tab"), a.back(code="tab")
    assert second.status_code == 303
    before = queued(engine)
    a.confirm(first)
    assert a.authorize().json()["context"]["token"] == "xoxp-tabs"
    assert queued(engine) == before and ends(a) == [("ignored", "not_revoked_token_in_use")]
    assert disconnect(a) == "done" and vendor.revoked[-1] == "xoxp-tabs"


def test_two_users_with_one_account_at_the_provider(vendor, attempt):
    vendor.codes = {"both": slack(access_token="xoxp-both", token_type="user")}
    work, home = attempt("slack", "work@example.com"), attempt("slack", "home@example.com")
    work.connect("both")
    home.connect("both")
    asked = len(vendor.revoked)
    assert disconnect(work) == "kept" and len(vendor.revoked) == asked
    assert ends(work) == [("ignored", "not_revoked_token_in_use")]
    assert home.authorize().json()["context"]["token"] == "xoxp-both"
    assert disconnect(home) == "done" and vendor.revoked[asked:] == ["xoxp-both"]


def test_slack_counts_the_scopes_of_the_token_it_hands_out(vendor, attempt):
    """One answer with the user's token and the bot's: the user's is kept, and what the bot may do is not said to be granted."""
    bot = {"access_token": "xoxb-1", "token_type": "bot", "scope": "chat:write", "bot_user_id": "B1"}
    vendor.codes = {"two": slack("search:read", access_token="xoxp-two", token_type="user", top=bot), "bot": slack("", top=bot)}
    a = attempt("slack", "two@example.com", ("search:read",))
    a.connect("two")
    assert a.authorize().json()["context"]["token"] == "xoxp-two"
    a.scopes = ["bot:chat:write"]  # a consent would be for both tokens, and give the user's again
    said = error(a.authorize(), 400, "malformed_request")["message"]
    assert "search:read" in said and "bot:chat:write" in said and "second provider" in said
    assert disconnect(a) == "done" and a.authorize().json()["status"] == "pending"
    only = attempt("slack", "bot@example.com", ("bot:chat:write",))
    only.connect("bot")
    assert only.authorize().json()["context"]["token"] == "xoxb-1"


def test_scopes_of_two_tokens_are_refused_before_anybody_is_sent_to_consent(attempt, engine):
    """One token is kept of an answer, so a request for the scopes of two would never be completed, however often its link is opened."""
    a = attempt("slack", "groups@example.com", ("bot:chat:write",))
    a.scopes = ["search:read", "channels:read", "bot:chat:write"]
    told = error(a.authorize(), 400, "malformed_request")
    assert [f["field"] for f in told["field_errors"]] == ["auth_requirement.oauth2.scopes"]
    assert "search:read" in told["message"] and "bot:chat:write" in told["message"] and "two providers" in told["message"]
    a.scopes = ["bot:chat:write", "bot:users:read"]
    assert a.authorize().json()["status"] == "pending"
    a.scopes = ["search:read", "channels:read"]
    assert a.authorize().json()["status"] == "pending"
