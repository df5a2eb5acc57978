#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""read: a granted POST /v1/auth/authorize beside nginx's `return 200` with a body of the same size, in the same run.

JSON parsed, API key checked, token opened at every request; 1, 64 and 512 keep-alive connections.  The two take turns; a
row is the median of the rounds.  Neither writes an access log.  Goal: 0.9 of nginx's requests/s, accepted from 0.75.
TB_BENCH_ROUNDS (7), TB_BENCH_SECONDS (2), TB_BENCH_USERS (1000).
"""
import os
import re
import sys
import tempfile
import urllib.error
import urllib.request

import world

USERS = int(os.environ.get('TB_BENCH_USERS', '1000'))
ROUNDS = int(os.environ.get('TB_BENCH_ROUNDS', '7'))
SECONDS = min(3, int(os.environ.get('TB_BENCH_SECONDS', '2')))
CONNECTIONS = (1, 64, 512)


def start_nginx(folder, port, body):
    hidden = re.sub(rb'"token":"[^"]*"', lambda m: b'"token":"' + b'x' * (len(m[0]) - 10) + b'"', body)
    text = hidden.decode().replace('\\', '\\\\').replace("'", "\\'")
    return world.Nginx(folder, port, f"location / {{ return 200 '{text}'; }}")


def wait_for(url, process, size):
    """nginx answers, and with as many bytes."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                if len(answer.read()) == size:
                    return
                sys.exit('nginx answers with another size')
        except urllib.error.URLError:
            continue
    sys.exit('nginx did not start')


def cpu_of_nginx(pid):
    """Seconds of the workers: (in its code, in the kernel)."""
    with open(f'/proc/{pid}/task/{pid}/children', encoding='utf-8') as f:
        workers = f.read().split()
    total = [0.0, 0.0]
    for worker in workers:
        with open(f'/proc/{worker}/stat', encoding='utf-8') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        for i in (0, 1):
            total[i] += int(fields[11 + i]) / os.sysconf('SC_CLK_TCK')
    return tuple(total)


def measured(url, connections, key, cpu):
    before = cpu()
    got = world.wrk(url, connections, SECONDS, 'authorize.lua', key, USERS)
    after = cpu()
    got['user'], got['kernel'] = ((after[i] - before[i]) * 1e6 / got['requests'] for i in (0, 1))
    return got


def measure(sides, key):
    """rows[connections][name] = medians"""
    rows = {}
    for connections in CONNECTIONS:
        rounds = {name: [] for name in sides}
        for turn in range(ROUNDS):
            for name in list(sides) if turn % 2 == 0 else reversed(list(sides)):
                url, cpu = sides[name]
                rounds[name].append(measured(url, connections, key, cpu))
        rows[connections] = {name: world.medians(got) for name, got in rounds.items()}
    return rows


def table(rows):
    lines = ['| connections | | requests/s | p50 | p99 | p99.9 | CPU a request, own + kernel | wrong answers |', '|---:|---|---:|---:|---:|---:|---:|---:|']
    for connections, row in rows.items():
        for name in ('ours', 'nginx'):
            r = row[name]
            lines.append(f"| {connections} | {name} | {r['rate']:.0f} | " + ' | '.join(f'{r[p] / 1000:.2f} ms' for p in ('p50', 'p99', 'p999')) +
                         f" | {r['user']:.1f} + {r['kernel']:.1f} us | {r['wrong']} |")
    return '\n'.join(lines)


def goals(rows):
    for connections, row in rows.items():
        ratio = row['ours']['rate'] / row['nginx']['rate']
        yield (f'granted authorize, requests/s beside nginx, {connections} connections', f'{ratio:.2f} x', '>= 0.9 x, accepted 0.75 x',
               'yes' if ratio >= 0.9 else 'accepted' if ratio >= 0.75 else '**no**')


def main():
    with world.Folder(USERS) as folder, world.Engine(folder.data) as engine, tempfile.TemporaryDirectory(prefix='tb-bench-') as side:
        port, body = world.free_port(), world.ask(engine.url, folder.key)
        with start_nginx(side, port, body) as nginx:
            other = f'http://127.0.0.1:{port}'
            wait_for(other, nginx, len(body))
            rows = measure({'ours': (engine.url, engine.cpu_s), 'nginx': (other, lambda: cpu_of_nginx(nginx.pid))}, folder.key)
    text = table(rows)
    print(text)
    world.write('read', 'granted `POST /v1/auth/authorize` beside nginx `return 200`', goals(rows), f"""{text}

Both answer with a body of {len(body)} bytes; ours reads the body, checks the API key, finds the provider and the grant, and opens
the sealed token for every request.  Medians of {ROUNDS} rounds of {SECONDS} s, taking turns; {USERS} users in turn, no access log on
either side; both run a thread (a worker) a core.  nginx neither reads the body nor parses anything: what is ours alone is the column
"own", and its parts are in the section `parts`.""")


if __name__ == '__main__':
    main()
