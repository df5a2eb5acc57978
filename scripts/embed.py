#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files into a C table: embed.py SYMBOL OUT.c FILE...

OUT.c defines `const struct embedded SYMBOL[]` (core/embed.h): one row a file, sorted by base name, and a last row of NULL.
Base names must differ.  The user declares `extern const struct embedded SYMBOL[];`.
"""
import os
import sys


def literal(data):
    lines = []
    for at in range(0, len(data), 20):
        lines.append("\t" + "".join("%d, " % b for b in data[at:at + 20]).rstrip())
    return "\n".join(lines)


def main(argv):
    if len(argv) < 4:
        sys.exit("usage: embed.py SYMBOL OUT.c FILE...")
    symbol, out, paths = argv[1], argv[2], sorted(argv[3:], key=os.path.basename)
    names = [os.path.basename(p) for p in paths]
    if len(set(names)) != len(names):
        sys.exit("embed.py: two files have the same base name: " + " ".join(names))
    text = ['/* made by scripts/embed.py */', '#include "core/embed.h"', "extern const struct embedded %s[];" % symbol]
    rows = []
    for i, (path, name) in enumerate(zip(paths, names)):
        with open(path, "rb") as f:
            data = f.read()
        text.append("static const unsigned char file_%d[] = {\n%s\n\t0\n};" % (i, literal(data)))
        rows.append('\t{ "%s", (const char *)file_%d, %d },' % (name, i, len(data)))
    text.append("const struct embedded %s[] = {\n%s\n\t{ NULL, NULL, 0 }\n};" % (symbol, "\n".join(rows)))
    with open(out, "w", encoding="ascii") as f:
        f.write("\n".join(text) + "\n")


if __name__ == "__main__":
    main(sys.argv)
