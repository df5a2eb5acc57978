#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools: the catalogue beside nginx serving the same bytes as a file, the engine's own share of a tool call, and a thousand slow calls.

A catalogue of 7 500 tools, listed over 64 keep-alive connections, the two taking turns.  A call to a worker (nginx with a ready answer),
directly and through the engine over one keep-alive connection, the two taking turns.  Health, token reads and confirm_user while 1 000
calls wait at slow workers, beside the same without them.  Goals: the speed of a static file (accepted from 0.75 of nginx's requests/s);
0.3 ms of a call; as fast as before.  TB_BENCH_ROUNDS (5), TB_BENCH_SECONDS (2), TB_BENCH_FLOWS (200).
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

import crowd
import world

ROUNDS, SECONDS = int(os.environ.get('TB_BENCH_ROUNDS', '5')), min(3, int(os.environ.get('TB_BENCH_SECONDS', '2')))
FLOWS, TOOLS, KIT = int(os.environ.get('TB_BENCH_FLOWS', '200')), 7500, 50
PAGES = {'a usual page, 25 tools': '/v1/tools?offset=3000', 'a large page, 100 tools': '/v1/tools?limit=100&offset=3000',
         'the largest, 100 tools in three formats': '/v1/tools?limit=100&include_format=arcade,openai,anthropic'}
INVOKE = {'tool_name': 'Kit0.Tool0', 'input': {'owner': 'a', 'name': 'b', 'text': 'c'}}
LOCATIONS = """location = /worker/tools/invoke { return 200 '{"success":true,"output":{"value":1}}'; }
    location / { root %s/www; }"""


def put(folder, name, text):
    path = f'{folder}/www/{name}'
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(text)


def start_nginx(folder, port):
    put(folder, 'worker/tools', json.dumps([crowd.tool(f'Kit{n // KIT}', n) for n in range(TOOLS)]).encode())
    put(folder, 'worker/health', b'{"status":"ok"}')
    return world.Nginx(folder, port, LOCATIONS % folder, 'sendfile on; tcp_nopush on; open_file_cache max=100;', stderr=subprocess.DEVNULL)


def in_turns(sides):
    """{name: medians} of {name: function that gives a round}."""
    rounds = {name: [] for name in sides}
    for turn in range(ROUNDS):
        for name in list(sides) if turn % 2 == 0 else reversed(list(sides)):
            rounds[name].append(sides[name]())
    return {name: world.medians(got) for name, got in rounds.items()}


def asked(url, key, connections, path, method='GET', *more):
    return world.wrk(url, connections, SECONDS, 'request.lua', key, method, path, *more)


# ---- the catalogue ----
def listed(engine, other, folder):
    total = TOOLS + crowd.WORKERS
    crowd.until('the whole catalogue', lambda: json.loads(world.call(engine.url, engine.key, 'GET', '/v1/tools'))['total_count'] == total)
    rows = {}
    for n, (what, path) in enumerate(PAGES.items()):
        body = world.call(engine.url, engine.key, 'GET', path)
        put(folder, f'page{n}.json', body)
        rows[what] = in_turns({'ours': lambda path=path: asked(engine.url, engine.key, 64, path),
                               'nginx': lambda n=n: asked(other, engine.key, 64, f'/page{n}.json')})
        rows[what]['bytes'] = len(body)
    return rows


# ---- a call ----
def called(engine, other):
    body, good = json.dumps(INVOKE), '"success":true'
    return in_turns({'direct': lambda: asked(other, engine.key, 1, '/worker/tools/invoke', 'POST', body, good),
                     'through': lambda: asked(engine.url, engine.key, 1, '/v1/tools/execute', 'POST', body, good)})


# ---- beside a thousand slow calls ----
def served(engine, people, flows):
    """{what: medians}"""
    reads = in_turns({'health': lambda: asked(engine.url, engine.key, 8, '/v1/health'),
                      'token reads': lambda: world.wrk(engine.url, 8, SECONDS, 'authorize.lua', engine.key, 1)})
    took = sorted(people.confirm(f) for f in flows)
    reads['confirm_user'] = {'p50': statistics.median(took), 'p99': took[-1 - len(took) // 100], 'wrong': 0}
    return reads


def beside(engine, workers, simulator):
    people = crowd.People(simulator, engine)
    people.confirm(people.flow(1))
    world.ask(engine.url, engine.key)
    flows = [people.flow(2 + n) for n in range(2 * FLOWS)]
    calm = served(engine, people, flows[:FLOWS])
    with crowd.Crowd(engine, workers) as held:
        busy = served(engine, people, flows[FLOWS:])
        rss = engine.memory_kb()['VmRSS'] / 1024
    return {'calm': calm, 'busy': busy, 'wrong': held.wrong, 'rss': rss}


# ---- the report ----
def goals(pages, call, slow):
    for what, row in pages.items():
        ratio = row['ours']['rate'] / row['nginx']['rate']
        yield (f"{what} of {TOOLS}, requests/s beside nginx with a file of the same {row['bytes']} bytes", f'{ratio:.2f} x', '>= 1 x, accepted 0.75 x',
               'yes' if ratio >= 1 else 'accepted' if ratio >= 0.75 else '**no**')
    share = (call['through']['p50'] - call['direct']['p50']) / 1000
    yield ("the engine's own share of a tool call, p50", f'{share:.2f} ms', '<= 0.3 ms', world.met(share <= 0.3))
    for what, calm in slow['calm'].items():
        ratio = slow['busy'][what]['p50'] / calm['p50']
        yield (f'{what} beside {crowd.WORKERS * crowd.EACH} slow tool calls, p50 beside a calm engine', f'{ratio:.2f} x', '<= 1.2 x', world.met(ratio <= 1.2))


def milliseconds(row):
    return f"{row['p50'] / 1000:.2f} ms | {row['p99'] / 1000:.2f} ms"


def text_of(pages, call, slow):
    lines = ['| list | bytes | | requests/s | p50 | p99 | wrong answers |', '|---|---:|---|---:|---:|---:|---:|']
    for what, row in pages.items():
        for name in ('ours', 'nginx'):
            lines.append(f"| {what} | {row['bytes']} | {name} | {row[name]['rate']:.0f} | {milliseconds(row[name])} | {row[name]['wrong']} |")
    lines += ['', '| a call, one after the other | calls/s | p50 | p99 | wrong answers |', '|---|---:|---:|---:|---:|']
    for name, words in (('direct', 'to the worker'), ('through', 'through the engine')):
        lines.append(f"| {words} | {call[name]['rate']:.0f} | {milliseconds(call[name])} | {call[name]['wrong']} |")
    lines += ['', f'| beside {crowd.WORKERS * crowd.EACH} slow calls | calm p50 | calm p99 | p50 | p99 |', '|---|---:|---:|---:|---:|']
    for what, calm in slow['calm'].items():
        lines.append(f"| {what} | {milliseconds(calm)} | {milliseconds(slow['busy'][what])} |")
    return '\n'.join(lines)


def write(pages, call, slow):
    text = text_of(pages, call, slow)
    print(text)
    world.write('tools', 'the catalogue beside a static file, a tool call beside its worker, and a thousand slow calls', list(goals(pages, call, slow)), f"""{text}

Lists: 64 connections, medians of {ROUNDS} rounds of {SECONDS} s, taking turns.  Calls: the worker is nginx with a ready answer; the JWT that shows the engine
to it, the request with its context, the answer's JSON and the record of the run are the engine's share.  Slow calls: {crowd.WORKERS} workers with
{crowd.EACH} calls each, held until everything else was measured; health and token reads over 8 connections, {FLOWS} users confirmed one after the
other.  RSS with them: {slow['rss']:.1f} MB; calls answered wrongly in the end: {slow['wrong']}.""")
    wrong = slow['wrong'] + sum(r['wrong'] for part in (*pages.values(), call, slow['calm'], slow['busy']) for r in part.values() if isinstance(r, dict))
    if wrong:
        sys.exit(f'{wrong} wrong answers')


def main():
    with tempfile.TemporaryDirectory(prefix='tb-bench-') as folder, crowd.Simulator() as simulator:
        port, workers = world.free_port(), crowd.SlowWorkers()
        kits = '        - {id: kits, http: {uri: "http://127.0.0.1:%d", secret: bench-secret, timeout: 20}}\n' % port
        with start_nginx(folder, port), world.Engine(f'{folder}/data', crowd.config(simulator, workers.config() + kits)) as engine:
            other = f'http://127.0.0.1:{port}'
            write(listed(engine, other, folder), called(engine, other), beside(engine, workers, simulator))


if __name__ == '__main__':
    main()
