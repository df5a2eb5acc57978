#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our JSON reader and writer against Python's json: the same documents are refused, the others mean the same.
Documents are made from a seed (argument 2, else 1), by writing random values and then damaging half of the texts."""
import json
import random
import subprocess
import sys

SEEDS = [b'', b' ', b'{}', b'[]', b'null', b'nul', b'tru', b'-', b'-0', b'-0.0', b'01', b'1.', b'.1', b'1e5', b'1E+5', b'1e-5',
         b'1e400', b'-1e400', b'1e-400', b'9223372036854775807', b'9223372036854775808', b'-9223372036854775808',
         b'-9223372036854775809', b'"\\u0000"', b'"\\ud800"', b'"\\udc00"', b'"\\ud83d\\ude00"', b'"\\ud83dx"', b'"\x7f"',
         b'"\x1f"', b'"\xff"', b'"\xc3\xa9"', b'\xef\xbb\xbf{}', b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'[1,]', b'{,}',
         b'{"a":1,}', b'[' * 64 + b']' * 64, b'[' * 65 + b']' * 65, b'NaN', b'Infinity', b'-Infinity', b'[1]x', b'[1] [2]',
         b'"a', b'{"a"}', b'{"a":}', b'{1:2}', b"{'a':1}", b'/**/1', b'\x0b1', b'\xc2\xa01', b'1\x00', b'"\\/"', b'"\\a"',
         b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'0.1', b'123456789.123456789', b'5e-324', b'1.7976931348623157e308',
         b'1.7976931348623159e308', b'{"":{"":{}}}', b'[0,-1,1.0,true,false,null,"x"]', b'"\\u00e9\\n\\t\\\\\\""']


class Refused(Exception):
    pass


def pairs(items):
    d = dict(items)
    if len(d) != len(items):
        raise Refused('a key twice')
    return d


def integer(z):
    v = int(z)
    if not -2**63 <= v < 2**63:
        raise Refused('too large')
    return v


def real(z):
    v = float(z)
    if v in (float('inf'), float('-inf')):
        raise Refused('too large')
    return v


def constant(z):
    raise Refused(z)


def walk(v, level):
    """Our further rules: no U+0000, no lone surrogate, at most 64 levels."""
    if isinstance(v, str):
        v.encode('utf-8')
        if '\0' in v:
            raise Refused('U+0000')
    elif isinstance(v, (dict, list)):
        if level == 64:
            raise Refused('depth')
        for k in v:
            walk(k, level + 1)
            if isinstance(v, dict):
                walk(v[k], level + 1)


def python(text):
    try:
        v = json.loads(text.decode('utf-8'), object_pairs_hook=pairs, parse_int=integer, parse_float=real,
                       parse_constant=constant)
        walk(v, 0)
        return True, v
    except (Refused, ValueError, RecursionError):
        return False, None


def value(r, level=0):
    kind = r.randrange(9 if level < 5 else 6)
    if kind == 0:
        return r.choice([None, True, False])
    if kind == 1:
        return r.choice([0, -1, 1, r.randrange(-2**63, 2**63), r.randrange(-99, 99), 2**63, -2**63])
    if kind == 2:
        return r.choice([0.5, -0.25, r.random(), r.uniform(-1e308, 1e308), r.random() * 10 ** r.randrange(-300, 300)])
    if kind < 6:
        return ''.join(r.choice('ab"\\/\n\t\r\x7f\x01\u00e9\u2028\U0001f600{}[],:') for _ in range(r.randrange(8)))
    if kind == 6:
        return [value(r, level + 1) for _ in range(r.randrange(5))]
    return {'k%d' % r.randrange(6): value(r, level + 1) for _ in range(r.randrange(5))}


def damage(r, b):
    b = bytearray(b)
    for _ in range(r.randrange(1, 4)):
        at = r.randrange(len(b) + 1)
        what = r.randrange(4)
        if what == 0 and at < len(b):
            del b[at]
        elif what == 1:
            b.insert(at, r.choice(b'{}[],:"\\0123456789eE+-. \n\tnutf\x00\x80\xff\xc3u'))
        elif what == 2 and at < len(b):
            b[at] = r.randrange(256)
        else:
            b[at:at] = b[max(0, at - r.randrange(6)):at]
    return bytes(b)


def corpus(seed):
    r = random.Random(seed)
    yield from SEEDS
    for _ in range(20000):
        z = json.dumps(value(r), ensure_ascii=r.random() < 0.5, indent=r.choice([None, None, 1]))
        b = z.encode('utf-8')
        yield damage(r, b) if r.random() < 0.5 else b


def main():
    docs = list(corpus(int(sys.argv[2]) if len(sys.argv) > 2 else 1))
    feed = b''.join(b'%d\n%s' % (len(d), d) for d in docs)
    run = subprocess.run([sys.argv[1]], input=feed, capture_output=True)
    lines = run.stdout.split(b'\n')[:-1]
    if run.returncode != 0 or len(lines) != len(docs):
        sys.exit(f'json_echo ended early: status {run.returncode}, {len(lines)} of {len(docs)} answers\n{run.stderr.decode()}')
    wrong = good = 0
    for doc, line in zip(docs, lines):
        ok, want = python(doc)
        good += ok
        got = json.loads(line) if line != b'bad' else None
        if (line != b'bad') != ok or (ok and repr(got) != repr(want)):
            wrong += 1
            if wrong < 10:
                print(f'{doc!r}\n  python: {want if ok else "refused"!r}\n  ours:   {line!r}')
    print(f'{len(docs)} documents, {good} of them JSON, {wrong} read otherwise than by Python')
    if not 1000 < good < len(docs) - 1000:
        sys.exit('the corpus is lopsided')
    sys.exit(1 if wrong else 0)


main()
