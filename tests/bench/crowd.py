# SPDX-License-Identifier: Apache-2.0
"""A thousand tool calls that wait on their workers, and users who go all the way to confirm_user: for tools.py."""
import asyncio
import html.parser
import http.cookiejar
import json
import select
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import world

WORKERS, EACH = 8, 125  # at most 128 calls wait for one peer, 1024 in all
CLIENT = ('1199990000000000001', 'sim-client-secret-c0ffee')


def tool(kit, n, parameters=('owner', 'name', 'text')):
    schema = {'val_type': 'string', 'inner_val_type': None, 'enum': None}
    return {'name': f'Tool{n}', 'description': f'Does the {n}th thing that can be done with a thing.',
            'toolkit': {'name': kit, 'description': 'A kit', 'version': '1.0.0'},
            'input': {'parameters': [{'name': p, 'required': True, 'description': f'The {p}', 'inferrable': True, 'value_schema': schema} for p in parameters]},
            'output': {'description': 'What came', 'available_modes': ['value', 'error'], 'value_schema': schema},
            'requirements': {'authorization': None, 'secrets': None, 'metadata': None}}


class SlowWorkers:
    """WORKERS workers at one address, each under a path of its own; they hold every call until they are let go."""

    def __init__(self):
        self.held, self.loop, self.ready = 0, asyncio.new_event_loop(), threading.Event()
        threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),), daemon=True).start()
        self.ready.wait(10)

    async def serve(self):
        self.go = asyncio.Event()
        server = await asyncio.start_server(self.answer, '127.0.0.1', 0, backlog=1024)
        self.uri = 'http://127.0.0.1:%d' % server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def answer(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b'\r\n\r\n')).decode()
                length = [int(line.split(':')[1]) for line in head.split('\r\n') if line.lower().startswith('content-length:')]
                await reader.readexactly(length[0] if length else 0)
                body = await self.body(head.split(' ')[1])
                text = json.dumps(body).encode()
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' % (len(text), text))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def body(self, path):
        if path.endswith('/invoke'):
            self.held += 1
            await self.go.wait()
            return {'success': True, 'output': {'value': 'late'}}
        return [tool('Slow' + path.split('/')[1], 0, ())] if path.endswith('/tools') else {'status': 'ok'}

    def config(self):
        """The lines of engine.yaml that declare them."""
        return ''.join('        - {id: slow%d, http: {uri: "%s/%d", secret: bench-secret, timeout: 300}}\n' % (n, self.uri, n) for n in range(WORKERS))

    def let_go(self):
        self.loop.call_soon_threadsafe(self.go.set)


def until(what, check):
    end = time.monotonic() + 120
    while not check():
        if time.monotonic() > end:
            raise SystemExit(f'waited in vain for {what}')
        time.sleep(0.05)


class Crowd:
    """All calls of all slow workers, sent and held inside the block; `wrong` of the answers after it."""

    def __init__(self, engine, workers):
        self.engine, self.workers = engine, workers

    def __enter__(self):
        self.calls = []
        for n in range(WORKERS * EACH):
            body = json.dumps({'tool_name': f'Slow{n % WORKERS}.Tool0'})
            s = socket.create_connection(('127.0.0.1', self.engine.port))
            s.sendall(f'POST /v1/tools/execute HTTP/1.1\r\nHost: 127.0.0.1:{self.engine.port}\r\nAuthorization: Bearer {self.engine.key}\r\n'
                      f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}'.encode())
            self.calls.append(s)
        until('a thousand calls at their workers', lambda: self.workers.held == WORKERS * EACH)
        return self

    def __exit__(self, *_):
        early = len(select.select(self.calls, [], [], 0)[0]) if max(s.fileno() for s in self.calls) < 1024 else 0
        self.workers.let_go()
        self.wrong = early
        for s in self.calls:
            s.settimeout(60)
            self.wrong += b'"value":"late"' not in s.recv(4096)
            s.close()


# ---- users who consent ----
class Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Form(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == 'form' and self.action is None:
            self.action = a.get('action')
        elif tag == 'input' and a.get('type') not in ('submit', 'radio', 'checkbox') and a.get('name'):
            self.fields[a['name']] = a.get('value', '')


class Simulator(world.Ended):
    """A plain http Discord on loopback."""

    def __init__(self):
        super().__init__([f'{world.BUILD}/tokenbooth', 'simulate', 'discord', '--listen', '127.0.0.1:0', '--plain', '--json'],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def told(self, path, body):
        request = urllib.request.Request(self.ready['control'] + path, json.dumps(body).encode(), headers={'Content-Type': 'application/json'})
        urllib.request.urlopen(request, timeout=30).read()


class People:
    """Users of a simulated Discord, each with a browser that goes as far as the verifier."""

    def __init__(self, simulator, engine):
        self.simulator, self.engine = simulator, engine
        made = json.loads(world.call(engine.url, engine.key, 'POST', '/v1/admin/auth_providers',
                                     {'id': 'discord', 'provider_id': 'discord', 'oauth2': {'client_id': CLIENT[0], 'client_secret': CLIENT[1]}}))
        simulator.told('/apps', {'client_id': CLIENT[0], 'client_secret': CLIENT[1], 'redirect_uri': made['oauth2']['redirect_uri']})

    def flow(self, n):
        """(user_id, flow_id): all that is missing is confirm_user."""
        name = f'user-{n}'
        self.simulator.told('/users', {'name': name, 'id': str(90000000000000000 + n), 'username': name, 'global_name': None, 'discriminator': '0',
                                       'avatar': None, 'email': f'{name}@example.com', 'verified': True, 'guilds': []})
        ask = {'user_id': f'{name}@example.com', 'auth_requirement': {'provider_id': 'discord', 'provider_type': 'oauth2', 'oauth2': {'scopes': ['identify']}}}
        link = json.loads(world.call(self.engine.url, self.engine.key, 'POST', '/v1/auth/authorize', ask))['url']
        browser = urllib.request.build_opener(Stays, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page_url = self.redirected(browser, link)
        form = Form(browser.open(page_url, timeout=30).read().decode())
        fields = urllib.parse.urlencode({**form.fields, 'user': name, 'decision': 'allow'}).encode()
        origin = '{0.scheme}://{0.netloc}'.format(urllib.parse.urlsplit(page_url))
        post = urllib.request.Request(urllib.parse.urljoin(page_url, form.action), fields, headers={'Origin': origin})
        verifier = self.redirected(browser, self.redirected(browser, post))
        return f'{name}@example.com', urllib.parse.parse_qs(urllib.parse.urlsplit(verifier).query)['flow_id'][0]

    @staticmethod
    def redirected(browser, request):
        try:
            browser.open(request, timeout=30)
        except urllib.error.HTTPError as e:
            if e.code in (302, 303):
                return e.headers['Location']
        raise SystemExit('a consent did not go on')

    def confirm(self, flow):
        """Microseconds."""
        body = {'flow_id': flow[1], 'user_id': flow[0]}
        began = time.perf_counter()
        world.call(self.engine.url, self.engine.key, 'POST', '/v1/auth/confirm_user', body)
        return (time.perf_counter() - began) * 1e6


def config(simulator, workers):
    return f"""api:
  development: true
verifier:
  url: http://127.0.0.1:9/verify
provider_definitions:
  discord:
    origin: {simulator.ready['url']}
tools:
  directors:
    - id: d
      workers:
{workers}"""
