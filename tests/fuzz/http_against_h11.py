#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our reading of HTTP/1.1 requests against h11: whatever we accept h11 accepts too and reads as the same request, the same body
and the same end (a request that two parties read differently is smuggling); and what h11 reads as plain we do not refuse.

http_against_h11.py HTTP_ECHO CORPUS [N]: the corpus, then N (20000) requests made from a seed and damaged."""
import json
import pathlib
import random
import subprocess
import sys

import h11

METHODS = [b'GET', b'POST', b'PUT', b'PATCH', b'DELETE', b'HEAD', b'OPTIONS']
PIECES = [b'\r', b'\n', b'\r\n', b' ', b'\t', b':', b'\0', b'\x0b', b',', b';', b'chunked', b'Transfer-Encoding: chunked\r\n', b'Content-Length: 5\r\n',
          b'Content-Length: +5\r\n', b'Host: b\r\n', b'\r\n ', b'0', b'5', b'0x5', b'-1', b'HTTP/1.1', b'\x80', b'\xff', b'Connection: close\r\n',
          b'Expect: 100-continue\r\n', b'0\r\n\r\n', b'5\r\nhello\r\n', b'identity', b'"', b'(', b'TE: trailers\r\n', b'Upgrade: h2c\r\n']


def sane(r):
    """A request that nobody can misread."""
    method = r.choice(METHODS)
    target = b'/' + bytes(r.choice(b'abc/%.-_~0') for _ in range(r.randrange(12))) + r.choice([b'', b'?a=1&b=%20', b'?'])
    lines = [b'%s %s HTTP/1.%d' % (method, target, r.random() < 0.9), b'Host: ' + r.choice([b'localhost:9099', b'a.example', b'[::1]:80'])]
    for _ in range(r.randrange(4)):
        name = r.choice([b'Accept', b'X-A', b'Cookie', b'Authorization'])
        if name == b'Authorization' and any(ln.startswith(name) for ln in lines):
            name = b'X-B'  # two of them mean two things: refused
        lines.append(name + r.choice([b': ', b':', b':\t']) +
                     bytes(r.choice(b'abc;=, xyz\xe9') for _ in range(r.randrange(20))))
    body = b''
    kind = r.randrange(3)
    if kind == 1:
        body = bytes(r.randrange(256) for _ in range(r.randrange(20)))
        lines.append(b'Content-Length: %d' % len(body))
    elif kind == 2 and lines[0].endswith(b'1.1'):
        lines.append(b'Transfer-Encoding: chunked')
        for _ in range(r.randrange(4)):
            part = bytes(r.randrange(256) for _ in range(r.randrange(1, 9)))
            body += b'%x%s\r\n%s\r\n' % (len(part), r.choice([b'', b';a=b', b';a="b"']), part)
        body += b'0\r\n' + r.choice([b'', b'X-T: v\r\n']) + b'\r\n'
    r.shuffle(lines[2:])
    return b'\r\n'.join(lines) + b'\r\n\r\n' + body


def damage(r, b):
    for _ in range(r.randrange(1, 4)):
        at, what = r.randrange(len(b) + 1), r.randrange(4)
        if what == 0:
            b = b[:at] + b[at + r.randrange(1, 4):]
        elif what == 1:
            b = b[:at] + r.choice(PIECES) + b[at:]
        elif what == 2:
            b = b[:at] + bytes([r.randrange(256)]) + b[at + 1:]
        else:  # a whole line again, or away
            lines = b.split(b'\r\n')
            k = r.randrange(len(lines))
            lines[k:k + 1] = r.choice([[], [lines[k], lines[k]], [r.choice(PIECES).rstrip(b'\r\n'), lines[k]]])
            b = b'\r\n'.join(lines)
    return b


def theirs(data, skipped=0):
    """(what, request): 'bad', 'more', or 'ok' with what h11 read."""
    conn = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 21)
    head = None
    while data.startswith(b'\r\n'):  # RFC 9112 section 2.2: passed over; h11 does not
        data, skipped = data[2:], skipped + 2
    if not data:
        return 'more', None
    try:
        conn.receive_data(data)
        head = conn.next_event()
        if head is h11.NEED_DATA:
            return 'more', None
        body = b''
        while True:
            event = conn.next_event()
            if event is h11.NEED_DATA:
                return 'more', None
            if isinstance(event, h11.EndOfMessage):
                break
            body += bytes(event.data)
        rest = conn.trailing_data[0]
        return 'ok', {'method': head.method.decode('ascii'), 'target': bytes(head.target), 'minor': int(head.http_version.split(b'.')[1]),
                      'headers': [(bytes(n), bytes(v)) for n, v in head.headers], 'body': body, 'end': skipped + len(data) - len(rest)}
    except h11.RemoteProtocolError as e:
        # Of trailers we check the form and forget the rest; h11 also reads what they say about framing.
        trailer = isinstance(head, h11.Request) and ('Content-Length' in str(e) or 'Transfer-Encoding' in str(e))
        return 'trailer' if trailer else 'bad', None


def ours(line):
    if line == b'more':
        return 'more', None
    if line.startswith(b'bad '):
        return 'bad', None
    v = json.loads(line)
    flat = [bytes.fromhex(h) for h in v['headers']]
    for i in range(0, len(flat), 2):
        if flat[i].lower() == b'transfer-encoding':
            flat[i + 1] = flat[i + 1].lower()  # h11 hands the coding on in small letters, we as it came
    return 'ok', {'method': v['method'], 'target': bytes.fromhex(v['target']), 'minor': v['minor'],
                  'headers': [(flat[i].lower(), flat[i + 1]) for i in range(0, len(flat), 2)], 'body': bytes.fromhex(v['body']), 'end': v['end']}


def main():
    echo, folder, n = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    r = random.Random(1)
    found = [p.read_bytes() for p in sorted(folder.iterdir())]
    plain = [sane(r) for _ in range(n // 10)]
    docs = found + plain + [damage(r, sane(r) if r.random() < 0.8 else r.choice(found)) for _ in range(n - len(plain))]
    run = subprocess.run([echo], input=b''.join(b'%d\n%s' % (len(d), d) for d in docs), capture_output=True)
    lines = run.stdout.split(b'\n')[:-1]
    if run.returncode != 0 or len(lines) != len(docs):
        sys.exit(f'http_echo ended early: status {run.returncode}, {len(lines)} of {len(docs)} answers\n{run.stderr.decode()}')
    wrong = accepted = stricter = 0
    for i, (doc, line) in enumerate(zip(docs, lines)):
        (we, got), (they, want) = ours(line), theirs(doc)
        accepted += we == 'ok'
        stricter += we == 'bad' and they == 'ok'
        sane_one = len(found) <= i < len(found) + len(plain)
        if (we == 'ok' and they != 'trailer' and (they != 'ok' or got != want)) or (sane_one and we != 'ok'):
            wrong += 1
            if wrong < 10:
                print(f'{doc!r}\n  h11:  {they} {want}\n  ours: {we} {got}')
    print(f'{len(docs)} requests, {accepted} accepted, {stricter} refused that h11 would take, {wrong} read otherwise than by h11')
    if not len(docs) // 20 < accepted < len(docs) * 19 // 20:
        sys.exit('the requests are lopsided')
    sys.exit(1 if wrong else 0)


main()
