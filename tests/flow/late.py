# SPDX-License-Identifier: Apache-2.0
"""A process whose wall clock is ahead from its start on (late.c).  A clock that is set while the process runs needs faketime, which
wraps waits as well and so cannot stand beside a sanitizer."""
import functools
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).parent


@functools.cache
def library(name="late"):
    """One of our own, NAME.c, to be preloaded."""
    source, made = HERE / f"{name}.c", HERE.parents[1] / "build" / "tests-late" / f"{name}.so"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        fresh = made.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", fresh, source], check=True)
        os.replace(fresh, made)
    return str(made)


@functools.cache
def before(binary):
    """AddressSanitizer's library insists on being the first."""
    found = re.search(r"=> (\S*/libasan\.so\S*)", subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout)
    return [found[1]] if found else []


def late_clock(binary, seconds):
    """The environment of a process whose wall clock is `seconds` ahead."""
    return {"LD_PRELOAD": ":".join([*before(str(binary)), library()]), "TB_LATE": str(seconds)} if seconds else {}


def noted_statements(binary, path):
    """The environment of an engine that writes every SQL statement into a file (statements.c)."""
    return {"LD_PRELOAD": ":".join([*before(str(binary)), library("statements")]), "TB_STATEMENTS": str(path)}


def set_clock(path, both=False):
    """The environment of a process whose wall clock (both: and the monotonic one) is ahead by what the file says, whenever that changes."""
    lib = next(p for p in pathlib.Path("/usr/lib").glob("*-linux-gnu/faketime/libfaketimeMT.so.1"))
    env = {"LD_PRELOAD": str(lib), "FAKETIME_TIMESTAMP_FILE": str(path), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_RESET": "1"}
    return env if both else {**env, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
