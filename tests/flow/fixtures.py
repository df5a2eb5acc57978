# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the flow and the hostile tests: the real engine, the simulator, a browser's legs, all on loopback with ports of their own."""
import os
import pathlib

import httpx
import pytest

from world import Browser, Engine, Simulator


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("TB_BINARY") or str(pathlib.Path(__file__).parents[2] / "build" / "tokenbooth")
    assert os.path.exists(path), f"{path} is not built; run ./run --build"
    return path


@pytest.fixture(scope="module")
def simulator(binary, tmp_path_factory):
    with Simulator(binary, tmp_path_factory.mktemp("sim")) as sim:
        yield sim


@pytest.fixture(scope="module")
def engine(binary, simulator, tmp_path_factory):
    """An engine whose Discord is the simulator, with a custom verifier and the built-in definition untouched."""
    with Engine(binary, tmp_path_factory.mktemp("engine"), simulator=simulator) as eng:
        eng.add_discord()
        yield eng


@pytest.fixture()
def browser(simulator):
    with Browser(simulator) as b:
        yield b


@pytest.fixture()
def api(engine):
    with engine.client() as c:
        yield c
