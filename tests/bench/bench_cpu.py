#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Speed of the software CPU: the kernels of tests/bench/cpu on ours and on QEMU's, interleaved.

    VITRINE=build/app/vitrine tests/bench/bench_cpu.py [--passes N] [NAME...]

Each kernel runs in a program of its own, once for one round and once for six; the difference of the
processor time of the two is what five rounds cost, however busy the host is: 300 ms or more of
QEMU's, for a kernel may account it in steps of 4 ms. Prints ms a round and QEMU's time divided by
ours (above 1: ours is faster). Checksums must agree. The guest is built with gcc and nasm into a
temporary folder.
"""

import math
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FLOAT = {'matmul', 'x87', 'sse'}
NO_RATIO = {'rep'}  # QEMU copies byte by byte
NATIVE = {'alu'}     # nothing but registers: a translator's loop is the host's own
ROUNDS = 5
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
            ['ld', '-n', '-z', 'noexecstack', '--no-warn-rwx-segments', '-T',
             os.path.join(source, 'link.ld'), '-o', linked, start, kernels],
            ['objcopy', '-I', 'elf64-x86-64', '-O', 'elf32-i386', linked, image]):
        subprocess.run(command, check=True)
    return image


KERNELS = ('alu', 'sieve', 'quicksort', 'hash', 'crc32', 'bytecode', 'fib', 'pointers', 'walk',
           'random', 'matmul', 'x87', 'sse', 'rep')


def run(command):
    """(seconds of processor time, what the debug port got)"""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        text = process.stdout.read().decode('latin-1')
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_utime + usage.ru_stime, text


def measure(program, image, name):
    """(seconds a round, checksum)"""
    command = [program, *COMMON, '-kernel', image, '-append']
    once, checksum = run([*command, '1 ' + name])
    often, _ = run([*command, '%d %s' % (1 + ROUNDS, name)])
    return (often - once) / ROUNDS, checksum.strip()


def geometric_mean(values):
    values = list(values)
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
            for name in arguments or KERNELS:
                for program, best in ((vitrine, ours), ('qemu-system-x86_64', theirs)):
                    seconds, checksum = measure(program, image, name)
                    before = best.get(name, (math.inf, checksum))
                    best[name] = (max(min(before[0], seconds), 1e-5), checksum)
    print(f'load {os.getloadavg()[0]:.1f}')
    print(f'{"kernel":12}{"ours ms":>10}{"QEMU ms":>10}{"ratio":>8}')
    ratios = {True: {}, False: {}}
    for name, (seconds, checksum) in ours.items():
        peer, expected = theirs[name]
        note = '' if checksum == expected else f'  CHECKSUM {checksum} != {expected}'
        print(f'{name:12}{seconds * 1e3:10.1f}{peer * 1e3:10.1f}{peer / seconds:8.2f}{note}')
        if name not in NO_RATIO:
            ratios[name in FLOAT][name] = peer / seconds
    others = [ratio for name, ratio in ratios[False].items() if name not in NATIVE]
    print(f'geometric mean: integer {geometric_mean(ratios[False].values()):.2f} '
          f'(without {", ".join(NATIVE)}: {geometric_mean(others):.2f}), '
          f'floating point {geometric_mean(ratios[True].values()):.2f}')


if __name__ == '__main__':
    main()
