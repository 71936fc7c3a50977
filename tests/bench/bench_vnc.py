#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast a VNC viewer follows the guest, beside QEMU: prints numbers, judges nothing.

    bench_vnc.py [all] [few] [scroll] [--seconds N]

The guest is the demo disk under KVM: it draws 1024x768 in 32 bits in ring 3 at 60 Hz. The viewer
takes raw updates as fast as they come. CPU time is the server's without the guest's: all threads
but the vCPU's; "all" counts the vCPU's too.

all     every pixel changes       few     small squares move       scroll  the picture scrolls
"""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from bench_process import Program, programs, thread_cpu  # noqa: E402
from machine import binary  # noqa: E402
from rfb import Rfb  # noqa: E402

KEYS = {'few': '1', 'all': '2', 'scroll': '3'}
XK_TAB = 0xff09
BOOT_DEADLINE = 60


def boot(viewer):
    """Waits for the demo's welcome screen, then asks for the graphics."""
    end = time.monotonic() + BOOT_DEADLINE
    while viewer.width != 1024:
        viewer.press(XK_TAB)
        viewer.request(False)
        viewer.update()
        time.sleep(1)
        if time.monotonic() > end:
            raise SystemExit('the demo did not come up')


def measure(program, viewer, seconds):
    for _ in range(20):
        viewer.request()
        viewer.update()
    updates = pixels = 0
    guest, other = thread_cpu(program.pid)
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        viewer.request()
        pixels += viewer.update()
        updates += 1
    took = time.monotonic() - begin
    guest2, other2 = thread_cpu(program.pid)
    return (f'{updates / took:6.1f} updates/s, {(other2 - other) / updates:6.2f} ms CPU an update '
            f'({(guest2 - guest + other2 - other) / updates:.2f} with the guest), '
            f'{pixels / updates / 1024 / 768 * 100:.0f} % of the pixels in each')


def bench(command, name, seconds, demo):
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
        path = os.path.join(folder, 'vnc')
        program = Program(command, ['-m', '256', '-vnc', f'unix:{path}', '-drive',
                                    f'file={demo},format=raw,if=ide,snapshot=on'], folder)
        try:
            viewer = Rfb(path)
            boot(viewer)
            viewer.press(ord(KEYS[name]))
            time.sleep(0.5)
            return measure(program, viewer, seconds)
        finally:
            program.end()


def main():
    words = sys.argv[1:]
    seconds = 5
    if '--seconds' in words:
        at = words.index('--seconds')
        seconds = float(words[at + 1])
        del words[at:at + 2]
    demo = os.path.join(os.path.dirname(binary()), '..', 'data', 'demo', 'demo.img')
    for name in words or list(KEYS):
        for label, command in programs().items():
            print(f'{name:8}{label:10}{bench(command, name, seconds, demo)}', flush=True)


if __name__ == '__main__':
    main()
