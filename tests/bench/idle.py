#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""idle: memory of an engine that has started, answered one request and has nothing to do.  Goal: RSS at most 15 MB."""
import time

import world

CALM_S = 2


def settled(engine):
    """RSS once it has not moved for two seconds."""
    was, since = engine.memory_kb(), time.monotonic()
    while time.monotonic() - since < CALM_S:
        time.sleep(0.1)
        now = engine.memory_kb()
        if now != was:
            was, since = now, time.monotonic()
    return was


def main():
    with world.Folder(1000) as folder, world.Engine(folder.data) as engine:
        world.ask(engine.url, folder.key)
        idle = settled(engine)
        world.wrk(engine.url, 512, 2, 'authorize.lua', folder.key, 1000)
        after = settled(engine)
    mb = idle['VmRSS'] / 1024
    world.write('idle', 'memory of an idle engine', [('RSS, idle, 1 000 grants', f'{mb:.1f} MB', '<= 15 MB', world.met(mb <= 15))], f"""
Of it {idle['RssAnon'] / 1024:.1f} MB are the engine's own (heap, stacks, data) and {(idle['RssFile'] + idle['RssShmem']) / 1024:.1f} MB pages of files that it maps: its
program and shared libraries, which other processes share.  After two seconds of granted authorizes over 512 connections: {after['VmRSS'] / 1024:.1f} MB.""")


if __name__ == '__main__':
    main()
