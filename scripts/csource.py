# SPDX-License-Identifier: Apache-2.0
"""csource.py: just enough C to find the functions of a file.  Used by check-size and check-names.

Comments, the insides of strings and preprocessor lines are blanked first, so that braces and commas count only where
the compiler sees them; line numbers stay as they are.
"""
import re
import subprocess
import sys

BLANK = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tracked(*patterns):
    """Files git knows or would add, so that a new file is checked before it is committed."""
    out = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '--'] + list(patterns),
                         check=True, capture_output=True, text=True).stdout.split('\n')
    return sorted({f for f in out if f})


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def blank(text):
    def keep_lines(m):
        s = m.group(0)
        return re.sub(r'[^\n]', ' ', s) if s[0] == '/' else s[0] + re.sub(r'[^\n]', ' ', s[1:-1]) + s[-1]
    text = BLANK.sub(keep_lines, text)
    out, going = [], False
    for line in text.split('\n'):
        here = going or line.lstrip().startswith('#')
        going = here and line.endswith('\\')
        out.append('' if here else line)
    return '\n'.join(out)


class Item:
    """One thing at file scope: a function (body is not None), a declaration or a definition of data."""

    def __init__(self, head, body, line, end):
        self.head, self.body, self.line, self.end = ' '.join(head.split()), body, line, end

    @property
    def static(self):
        return bool(re.match(r'(?:__attribute__\s*\(\(.*?\)\)\s*)?(?:_Noreturn )?(static|typedef)\b', self.head))

    @property
    def parameters(self):
        """The text between the parentheses after the name."""
        m = re.search(r'\b(\w+)\s*\(', self.head)
        while m and m.group(1) in ('__attribute__', '_Alignas', '__extension__', '__typeof__'):
            m = re.compile(r'\b(\w+)\s*\(').search(self.head, closing(self.head, m.end() - 1) + 1)
        if not m:
            return None, None
        return m.group(1), self.head[m.end():closing(self.head, m.end() - 1)]


def closing(text, at):
    level = 0
    for i in range(at, len(text)):
        level += {'(': 1, ')': -1}.get(text[i], 0)
        if level == 0:
            return i
    return len(text)


def items(text):
    text = blank(text)
    found, start, i, n = [], 0, 0, len(text)
    while i < n:
        c = text[i]
        if c == ';':
            found.append(make(text, start, i, None))
            start = i + 1
        elif c == '{':
            head, end = text[start:i], block_end(text, i)
            if re.search(r'\)\s*$', head) and '=' not in re.sub(r'\([^()]*\)', '', head):
                found.append(make(text, start, i, (i, end)))
                start = end + 1
            i = end
        i += 1
    return [f for f in found if f.head]


def make(text, start, stop, body):
    lead = len(text[start:stop]) - len(text[start:stop].lstrip())
    line = text.count('\n', 0, start + lead) + 1
    if body is None:
        return Item(text[start:stop], None, line, line)
    return Item(text[start:stop], text[body[0]:body[1] + 1], line, text.count('\n', 0, body[1]) + 1)


def block_end(text, at):
    level = 0
    for i in range(at, len(text)):
        level += {'{': 1, '}': -1}.get(text[i], 0)
        if level == 0:
            return i
    return len(text) - 1


def table(path):
    """Lines of a data file as (number, words before '#', reason after it)."""
    rows = []
    for k, line in enumerate(read(path).split('\n'), 1):
        data, _, reason = line.partition('#')
        if data.strip():
            rows.append((k, data.split(), reason.strip()))
    return rows


def finish(problems, checked, what):
    for p in problems:
        print(p)
    print(f'{checked} {what}, {len(problems)} wrong')
    if checked == 0:
        print('nothing to check: that is a failure')
    sys.exit(1 if problems or checked == 0 else 0)
