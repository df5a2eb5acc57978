# SPDX-License-Identifier: Apache-2.0
"""readers.py URL N RATE K OF   reads grants of user-1 … user-N, RATE a second, until its stdin ends; then prints what it saw.  First each
of its own (every OF-th, from the K-th), which it says, then any."""
import json
import os
import random
import select
import sys
import time

from quick import Quick


def main():
    url, n, pace = sys.argv[1], int(sys.argv[2]), 1 / float(sys.argv[3])
    ms, users, wrong = [], set(), []
    own = list(range(int(sys.argv[4]), n + 1, int(sys.argv[5])))
    random.shuffle(own)
    with Quick(url, os.environ["ARCADE_API_KEY"]) as api:
        print("reading", flush=True)
        due = time.monotonic()
        while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            i = own[len(ms)] if len(ms) < len(own) else random.randrange(n) + 1
            began = time.monotonic()
            status, _, a = api.authorize(f"user-{i}@example.com")
            ms.append(round((time.monotonic() - began) * 1000, 3))
            users.add(i)
            if len(ms) == len(own):
                print("each was read", flush=True)
            if status != 200 or a["status"] != "completed" or not a["context"]["token"]:
                wrong.append([i, status, a if status != 200 else a["status"]])
            due = max(due + pace, time.monotonic() - 1)
    json.dump({"ms": ms, "users": sorted(users), "wrong": wrong[:50]}, sys.stdout)


main()
