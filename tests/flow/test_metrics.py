# SPDX-License-Identifier: Apache-2.0
"""/metrics: read by Prometheus' own parsers, counted against what was really done, closed to whoever may not read it."""
import os

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text
from test_discord import authorize, connect
from world import Engine, Simulator, until

TOKEN = "scrape-me-with-this-token-0123456789"


def scrape(engine, **headers):
    with engine.client() as c:
        r = c.get("/metrics", headers=headers)
    assert r.status_code == 200, r.text
    return r


class Numbers:
    """One scrape: value("name", label=…), the sum over the series that match."""

    def __init__(self, engine):
        self.families = {f.name: f for f in parse_text(scrape(engine).text)}
        self.samples = [s for f in self.families.values() for s in f.samples]

    def value(self, name, **labels):
        return sum(s.value for s in self.samples if s.name == name and all(s.labels.get(k) == v for k, v in labels.items()))

    def has(self, name, **labels):
        return any(s.name == name and all(s.labels.get(k) == v for k, v in labels.items()) for s in self.samples)


@pytest.fixture()
def world(binary, tmp_path):
    with Simulator(binary, tmp_path) as sim, Engine(binary, tmp_path, simulator=sim, config=f"metrics:\n  token: {TOKEN}\n") as eng:
        eng.add_discord()
        yield eng, sim


def test_both_forms_are_what_prometheus_reads(world):
    engine, _ = world
    text = scrape(engine)
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    plain = list(parse_text(text.text))
    r = scrape(engine, Accept="application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    assert r.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    strict = list(parse_open(r.text))  # refuses a wrong order, a doubled family, a bad histogram, a missing EOF
    assert {f.name for f in plain} == {f.name for f in strict} and len(plain) > 30
    for f in plain:
        assert f.documentation and f.type in ("counter", "gauge", "histogram"), f
        seen = [(s.name, tuple(sorted(s.labels.items()))) for s in f.samples]
        assert len(seen) == len(set(seen)), f.name
    build = next(f for f in plain if f.name == "tokenbooth_build_info")
    assert build.samples[0].labels["version"]
    start = next(f for f in plain if f.name == "process_start_time_seconds").samples[0].value
    assert 1.6e9 < start < 4e9


def test_who_may_read_them(world):
    engine, _ = world
    with httpx.Client(base_url=engine.url, trust_env=False) as c:
        assert c.get("/metrics").status_code == 401
        assert c.get("/metrics", headers={"Authorization": "Bearer " + TOKEN[:-1]}).status_code == 401
        ours = {"Authorization": "Bearer " + TOKEN}
        assert c.get("/metrics", headers=ours).status_code == 200
        for path in ("/v1/admin/auth_providers", "/tb/v1/api_keys", "/tb/v1/events"):  # good for nothing else
            assert c.get(path, headers=ours).status_code == 401, path
        assert c.post("/v1/auth/authorize", headers=ours, json={}).status_code == 401
    assert TOKEN not in engine.log() and TOKEN not in scrape(engine).text


def test_public_only_where_the_operator_says_so(binary, tmp_path):
    with Engine(binary, tmp_path, config="metrics:\n  public: true\n") as eng:
        with httpx.Client(base_url=eng.url, trust_env=False) as c:
            assert c.get("/metrics").status_code == 200
            assert c.get("/tb/v1/events").status_code == 401
        assert "config.metrics_public" in eng.log()


def test_requests_are_counted_one_by_one(world):
    engine, _ = world
    requests = "tokenbooth_http_requests_total"

    def seen(enough):  # an answer is counted right after it was sent: whoever has it may come back sooner
        n = Numbers(engine)
        return n if enough(n) else None

    before = until("the set-up's request to be counted", lambda: seen(lambda n: n.value(requests, route="/v1/admin/auth_providers") == 1))
    with engine.client() as c:
        for _ in range(17):
            assert c.get("/v1/config").status_code == 200
        for _ in range(5):
            assert c.get("/v1/admin/auth_providers/no-such-one").status_code == 404
        for _ in range(3):
            assert c.get("/no/such/place").status_code == 404
        for _ in range(2):
            assert c.get("/tb/v1/api_keys").status_code == 200
    with engine.client(key="arc_wrong") as c:
        for _ in range(4):
            assert c.get("/tb/v1/api_keys").status_code == 401
    after = until("the last ones to be counted", lambda: seen(lambda n: n.value(requests, route="/tb/v1/api_keys") - before.value(requests, route="/tb/v1/api_keys") >= 6))

    def grew(name, **labels):
        return after.value(name, **labels) - before.value(name, **labels)

    assert grew(requests, method="GET", route="/v1/config", **{"class": "2xx"}) == 17
    assert grew(requests, route="/v1/admin/auth_providers/{id}", **{"class": "4xx"}) == 5
    assert grew(requests, route="-", **{"class": "4xx"}) == 3
    assert grew(requests, route="/tb/v1/api_keys", **{"class": "2xx"}) == 2
    assert grew(requests, route="/tb/v1/api_keys", **{"class": "4xx"}) == 4
    assert grew("tokenbooth_http_request_duration_seconds_count", route="/v1/config", lane="inline") == 17
    assert grew("tokenbooth_http_request_duration_seconds_count", route="/tb/v1/api_keys", lane="pool") == 2
    assert grew("tokenbooth_credentials_refused_total", credential="api_key") == 4
    assert grew(requests) - grew(requests, route="/metrics") == 17 + 5 + 3 + 2 + 4
    until("a scrape to be counted as well", lambda: seen(lambda n: n.value(requests, route="/metrics") > before.value(requests, route="/metrics")))
    assert "no-such-one" not in scrape(engine).text


def test_a_grant_from_consent_to_deletion(world):
    engine, sim = world
    before = Numbers(engine)
    who = "watched@example.com"
    with engine.client() as api:
        connect(engine, sim, api, who, sim.person(), ["identify"])
        for _ in range(6):
            assert authorize(api, who, ["identify"]).json()["status"] == "completed"
        after = Numbers(engine)
        assert after.value("tokenbooth_outbound_requests_total", provider="discord", purpose="token", outcome="2xx") == 1
        assert after.value("tokenbooth_outbound_duration_seconds_count", provider="discord", purpose="token") == 1
        assert after.value("tokenbooth_grant_cache_lookups_total", result="hit") - before.value("tokenbooth_grant_cache_lookups_total", result="hit") >= 6
        assert after.value("tokenbooth_store_commits_total", outcome="ok") > before.value("tokenbooth_store_commits_total", outcome="ok")
        assert after.value("tokenbooth_grants_ended_total") == 0 and after.has("tokenbooth_grants_ended_total", reason="revoked_or_expired")
        items = api.get("/v1/admin/user_connections").json()["items"]
        assert api.delete(f"/v1/admin/user_connections/{items[0]['id']}").status_code == 204
        assert Numbers(engine).value("tokenbooth_grants_ended_total", reason="disconnected") == 1
    text = scrape(engine).text
    assert who not in text and items[0]["id"] not in text


def test_a_parked_poll_is_seen_while_it_waits(world):
    engine, sim = world
    import threading

    with engine.client() as api:
        pending = authorize(api, "waits@example.com", ["identify"]).json()
    polls = []

    def poll():
        with engine.client() as c:
            polls.append(c.get("/v1/auth/status", params={"id": pending["id"], "wait": 59}).status_code)

    t = threading.Thread(target=poll)
    t.start()
    until("the poll to be parked", lambda: Numbers(engine).value("tokenbooth_lane_busy", lane="parked") == 1)
    with engine.client() as api:
        connect(engine, sim, api, "waits@example.com", sim.person(), ["identify"])  # ends the wait
    t.join()
    assert polls == [200]
    n = Numbers(engine)
    assert n.value("tokenbooth_lane_busy", lane="parked") == 0
    until("the poll to be counted", lambda: Numbers(engine).value("tokenbooth_http_request_duration_seconds_count", route="/v1/auth/status", lane="parked") == 1)


def test_jobs_and_process(world):
    engine, _ = world
    until("the first scan", lambda: Numbers(engine).value("tokenbooth_job_runs_total", task="refresh.scan", outcome="ok") >= 1)
    n = Numbers(engine)
    assert n.value("tokenbooth_job_last_success_timestamp_seconds", task="refresh.scan") > 1.6e9
    assert n.value("process_resident_memory_bytes") > 1 << 20 and n.value("process_open_fds") > 5
    assert n.value("process_max_fds") >= n.value("process_open_fds") and n.value("process_cpu_seconds_total") > 0


def test_the_machinery_is_counted_too(world):
    """Sizes, the store's writer, jobs, lanes, limits and refusals: each against what can be seen from outside."""
    engine, sim = world

    def steady():  # a scrape is read number by number, and the store's writer goes on meanwhile
        a, b = Numbers(engine), Numbers(engine)
        names = ("commits_total", "acts_total", "commit_acts_sum", "commit_acts_count", "commit_duration_seconds_count")
        return a if all(a.value(f"tokenbooth_store_{n}") == b.value(f"tokenbooth_store_{n}") for n in names) else None

    before = until("the writer to rest", steady)
    with engine.client() as api:
        connect(engine, sim, api, "counted@example.com", sim.person(), ["identify"])
        answer = authorize(api, "counted@example.com", ["identify"])
        assert answer.json()["status"] == "completed"
    with engine.client(key="arc_" + "x" * 38) as wrong:
        until("the guesser to be held up", lambda: wrong.get("/tb/v1/api_keys").status_code == 429)

    def settled():
        now = steady()
        return now if now and now.value("tokenbooth_store_checkpoints_total", outcome="ok") > before.value("tokenbooth_store_checkpoints_total", outcome="ok") else None

    now = until("the log of writes to be written back", settled)

    def grew(name, **labels):
        return now.value(name, **labels) - before.value(name, **labels)

    for kind in ("authorization.created", "authorization.completed"):
        assert grew("tokenbooth_events_total", kind=kind, outcome="ok") == 1, kind
    acts, commits = grew("tokenbooth_store_acts_total", outcome="ok"), grew("tokenbooth_store_commits_total", outcome="ok")
    assert acts >= commits >= 5 and grew("tokenbooth_store_acts_total", outcome="failed") == 0
    assert grew("tokenbooth_store_commit_acts_sum") == acts and grew("tokenbooth_store_commit_acts_count") == commits
    assert grew("tokenbooth_store_commit_duration_seconds_count") == commits and grew("tokenbooth_store_commit_duration_seconds_sum") > 0
    assert grew("tokenbooth_http_sent_bytes_total") > len(answer.content)
    assert grew("tokenbooth_log_lines_total", level="info") > 0
    assert grew("tokenbooth_throttled_total", limit="api_key_address") > 0 and grew("tokenbooth_throttled_total", limit="setup_address") == 0
    assert now.value("tokenbooth_grant_cache_rows") >= 1 and now.value("tokenbooth_grant_cache_bytes") > 100
    assert now.value("tokenbooth_refresh_queue") == 0 and now.value("tokenbooth_store_healthy") == 1
    assert now.value("tokenbooth_http_refused_total") == 0 and now.has("tokenbooth_http_refused_total", lane="pool")
    limits = {lane: now.value("tokenbooth_lane_limit", lane=lane) for lane in ("connections", "parked", "pool", "call")}
    assert limits["connections"] == 12000 and limits["parked"] == 10000 and limits["call"] == 1024 and limits["pool"] > 16
    assert now.value("tokenbooth_job_duration_seconds_count", task="refresh.scan") >= 1
    for check in ("store", "root_key", "jobs", "disk", "providers"):
        assert now.has("tokenbooth_health_check", check=check) and now.value("tokenbooth_health_check", check=check) == 0, check

    def measured():  # by a job, every 15 s
        m, store, disk = Numbers(engine), engine.data / "store.sqlite3", os.statvfs(engine.data)
        return (m.value("tokenbooth_store_bytes") == store.stat().st_size and m.value("tokenbooth_disk_size_bytes") == disk.f_blocks * disk.f_frsize
                and 0 < m.value("tokenbooth_disk_free_bytes") <= disk.f_blocks * disk.f_frsize
                and m.value("tokenbooth_store_wal_bytes") == (engine.data / "store.sqlite3-wal").stat().st_size)

    until("the sizes to be those of the files", measured)


def test_a_refresh_that_fails_is_counted_by_its_reason(world):
    engine, sim = world
    assert sim.control.post("/knobs", json={"token_lifetime_s": 2}).status_code == 200
    with engine.client() as api:
        connect(engine, sim, api, "late@example.com", sim.person(), ["identify"])
        sim.fault(on="refresh", status=400, body='{"error":"invalid_grant"}', content_type="application/json")
        until("the grant to end", lambda: authorize(api, "late@example.com", ["identify"]).json()["status"] == "pending")
    now = Numbers(engine)
    assert now.value("tokenbooth_refresh_failures_total", provider="discord", reason="revoked_or_expired") == 1
    assert now.value("tokenbooth_grants_ended_total", reason="revoked_or_expired") == 1
