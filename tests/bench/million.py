#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""million: reads among a million grants, beside reads among a thousand, taking turns at 64 connections.

hot: 10 000 of the million, at random; goal: at most 1.2 times the time of a read among 1 000.  uniform: all of the million, at
random, so that nearly every read misses the memory of grants (32 MB of sealed rows) and goes to the database; goal: at most 2.5
times.  The million grants are seeded once and kept in build/bench.  TB_BENCH_ROUNDS (5), TB_BENCH_MILLION (1000000).
"""
import os

import world

N = int(os.environ.get('TB_BENCH_MILLION', '1000000'))
ROUNDS = int(os.environ.get('TB_BENCH_ROUNDS', '5'))
SECONDS, CONNECTIONS, FEW, HOT = 3, 64, 1000, 10000
GOAL = {'hot': 1.2, 'uniform': 2.5}


def main():
    data, key = world.kept_folder(N)
    with world.Folder(FEW) as folder, world.Engine(folder.data) as small, world.Engine(data) as large:
        sides = {'few': (small.url, folder.key, FEW), 'hot': (large.url, key, HOT), 'uniform': (large.url, key, N)}
        rounds = {name: [] for name in sides}
        world.wrk(large.url, CONNECTIONS, SECONDS, 'authorize.lua', key, HOT)  # the hot ones are hot
        for turn in range(ROUNDS):
            for name in ('few', 'hot') if turn % 2 == 0 else ('hot', 'few'):
                rounds[name].append(world.wrk(sides[name][0], CONNECTIONS, SECONDS, 'authorize.lua', *sides[name][1:], 'any'))
        for _ in range(ROUNDS):
            for name in ('few', 'uniform'):
                rounds[name].append(world.wrk(sides[name][0], CONNECTIONS, SECONDS, 'authorize.lua', *sides[name][1:], 'any'))
        memory = large.memory_kb()
    rows = {name: world.medians(got) for name, got in rounds.items()}
    lines = ['| users | requests/s | p50 | p99 | p99.9 | wrong answers |', '|---|---:|---:|---:|---:|---:|']
    for name, r in rows.items():
        lines.append(f"| {name}: {sides[name][2]} | {r['rate']:.0f} | " + ' | '.join(f'{r[p] / 1000:.2f} ms' for p in ('p50', 'p99', 'p999')) + f" | {r['wrong']} |")
    print('\n'.join(lines))
    ratio = {name: rows['few']['rate'] / rows[name]['rate'] for name in GOAL}
    world.write('million', f'reads among {N} grants', [
        (f'time of a read, {name} {sides[name][2]} of {N} grants beside 1 000 of 1 000', f'{ratio[name]:.2f} x', f'<= {goal} x',
         world.met(ratio[name] <= goal)) for name, goal in GOAL.items()], '\n'.join(lines) + f"""

Time of a read is the inverse of requests/s at {CONNECTIONS} connections; users at random in all three, {ROUNDS} rounds of {SECONDS} s (`few` twice as
many).  RSS of the engine with the million afterwards: {memory['VmRSS'] / 1024:.0f} MB.

Where the time goes.  hot: a row is about ten lines of the processor's cache, and ten thousand of them are six times its second-level cache: the
part "grant: look-up" of `./bench parts` costs two to three times as much with 10 000 users as with 1 000 (its rows are asked for all at once
since, which this measurement does not show unless it is newer); the rest of the request is the same.  uniform: half of the processor time is in the threads of
lane POOL: a fifth of all is `pread` (a reader's 256 kB of pages do not hold the inner pages of two trees over a million rows, so four are
read a look-up), the rest is SQLite's machine, the decoding of the row and its way between two threads.  Lane POOL runs as many at once as there
are processors while they get on: with sixteen, a read cost a quarter more.  Once a minute the marks of use are written, one row each, which
takes the processor from the reads of that moment.  An event thread does not read the store itself: a page that is not in the system's
memory would stop everybody on that thread.""")


if __name__ == '__main__':
    main()
