#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long Debian 12's installer kernel takes to a shell on the software CPU, beside QEMU's.

    VITRINE=build/app/vitrine tests/bench/bench_boot.py [--passes N] [--smp N] [--peer PROGRAM]

Firmware, kernel, unpacking of the initial RAM disk, its shell's prompt: then the program is ended.
Ours and the peer take turns. Prints for each the processor time that all its threads took, which
other programs disturb least, the time on the clock, and the peer's divided by ours (above
1: ours is faster), by the best and by the median of the passes.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time

FILES = '/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/'
PROMPT = re.compile(rb'~ # ')
DEADLINE = 600


def command(program, smp):
    return [program, '-accel', 'tcg', '-m', '1G', '-smp', str(smp), '-nodefaults', '-display',
            'none', '-monitor', 'none', '-serial', 'stdio', '-kernel', FILES + 'linux',
            '-initrd', FILES + 'initrd.gz', '-append',
            'console=ttyS0 quiet rdinit=/bin/sh']


def boot(program, smp):
    """(seconds of processor time, seconds on the clock) until the prompt"""
    begin = time.monotonic()
    with subprocess.Popen(command(program, smp), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        text = b''
        while not PROMPT.search(text):
            more = os.read(process.stdout.fileno(), 4096)
            if not more or time.monotonic() - begin > DEADLINE:
                process.kill()
                sys.exit('%s: no prompt:\n%s' % (program, text[-2000:].decode('latin-1')))
            text += more
        seconds = time.monotonic() - begin
        process.kill()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_utime + usage.ru_stime, seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--passes', type=int, default=3)
    parser.add_argument('--smp', type=int, default=1)
    parser.add_argument('--peer', default='qemu-system-x86_64')
    options = parser.parse_args()
    programs = (os.environ.get('VITRINE', 'build/app/vitrine'), options.peer)
    runs = {program: [] for program in programs}
    for _ in range(options.passes):
        for program in programs:
            runs[program].append(boot(program, options.smp))
            print('%-40s processor %6.2f s, clock %6.2f s, load %.1f' %
                  (program, *runs[program][-1], os.getloadavg()[0]), flush=True)
    for index, name in enumerate(('processor', 'clock')):
        times = [[run[index] for run in runs[program]] for program in programs]
        print('%-10s best %.2f s and %.2f s: %.2f   median %.2f s and %.2f s: %.2f' %
              (name, *map(min, times), min(times[1]) / min(times[0]),
               *map(statistics.median, times),
               statistics.median(times[1]) / statistics.median(times[0])))


if __name__ == '__main__':
    main()
