#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""parts: what the parts of a granted authorize cost, each alone and the whole without a socket; no goal, it is the profile."""
import subprocess
import tempfile

import world


def main():
    with tempfile.TemporaryDirectory(prefix='tb-bench-') as folder:
        out = subprocess.run([f'{world.BUILD}/tests/bench/bench_parts', f'{folder}/data'], check=True, capture_output=True, text=True).stdout
    print(out)
    world.write('parts', 'the parts of a granted authorize, microseconds', [], '```\n' + out.rstrip() + '\n```')


if __name__ == '__main__':
    main()
