#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""writes: new grants made durable (committed with synchronous=FULL), from 64 threads at once and from one, through the same act as
a consent.  Goal: at least 5 000 a second."""
import json
import subprocess
import tempfile

import world


def main():
    with tempfile.TemporaryDirectory(prefix='tb-bench-') as folder:
        out = subprocess.run([f'{world.BUILD}/tests/bench/bench_writes', f'{folder}/data'], check=True, capture_output=True, text=True).stdout
    got = {row['threads']: row for row in map(json.loads, out.strip().split('\n'))}
    many, one = got[64], got[1]
    world.write('writes', 'durable writes of grants', [
        ('durable grant writes/s, 64 writers at once', f"{many['rate']:.0f}", '>= 5000', world.met(many['rate'] >= 5000))], f"""
Each writer waits until its grant is committed before it makes the next.  64 writers: {many['rate']:.0f}/s ({many['n']} grants); one writer:
{one['rate']:.0f}/s, which is what the disk's fsync allows ({1e3 / one['rate']:.2f} ms a commit).

Where it goes, by leaving one thing out at a time on the day this was first missed: hashes of both tokens, so that one that is held elsewhere is
never revoked, stand in two indexes whose keys come at random (without these indexes a fifth more), and are written by a statement of their own,
by which a new row enters and leaves a third index.""")


if __name__ == '__main__':
    main()
