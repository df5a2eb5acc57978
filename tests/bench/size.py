#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""size: bytes of the program, its debug symbols split off.  Goal: at most 10 MB."""
import os

import world


def main():
    mb = os.path.getsize(f'{world.BUILD}/tokenbooth') / 1e6
    world.write('size', 'the program', [('bytes of build/tokenbooth', f'{mb:.2f} MB', '<= 10 MB', world.met(mb <= 10))], """
One file, with the providers, pages and migrations in it; it needs the system's libraries for OpenSSL, SQLite, libcurl, libuv, libyaml,
zlib, brotli and Argon2.""")


if __name__ == '__main__':
    main()
