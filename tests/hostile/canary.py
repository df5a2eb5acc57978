# SPDX-License-Identifier: Apache-2.0
"""Canaries: values that stand where secrets stand, the spellings in which one could come out again, and the search for them.

The search itself is GNU grep's (-F takes any number of fixed strings in one pass), so what is looked for is in no regular expression of ours."""
import base64
import bisect
import html
import json
import os
import secrets
import subprocess
import threading
import urllib.parse


class Canaries:
    """Every secret of a run by value; safe to fill from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self.kinds = {}

    def add(self, kind, value):
        assert len(value) >= 11, (kind, value)  # as long as the shortest, a recovery code: not there by chance
        with self._lock:
            self.kinds[value] = kind
        return value

    def make(self, kind, odd="+/~"):
        """A fresh one; `odd` are characters that look different in a URL or in JSON."""
        return self.add(kind, secrets.token_hex(9) + odd + secrets.token_hex(9).upper())

    def of(self, *kinds):
        with self._lock:
            return {v: k for v, k in self.kinds.items() if k in kinds}

    def __len__(self):
        return len(self.kinds)


def _base64(b):
    """What the value looks like inside base64 text at each of the three places it can begin at, without the characters its neighbours have a say in."""
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + b + b"\0" * (-(lead + len(b)) % 3))
        first = (lead * 8 + 5) // 6
        last = (lead + len(b)) * 8 // 6
        yield text[first:last]
        yield text[first:last].replace(b"+", b"-").replace(b"/", b"_")


def spellings(value):
    """name -> set of byte strings, each of which gives the value away."""
    b = value.encode()
    quoted = {urllib.parse.quote(value, safe=safe) for safe in ("", "/", "~", "+/~")} | {urllib.parse.quote_plus(value)}
    percent = {q.encode() for q in quoted} | {"".join(f"%{c:02X}" for c in b).encode(), "".join(f"%{c:02x}" for c in b).encode()}
    percent |= {q.encode().lower() if q.lower() != q and value.lower() == value else q.encode() for q in quoted}
    return {
        "clear": {b},
        "base64": set(_base64(b)),
        "hex": {b.hex().encode(), b.hex().upper().encode()},
        "percent": percent - {b},
        "json": {json.dumps(value)[1:-1].encode(), json.dumps(value)[1:-1].replace("/", "\\/").encode(), "".join(f"\\u{c:04x}" for c in b).encode(),
                 "".join(f"\\u{c:04X}" for c in b).encode()} - {b},
        "html": {html.escape(value).encode(), "".join(f"&#{c};" for c in b).encode()} - {b},
    }


PIECE = 12


def pieces(value):
    """Parts of a value, each too long to be there by chance: of a freed piece of memory the beginning is overwritten first."""
    b = value.encode()
    return {b[i:i + PIECE] for i in range(0, len(b) - PIECE + 1, PIECE)}


class Search:
    """All spellings of all canaries, looked for in files in one pass each."""

    def __init__(self, canaries, in_pieces=False):
        self.what = {}
        for value, kind in dict(canaries).items():
            for name, forms in spellings(value).items():
                for form in forms:
                    self.what[form] = (kind, name, value)
            for form in pieces(value) if in_pieces else ():
                self.what.setdefault(form, (kind, "a part", value))
        assert not any(b"\n" in form for form in self.what)

    def files(self, folder, paths):
        """[(kind, spelling, value, path, offset)]"""
        listed = os.path.join(folder, "patterns")
        with open(listed, "wb") as f:
            f.write(b"\n".join(self.what) + b"\n")
        found = []
        for path in paths:
            r = subprocess.run(["grep", "-aobF", "-f", listed, os.fspath(path)], capture_output=True, env={**os.environ, "LC_ALL": "C"}, timeout=300)
            assert r.returncode in (0, 1), r.stderr
            for line in r.stdout.splitlines():
                at, _, form = line.partition(b":")
                found.append((*self.what[form], os.fspath(path), int(at)))
        os.unlink(listed)
        return found

    def texts(self, folder, texts):
        """The same for {place: bytes}, in one pass; the place stands where a path would, and offsets are those of the place."""
        path, places, starts, at = os.path.join(folder, "texts"), list(texts), [], 0
        with open(path, "wb") as f:
            for place in places:
                starts.append(at)
                at += f.write(bytes(texts[place]) + b"\n")
        found = []
        for kind, spelling, value, _, at in self.files(folder, [path]):
            i = bisect.bisect_right(starts, at) - 1
            found.append((kind, spelling, value, places[i], at - starts[i]))
        os.unlink(path)
        return found


class Image:
    """What a core file would hold: every readable and writable page of a live process, in one file, with the place of each byte."""

    def __init__(self, pid, path):
        self.path, self.parts, at = path, [], 0
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem, open(path, "wb") as out:
            for line in maps:
                span, mode, _, _, _, *name = line.split(maxsplit=5)
                if not mode.startswith("rw"):
                    continue
                first, last = (int(x, 16) for x in span.split("-"))
                start = at
                for page in range(first, last, 1 << 20):
                    mem.seek(page)
                    try:
                        text = mem.read(min(1 << 20, last - page))
                    except OSError:  # given back between the list and the reading
                        break
                    out.write(text)
                    at += len(text)
                self.parts.append((start, at, first, name[0].strip() if name else "anonymous"))

    def where(self, at):
        for start, end, first, name in self.parts:
            if start <= at < end:
                return f"{name} {first + at - start:#x}"
        return "?"

    def around(self, at, before=64, after=96):
        with open(self.path, "rb") as f:
            f.seek(max(0, at - before))
            return f.read(before + after)
