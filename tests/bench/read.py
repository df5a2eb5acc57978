#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A granted POST /v1/auth/authorize beside nginx's `return 200` with a body of the same size, in the same run.

The two take turns; a row is the median of the rounds.  Both write no access log.  Everything listens on 127.0.0.1 only and is
ended by its process id.  Prints the table and writes it to tests/bench/RESULTS.md; asserts no time.
"""
import datetime
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('TB_BUILD', f'{ROOT}/build')
USERS = int(os.environ.get('TB_BENCH_USERS', '1000'))
ROUNDS = int(os.environ.get('TB_BENCH_ROUNDS', '5'))
SECONDS = min(3, int(os.environ.get('TB_BENCH_SECONDS', '2')))
CONNECTIONS = (1, 64, 512)

NGINX = """
daemon off;
%(user)s
worker_processes auto;
pid %(dir)s/nginx.pid;
error_log %(dir)s/nginx.err;
worker_rlimit_nofile 8192;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path %(dir)s/body; proxy_temp_path %(dir)s/proxy; fastcgi_temp_path %(dir)s/fastcgi;
  uwsgi_temp_path %(dir)s/uwsgi; scgi_temp_path %(dir)s/scgi;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:%(port)d reuseport backlog=4096;
    default_type application/json;
    location / { return 200 '%(body)s'; }
  }
}
"""


class Ended:
    """A process of ours; ended by its id when the block ends."""

    def __init__(self, args, **how):
        self.process = subprocess.Popen(args, **how)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def seed(data):
    out = subprocess.run([f'{BUILD}/tests/bench/bench_seed', str(USERS), data], check=True, capture_output=True, text=True).stdout
    return re.search(r'ARCADE_API_KEY=(\S+)', out).group(1)


def ask(url, key):
    body = {'user_id': 'user-1@example.com',
            'auth_requirement': {'provider_id': 'discord', 'provider_type': 'oauth2', 'oauth2': {'scopes': ['identify']}}}
    request = urllib.request.Request(url + '/v1/auth/authorize', json.dumps(body).encode(),
                                     {'Authorization': 'Bearer ' + key, 'Content-Type': 'application/json'})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    if json.loads(text).get('status') != 'completed' or not json.loads(text)['context']['token']:
        sys.exit('the engine does not answer a granted authorize with a token')
    return text


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


def run_wrk(url, connections, key):
    out = subprocess.run(['wrk', '-t1', f'-c{connections}', f'-d{SECONDS}s', '-s', f'{HERE}/authorize.lua', url, '--', key, str(USERS)],
                         check=True, capture_output=True, text=True, timeout=60).stdout
    got = json.loads(out.strip().split('\n')[-1])
    got['rate'] = got['requests'] * 1e6 / got['us']
    return got


def measure(urls, key):
    """rows[connections][name] = medians"""
    rows = {}
    for connections in CONNECTIONS:
        rounds = {name: [] for name in urls}
        for _ in range(ROUNDS):
            for name, url in urls.items():
                rounds[name].append(run_wrk(url, connections, key))
        rows[connections] = {name: {what: statistics.median(r[what] for r in got) for what in ('rate', 'p50', 'p99')} |
                             {'wrong': sum(r['refused'] + r['broken'] for r in got)} for name, got in rounds.items()}
    return rows


def machine():
    cpu = 'unknown processor'
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                cpu = line.split(':', 1)[1].strip()
                break
    return f'{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}'


def table(rows):
    lines = ['| connections | ours / nginx | ours, requests/s | nginx, requests/s | ours p50 | ours p99 | nginx p50 | nginx p99 | wrong answers |',
             '|---:|---:|---:|---:|---:|---:|---:|---:|---:|']
    for connections, row in rows.items():
        ours, nginx = row['ours'], row['nginx']
        lines.append(f"| {connections} | {ours['rate'] / nginx['rate']:.2f} | {ours['rate']:.0f} | {nginx['rate']:.0f} | "
                     f"{ours['p50'] / 1000:.2f} ms | {ours['p99'] / 1000:.2f} ms | {nginx['p50'] / 1000:.2f} ms | "
                     f"{nginx['p99'] / 1000:.2f} ms | {ours['wrong'] + nginx['wrong']} |")
    return '\n'.join(lines)


def serve(folder):
    environ = {k: v for k, v in os.environ.items() if not k.startswith(('ARCADE_', 'TOKENBOOTH_'))}
    args = [f'{BUILD}/tokenbooth', 'serve', '--data', f'{folder}/data', '--listen', '127.0.0.1:0', '--log-level', 'warn', '--json']
    return Ended(args, stdout=subprocess.PIPE, stderr=open(f'{folder}/serve.log', 'wb'), text=True, env=environ)


def start_nginx(folder, port, body):
    user = 'user root;' if os.getuid() == 0 else ''
    text = body.decode().replace('\\', '\\\\').replace("'", "\\'")
    with open(f'{folder}/nginx.conf', 'w', encoding='utf-8') as f:
        f.write(NGINX % {'dir': folder, 'port': port, 'user': user, 'body': text})
    return Ended(['nginx', '-e', f'{folder}/nginx.err', '-p', folder, '-c', f'{folder}/nginx.conf'])


def main():
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix='tb-bench-') as folder:
        key = seed(f'{folder}/data')
        with serve(folder) as engine:
            line = engine.stdout.readline()
            if not line:
                sys.exit('the engine did not start: ' + open(f'{folder}/serve.log', encoding='utf-8').read())
            url, port = json.loads(line)['url'], free_port()
            body = ask(url, key)
            with start_nginx(folder, port, re.sub(rb'"token":"[^"]*"', lambda m: b'"token":"' + b'x' * (len(m[0]) - 10) + b'"', body)) as nginx:
                other = f'http://127.0.0.1:{port}'
                wait_for(other, nginx, len(body))
                rows = measure({'ours': url, 'nginx': other}, key)
    text = table(rows)
    print(text)
    with open(f'{HERE}/RESULTS.md', 'w', encoding='utf-8') as f:
        f.write(f"""# Granted `POST /v1/auth/authorize` beside nginx `return 200`

{text}

Both answer with a body of {len(body)} bytes; ours reads the body, checks the API key, finds the provider and the grant, and opens
the sealed token for every request.  Medians of {ROUNDS} rounds of {SECONDS} s, taking turns; wrk with one thread on the same
machine, {USERS} users in turn, no access log on either side.  Numbers of two machines, or of two days, do not compare; the
ratio is what to look at.

- machine: {machine()}
- load average before: {load:.1f} (anything much above 0 disturbs both, and not alike)
- date: {datetime.date.today().isoformat()}
- command: `./bench read`
""")


main()
