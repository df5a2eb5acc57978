# SPDX-License-Identifier: Apache-2.0
"""The client scenarios of the conformance suite about authorization, calls and broken streams, driven through the engine (conform.py).  The suite's
servers listen on every address, so each run has a network of its own with nothing but a loopback."""
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import HERE

SUITE = HERE / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
SCENARIOS = ["metadata-default", "metadata-var1", "metadata-var2", "metadata-var3", "scope-from-www-authenticate", "scope-from-scopes-supported",
             "scope-omitted-when-undefined", "scope-step-up", "scope-retry-limit", "token-endpoint-auth-basic", "token-endpoint-auth-post",
             "token-endpoint-auth-none", "pre-registration", "resource-mismatch", "offline-access-scope", "offline-access-not-supported",
             "2025-03-26-oauth-metadata-backcompat", "2025-03-26-oauth-endpoint-fallback"]
# Not among them: client credentials and cross-application access are extensions that this engine does not have.


def run(binary, tmp_path, scenario, *how):
    alone = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    assert shutil.which("unshare") and shutil.which("ip")
    command = " ".join([sys.executable, str(HERE / "conform.py"), *how])
    script = f"ip link set lo up && exec node {SUITE} client --command '{command}' --scenario {scenario} --timeout 100000 -o {tmp_path}"
    r = subprocess.run([*alone, "bash", "-c", script], capture_output=True, text=True, timeout=120, env={**os.environ, "TB_BINARY": binary, "TMPDIR": str(tmp_path)})
    return r.returncode, r.stdout + r.stderr


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(binary, tmp_path, scenario):
    code, said = run(binary, tmp_path, f"auth/{scenario}")
    assert code == 0 and "OVERALL: PASSED" in said, said[-6000:]


def came_late(tmp_path):
    """The one complaint is that we came back later than 200 ms after the moment the server asked for: a busy machine does that now and
    then, an engine that waits as it likes does it every time.  Too early is no excuse."""
    files = sorted(tmp_path.glob("**/checks.json"), key=lambda p: p.stat().st_mtime)
    bad = [c for c in json.loads(files[-1].read_text()) if c["status"] not in ("SUCCESS", "INFO")] if files else []
    return [c["id"] for c in bad] == ["client-sse-retry-timing"] and bad[0]["details"].get("tooEarly") is False


@pytest.mark.parametrize("scenario", ["tools_call", "sse-retry"])
def test_a_server_that_wants_no_token(binary, tmp_path, scenario):
    for _ in range(4):
        code, said = run(binary, tmp_path, scenario, "open")
        if code == 0 or not came_late(tmp_path):
            break
    assert code == 0 and "OVERALL: PASSED" in said, said[-6000:]


def test_a_document_of_the_operators_is_the_client(binary, tmp_path):
    """The scenario wants its own address as client_id: that of a document which an operator keeps somewhere."""
    code, said = run(binary, tmp_path, "auth/basic-cimd", "client_id=https://conformance-test.local/client-metadata.json")
    assert code == 0 and "OVERALL: PASSED" in said, said[-6000:]


def test_our_own_document_is_the_client(binary, tmp_path):
    """The same with the engine's own document: all but the comparison with that address passes, and nobody was registered."""
    code, said = run(binary, tmp_path, "auth/basic-cimd", "https")
    checks = json.loads(next(tmp_path.glob("**/checks.json")).read_text())
    [differs] = [c for c in checks if c["status"] not in ("SUCCESS", "INFO")]
    assert differs["id"] == "cimd-client-id-used", said[-6000:]
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+/api/v1/oauth/[\w-]+/client", differs["details"]["actualClientId"]), differs
    assert {"authorization-request", "token-request"} <= {c["id"] for c in checks} and "client-registration" not in {c["id"] for c in checks}
