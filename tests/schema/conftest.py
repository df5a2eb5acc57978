# SPDX-License-Identifier: Apache-2.0
"""The schema tests stand on the world of the flow tests (tests/flow/world.py)."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "flow"))
from fixtures import *  # noqa: E402,F401,F403
