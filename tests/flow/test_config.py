# SPDX-License-Identifier: Apache-2.0
"""engine.yaml and where its values come from: environment, files, .env; what is wrong is refused by file, line and key; TLS."""
import os
import re
import ssl
import subprocess

import httpx
import pytest
from world import BOUND, Engine, certificate

SIGN_IN = "sign_in:\n  oidc:\n    - {id: acme, issuer: 'https://issuer.example', client_id: us, client_secret: hush-hush-secret%s}\n"
PROVIDER = "auth:\n  providers:\n    - {id: from-file, provider_id: github, client_id: '%s', client_secret: hush-hush-secret}\n"


def serve(binary, yaml, cwd, *argv, env=None):
    """A start that is expected to be refused."""
    (cwd / "engine.yaml").write_text(yaml)
    return subprocess.run([binary, "serve", "--config", "engine.yaml", "--data", str(cwd / "data"), "--listen", "127.0.0.1:0", *map(str, argv)],
                          capture_output=True, text=True, timeout=BOUND, cwd=cwd, stdin=subprocess.DEVNULL,
                          env={**os.environ, "HOME": str(cwd), "TOKENBOOTH_DATA": "", **(env or {})})


def client_id(engine):
    with engine.client() as c:
        return c.get("/v1/admin/auth_providers/from-file").json()["oauth2"]["client_id"]


@pytest.mark.parametrize("yaml,says", [
    ("limits:\n  pool: 999\n", "engine.yaml:2: limits.pool: must be a whole number from 1 to 256"),
    ("api:\n  development: maybe\n", "engine.yaml:2: api.development: must be true or false"),
    ("api: []\n", "engine.yaml:1: api: must be a map"),
    ("api: [\n", "engine.yaml:2: "),
    ("api: {port: 1}\napi: {port: 2}\n", "engine.yaml:2: a key stands twice"),
    ("verifier:\n  url: ${env:NOBODY_SET_THIS}\n", "engine.yaml:2: verifier.url: variable NOBODY_SET_THIS is not set"),
    ("verifier:\n  url: 'javascript:alert(1)'\n", "verifier.url: must be an absolute http(s) URL"),
    ("verifier:\n  url: ${file:no-such-file}\n", "no-such-file"),
    (PROVIDER % "${env:NOBODY_SET_THIS}", "client_id: variable NOBODY_SET_THIS is not set"),
    (PROVIDER % "${file:no-such-file}", "no-such-file"),
    ("storage:\n  postgres: {data_path: x}\n", "engine.yaml:2: storage.postgres: PostgreSQL is not supported"),
    ("network:\n  connect_to: ['a:b']\n", "network.connect_to: 'a:b' is not HOST:PORT:"),
    ("network:\n  proxy: 'socks5://127.0.0.1:1'\n", "network.proxy: must be http://HOST:PORT"),
    ("network:\n  ca_file: none.pem\n", "network.ca_file: "),
    ("api:\n  trusted_proxies: [everybody]\n", "api.trusted_proxies: "),
    ("security:\n  root_keys:\n    - {id: a, value: short}\n", "at least 32"),
    ("sign_in: {oidc: {}}\n", "engine.yaml:1: sign_in.oidc: must be a list"),
    (SIGN_IN.replace("acme", "a c m e") % "", "sign_in.oidc: id must be 1 to"),
    (SIGN_IN.replace("https:", "http:") % "", "sign_in.oidc.issuer: must be an https address"),
    (SIGN_IN.replace(".example", ".example/?x=1") % "", "sign_in.oidc.issuer: must be an https address"),
    (SIGN_IN % "" + SIGN_IN.split("\n")[2] % "" + "\n", "id and issuer of 'acme' must be its own"),
    (SIGN_IN % ", scopes: [email]", "sign_in.oidc.scopes: must have openid among them"),
    (SIGN_IN % ", scopes: ['openid email']", "sign_in.oidc.scopes: each must be one word"),
    (SIGN_IN % ", allowed_domains: ['@example.com']", "sign_in.oidc.allowed_domains: each must be the part"),
    (SIGN_IN % ", role: viewer", "sign_in.oidc.role: needs allowed_domains"),
    (SIGN_IN % ", allowed_domains: [example.com], role: owner", "sign_in.oidc.role: must be one of verify, viewer, member, admin"),
    (SIGN_IN % ", client_sekret: x", "client_sekret"),
    ("tls: {cert_file: none.pem}\n", "key_file is missing"),
    ("tls: {cert_file: none.pem, key_file: none.pem}\n", "none.pem (no such file or directory)"),
])
def test_what_is_wrong_is_refused_by_name(binary, tmp_path, yaml, says):
    r = serve(binary, yaml, tmp_path)
    assert r.returncode == 3 and says in r.stderr and r.stdout == "", r.stderr
    assert "hush-hush" not in r.stderr and "value: short" not in r.stderr


def test_a_password_in_the_proxys_address_is_refused_and_shown_nowhere(binary, tmp_path):
    r = serve(binary, "network:\n  proxy: http://someone:hush-hush-password@127.0.0.1:3128\n", tmp_path)
    assert r.returncode == 3 and "network.proxy: must be http://HOST:PORT" in r.stderr
    assert "hush-hush-password" not in r.stderr + r.stdout


@pytest.mark.parametrize("section", ["sqlite: {connection_string: 'x.sqlite3'}", "in_memory: {}"])
def test_other_stores_are_warned_of(binary, tmp_path, section):
    with Engine(binary, tmp_path, config=f"storage:\n  {section}\n") as engine:
        name = section.split(":")[0]
        assert f"storage.{name}" in engine.log() and "store.sqlite3" in engine.log()


def test_what_is_off_is_not_looked_at(binary, tmp_path):
    off = "auth:\n  providers:\n    - {id: off, enabled: false, provider_id: slack, client_id: '${env:NOBODY_SET_THIS}'}\n"
    with Engine(binary, tmp_path, config=off) as engine, engine.client() as c:
        assert c.get("/v1/admin/auth_providers").json()["items"] == []
        r = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "off"}, "user_id": "a@example.com"})
        assert r.status_code == 400 and r.json()["name"] == "auth_provider_not_found"


def test_the_environment_wins_over_every_file(binary, tmp_path):
    """Each place is taken only when those before it have nothing."""
    name = "TB_TEST_CLIENT_ID"
    (tmp_path / "engine.env").write_text(f"{name}=beside\n")
    places = ["beside"]
    for place in "beside", ".env", "--env", "environment":
        args, env = [], {}
        if place != "beside":
            (tmp_path / ".env").write_text(f"# a comment\n{name}='dotenv'\n")
        if place in ("--env", "environment"):
            (tmp_path / "given.env").write_text(f'export {name}="given"\n')
            args = ["--env", str(tmp_path / "given.env")]
        if place == "environment":
            env = {name: "01234"}
        with Engine(binary, tmp_path, config=PROVIDER % ("${env:%s}" % name), args=args, env=env) as engine:
            places.append(client_id(engine))
    assert places == ["beside", "beside", "dotenv", "given", "01234"]


def test_a_file_less_one_newline_and_values_inside_text(binary, tmp_path):
    (tmp_path / "id.txt").write_text("7\n\n")
    (tmp_path / "port").write_text("0\n")
    with Engine(binary, tmp_path, config=PROVIDER % "a-${file:port}-${env:TB_TEST_B}", env={"TB_TEST_B": "b"}) as engine:
        assert client_id(engine) == "a-0-b"


def test_text_is_read_as_what_the_key_expects(binary, tmp_path):
    config = "api:\n  development: ${env:TB_TEST_DEV}\n  read_timeout: ${env:TB_TEST_TIME}\nlimits:\n  pool: ${env:TB_TEST_POOL}\n" + PROVIDER % "${env:TB_TEST_POOL}"
    env = {"TB_TEST_DEV": "true", "TB_TEST_TIME": "1m30s", "TB_TEST_POOL": "4"}
    with Engine(binary, tmp_path, config=config, env=env) as engine:
        assert client_id(engine) == "4"


def test_a_provider_of_the_file_is_read_only_and_a_projects_own_wins(binary, tmp_path):
    config = "auth:\n  providers:\n    - {id: arcade-github, provider_id: github, client_id: static-id, client_secret: hush-hush-secret, description: From the file}\n"
    with Engine(binary, tmp_path, config=config) as engine, engine.client() as c:
        path = "/v1/admin/auth_providers/arcade-github"
        shown = c.get(path).json()
        assert shown["binding"]["type"] == "static" and shown["provider_id"] == "github" and shown["description"] == "From the file"
        secret = shown["oauth2"]["client_secret"]
        assert secret["binding"] == "static" and secret["exists"] is True and secret["editable"] is False
        assert shown["oauth2"]["redirect_uri"] == engine.url + "/api/v1/oauth/arcade-github/callback"
        for r in c.patch(path, json={"description": "mine"}), c.delete(path):
            assert r.status_code == 403 and r.json()["name"] == "forbidden" and r.headers["x-should-retry"] == "false"
            assert "configuration" in r.json()["message"]

        def meant():
            r = c.post("/v1/auth/authorize", json={"auth_requirement": {"provider_id": "github"}, "user_id": "who@example.com"})
            assert r.status_code == 200, r.text
            with httpx.Client(trust_env=False) as browser:
                return httpx.URL(browser.get(r.json()["url"]).headers["location"]).params["client_id"]

        assert meant() == "static-id"
        own = {"id": "own-github", "provider_id": "github", "oauth2": {"client_id": "own-id", "client_secret": "x"}}
        assert c.post("/v1/admin/auth_providers", json=own).status_code == 201
        assert meant() == "own-id"
        assert {i["binding"]["type"] for i in c.get("/v1/admin/auth_providers").json()["items"]} == {"static", "project"}


def test_the_engine_speaks_https_itself(binary, tmp_path):
    pem = certificate(tmp_path)
    with Engine(binary, tmp_path, config="tls: {cert_file: tls.pem, key_file: tls.key}\n") as engine:
        assert engine.url.startswith("https://127.0.0.1:"), engine.url
        trust = ssl.create_default_context(cafile=pem)
        r = httpx.get(engine.url + "/v1/admin/auth_providers", headers={"Authorization": engine.key}, verify=trust, trust_env=False)
        assert r.status_code == 200
        expiry = httpx.get(engine.url + "/metrics", headers={"Authorization": engine.key}, verify=trust, trust_env=False).text
        told = re.search(r"^tokenbooth_tls_certificate_expiry_timestamp_seconds (\S+)$", expiry, re.M)
        end = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", "tls.pem"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        assert told and float(told[1]) == ssl.cert_time_to_seconds(end.strip().removeprefix("notAfter="))
        with pytest.raises(httpx.ConnectError):
            httpx.get(engine.url + "/v1/health", trust_env=False)
        with pytest.raises(httpx.HTTPError):
            httpx.get(engine.url.replace("https", "http") + "/v1/health", trust_env=False)
        assert engine.cli("key", "list").returncode == 0


@pytest.mark.parametrize("url,says", [
    ("http://engine.example.com", "use https"), ("engine.example.com", "https://engine.example.com"), ("https://engine.example.com/sub", "must not have a path"),
])
def test_public_addresses_that_are_refused(binary, tmp_path, url, says):
    r = serve(binary, "", tmp_path, "--public-url", url)
    assert r.returncode == 3 and says in r.stderr


def test_links_are_made_of_the_public_address(binary, tmp_path):
    with Engine(binary, tmp_path, args=["--public-url", "https://engine.example.com"], config=PROVIDER % "x") as engine:
        assert engine.url == "https://engine.example.com" and engine.ready["setup_url"].startswith(engine.url + "/setup?")
        shown = engine.cli("provider", "show", "from-file")
        assert "https://engine.example.com/api/v1/oauth/from-file/callback" in shown.stdout
