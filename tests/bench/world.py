# SPDX-License-Identifier: Apache-2.0
"""What the benches share: an engine on a folder with grants, nginx beside it, wrk, and the file RESULTS.md.

Everything listens on 127.0.0.1 only and is ended by its process id.  Nothing asserts a time.
"""
import datetime
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('TB_BUILD', f'{ROOT}/build')
RESULTS = f'{HERE}/RESULTS.md'
ORDER = ('read', 'million', 'idle', 'parked', 'tools', 'start', 'writes', 'size', 'parts')
LOAD = os.getloadavg()[0]  # before this bench did anything

HEAD = """# What `./bench` measured

`./bench` runs all of it and writes this file; `./bench NAME` replaces that bench's rows and section only.  Where a goal is
missed, the section says where the time goes.  wrk runs with one thread on the same machine, so on two cores it takes up to one of
them and is itself the limit above some 130 000 requests/s: ratios of one run compare, numbers of two machines or two days do not.

"""
COLUMNS = '| bench | what | measured | goal | met |\n|---|---|---:|---:|---|\n'


class Ended:
    """A process of ours; ended by its id when the block ends."""

    def __init__(self, args, **how):
        self.process = subprocess.Popen(args, **how)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


NGINX = """
daemon off;
%(user)s
worker_processes auto;
pid %(dir)s/nginx.pid;
error_log %(dir)s/nginx.err;
worker_rlimit_nofile 8192;
events { worker_connections 2048; }
http {
  access_log off; %(files)s
  client_body_temp_path %(dir)s/body; proxy_temp_path %(dir)s/proxy; fastcgi_temp_path %(dir)s/fastcgi;
  uwsgi_temp_path %(dir)s/uwsgi; scgi_temp_path %(dir)s/scgi;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:%(port)d reuseport backlog=4096;
    default_type application/json;
    %(locations)s
  }
}
"""


class Nginx(Ended):
    """nginx on 127.0.0.1, its files in `folder`; locations: of its only server; files: directives for serving them."""

    def __init__(self, folder, port, locations, files='', **how):
        user = 'user root;' if os.getuid() == 0 else ''
        with open(f'{folder}/nginx.conf', 'w', encoding='utf-8') as f:
            f.write(NGINX % {'dir': folder, 'port': port, 'user': user, 'locations': locations, 'files': files})
        super().__init__(['nginx', '-e', f'{folder}/nginx.err', '-p', folder, '-c', f'{folder}/nginx.conf'], **how)
        end = time.monotonic() + 30
        while not listens(port):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit('nginx did not start: ' + open(f'{folder}/nginx.err', encoding='utf-8').read())
            time.sleep(0.02)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


class Engine(Ended):
    """`tokenbooth serve` on a folder, with the text of an engine.yaml or none; url and port once it is ready, key in a new folder."""

    def __init__(self, data, config=None):
        environ = {k: v for k, v in os.environ.items() if not k.startswith(('ARCADE_', 'TOKENBOOTH_'))}
        args = [f'{BUILD}/tokenbooth', 'serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'warn', '--json']
        if config is not None:
            with open(f'{data}.yaml', 'w', encoding='utf-8') as f:
                f.write(config)
            args += ['--config', f'{data}.yaml']
        self.log = open(f'{data}.log', 'wb')
        super().__init__(args, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environ)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            sys.exit('the engine did not start: ' + open(f'{data}.log', encoding='utf-8').read())
        ready = json.loads(line)
        self.url, self.key = ready['url'], ready.get('api_key')
        self.port = int(self.url.rsplit(':', 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *what):
        super().__exit__(*what)
        self.process.stdout.close()
        self.log.close()

    def memory_kb(self):
        """{'VmRSS': ..., 'RssAnon': ..., ...}"""
        with open(f'/proc/{self.process.pid}/status', encoding='utf-8') as f:
            return {m[1]: int(m[2]) for m in re.finditer(r'(VmRSS|VmHWM|RssAnon|RssFile|RssShmem):\s+(\d+) kB', f.read())}

    def cpu_s(self):
        """(in our code, in the kernel)"""
        with open(f'/proc/{self.process.pid}/stat', encoding='utf-8') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        tick = os.sysconf('SC_CLK_TCK')
        return int(fields[11]) / tick, int(fields[12]) / tick


class Folder:
    """A data folder with n grants and its API key; in a temporary place."""

    def __init__(self, n):
        self.n = n

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix='tb-bench-')
        self.data = f'{self.top}/data'
        self.key = seed(self.data, self.n)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top)


def seed(data, n):
    out = subprocess.run([f'{BUILD}/tests/bench/bench_seed', str(n), data], check=True, capture_output=True, text=True).stdout
    return re.search(r'ARCADE_API_KEY=(\S+)', out).group(1)


def kept_folder(n):
    """(data, key) of a folder that is seeded once and kept beside the build: a million grants take some minutes."""
    top = f'{BUILD}/bench/{n}'
    if not os.path.exists(f'{top}/key'):
        shutil.rmtree(top, ignore_errors=True)
        os.makedirs(top)
        print(f'seeding {n} grants into {top}; this is done once ...', flush=True)
        key = seed(f'{top}/data', n)
        with open(f'{top}/key.new', 'w', encoding='utf-8', opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(key)
        os.rename(f'{top}/key.new', f'{top}/key')
    with open(f'{top}/key', encoding='utf-8') as f:
        return f'{top}/data', f.read()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def call(url, key, method, path, body=None):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), method=method,
                                     headers={'Authorization': 'Bearer ' + key, 'Content-Type': 'application/json'})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def ask(url, key, user=1):
    """A granted authorize; its text."""
    body = {'user_id': f'user-{user}@example.com',
            'auth_requirement': {'provider_id': 'discord', 'provider_type': 'oauth2', 'oauth2': {'scopes': ['identify']}}}
    text = call(url, key, 'POST', '/v1/auth/authorize', body)
    if json.loads(text).get('status') != 'completed' or not json.loads(text)['context']['token']:
        sys.exit('the engine does not answer a granted authorize with a token')
    return text


def wrk(url, connections, seconds, script, *args):
    """What the script prints at its end, and requests/s as `rate`."""
    out = subprocess.run(['wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '-s', f'{HERE}/{script}', url, '--', *map(str, args)],
                         check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    got = json.loads(out.strip().split('\n')[-1])
    got['rate'] = got['requests'] * 1e6 / got['us']
    got['wrong'] = got['refused'] + got['broken']
    return got


def medians(rounds):
    """Of each number over the rounds; wrong answers are added up."""
    return {k: sum(r[k] for r in rounds) if k == 'wrong' else statistics.median(r[k] for r in rounds) for k in rounds[0]}


def machine():
    cpu = 'unknown processor'
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                cpu = line.split(':', 1)[1].strip()
                break
    return f'{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}'


def met(yes):
    return 'yes' if yes else '**no**'


def read_results():
    """(rows by bench, section by bench)"""
    rows, sections = {}, {}
    try:
        with open(RESULTS, encoding='utf-8') as f:
            text = f.read()
    except FileNotFoundError:
        return rows, sections
    top, *rest = re.split(r'^## ', text, flags=re.M)
    for line in top.split('\n'):
        m = re.match(r'\| (\w+) \| ', line)
        if m and m[1] in ORDER:
            rows.setdefault(m[1], []).append(line)
    for part in rest:
        sections[part.split(':', 1)[0]] = part.strip()
    return rows, sections


def write(name, title, rows, text):
    """rows: (what, measured, goal, met) each; they replace the bench's rows in the table, `text` replaces its section."""
    old_rows, sections = read_results()
    old_rows[name] = ['| ' + ' | '.join((name, *row)) + ' |' for row in rows]
    sections[name] = f"""{name}: {title}

{text.strip()}

- machine: {machine()}
- load average before: {LOAD:.1f} (anything much above 0 disturbs)
- date: {datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M')} UTC
- command: `./bench {name}`"""
    table = COLUMNS + '\n'.join(line for n in ORDER for line in old_rows.get(n, []))
    with open(RESULTS, 'w', encoding='utf-8') as f:
        f.write(HEAD + table + '\n\n' + '\n\n'.join('## ' + sections[n] for n in ORDER if n in sections) + '\n')
    for row in rows:
        print('  ' + '  '.join(row))
