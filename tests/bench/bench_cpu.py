#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Speed of the software CPU: the kernels of tests/bench/cpu on ours and on QEMU's, interleaved.

    VITRINE=build/app/vitrine tests/bench/bench_cpu.py [--passes N] [NAME...]

Prints the best round of each in ms and QEMU's time divided by ours (above 1: ours is faster).
Checksums must agree. The guest is built with gcc and nasm into a temporary folder.
"""

import math
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FLOAT = {'matmul', 'x87', 'sse'}
NO_RATIO = {'rep'}
COMMON = ['-accel', 'tcg', '-display', 'none', '-m', '64', '-vga', 'none', '-net', 'none',
          '-device', 'isa-debug-exit,iobase=0xf4', '-debugcon', 'stdio', '-monitor', 'none']


def build(folder):
    """The multiboot kernel: 64-bit code in a 32-bit ELF file, as boot loaders want it."""
    source = os.path.join(HERE, 'cpu')
    start, kernels = os.path.join(folder, 'start.o'), os.path.join(folder, 'kernels.o')
    linked, image = os.path.join(folder, 'cpu64.elf'), os.path.join(folder, 'cpu.elf')
    for command in (
            ['nasm', '-f', 'elf64', '-o', start, os.path.join(source, 'start.asm')],
            ['gcc', '-O2', '-ffreestanding', '-fno-pic', '-mno-red-zone', '-fno-stack-protector',
             '-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-fno-tree-vectorize',
             '-c', '-o', kernels, os.path.join(source, 'kernels.c')],
            ['ld', '-n', '-T', os.path.join(source, 'link.ld'), '-o', linked, start, kernels],
            ['objcopy', '-I', 'elf64-x86-64', '-O', 'elf32-i386', linked, image]):
        subprocess.run(command, check=True)
    return image


def run(command):
    """{name: (best seconds, checksum)} of one pass."""
    results, best, begin, text = {}, math.inf, 0.0, ''
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        while byte := os.read(process.stdout.fileno(), 1):
            now = time.monotonic()
            if byte == b'<':
                begin = now
            elif byte == b'>':
                best = min(best, now - begin)
            elif byte == b'\n':
                name, _, checksum = text.partition(' ')
                results[name] = (best, checksum)
                best, text = math.inf, ''
            else:
                text += byte.decode('latin-1')
    return results


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float('nan')


def main():
    arguments = sys.argv[1:]
    passes = 2
    if '--passes' in arguments:
        at = arguments.index('--passes')
        passes = int(arguments[at + 1])
        del arguments[at:at + 2]
    vitrine = os.environ.get('VITRINE', 'build/app/vitrine')
    ours, theirs = {}, {}
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
        image = build(folder)
        for _ in range(passes):
            for program, best in ((vitrine, ours), ('qemu-system-x86_64', theirs)):
                for name, (seconds, checksum) in run([program, *COMMON, '-kernel', image]).items():
                    before = best.get(name, (math.inf, checksum))
                    best[name] = (min(before[0], seconds), checksum)
    print(f'load {os.getloadavg()[0]:.1f}')
    print(f'{"kernel":12}{"ours ms":>10}{"QEMU ms":>10}{"ratio":>8}')
    ratios = {True: [], False: []}
    for name, (seconds, checksum) in ours.items():
        if name not in theirs or (arguments and name not in arguments):
            continue
        peer, expected = theirs[name]
        note = '' if checksum == expected else f'  CHECKSUM {checksum} != {expected}'
        print(f'{name:12}{seconds * 1e3:10.1f}{peer * 1e3:10.1f}{peer / seconds:8.2f}{note}')
        if name not in NO_RATIO:
            ratios[name in FLOAT].append(peer / seconds)
    print(f'geometric mean: integer {geometric_mean(ratios[False]):.2f}, '
          f'floating point {geometric_mean(ratios[True]):.2f}')


if __name__ == '__main__':
    main()
