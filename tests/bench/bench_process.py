#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the program costs, beside QEMU: prints numbers, judges nothing.

    bench_process.py [start] [idle] [tablet]

start   from exec to the monitor's prompt, -S, no display: CPU time, peak memory
idle    at "No bootable device", with a VNC server: wake-ups a second, CPU time in ten seconds:
        the threads' own clocks, and the user time that the kernel's ticks sampled
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from machine import binary  # noqa: E402

RUNS = 7
IDLE_SECONDS = 100
SETTLE_SECONDS = 5
BOOT_SECONDS = 600  # on a busy machine


def thread_files(pid, name):
    for tid in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{tid}/{name}', encoding='ascii') as f:
            yield f.read()


def cpu_ms(pid):
    return sum(int(text.split()[0]) for text in thread_files(pid, 'schedstat')) / 1e6


def user_ms(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        ticks = int(f.read().rpartition(')')[2].split()[11])
    return ticks * 1000 / os.sysconf('SC_CLK_TCK')


def thread_cpu(pid):
    """CPU milliseconds by thread name kind: (vCPUs, all others)."""
    guest = other = 0.0
    for tid in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{tid}/comm', encoding='utf-8') as f:
            name = f.read()
        with open(f'/proc/{pid}/task/{tid}/schedstat', encoding='ascii') as f:
            spent = int(f.read().split()[0]) / 1e6
        if name.startswith('CPU '):
            guest += spent
        else:
            other += spent
    return guest, other


def wait_idle(pid):
    """Until the guest has nothing to do any more."""
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end:
        before = thread_cpu(pid)[0]
        time.sleep(SETTLE_SECONDS)
        if before and thread_cpu(pid)[0] - before < SETTLE_SECONDS:  # ms: a thousandth
            return
    raise SystemExit('the guest does not come to rest')


def wakeups(pid):
    """Times that a thread went to sleep by itself, and so was woken."""
    return sum(int(line.split()[1]) for text in thread_files(pid, 'status')
               for line in text.splitlines() if line.startswith('voluntary_ctxt_switches'))


def peak_mib(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmHWM')) / 1024


class Program:
    """A run of one of the two programs; ready when its monitor has shown the prompt."""

    def __init__(self, command, args, folder):
        self.monitor = os.path.join(folder, 'monitor')
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [*command, '-accel', 'kvm', *args,
             '-monitor', f'unix:{self.monitor},server=on,wait=off'],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.socket = self.connect()
        self.ready_ms = (time.monotonic() - begin) * 1000
        self.pid = self.process.pid

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        for _ in range(5000):
            try:
                sock.connect(self.monitor)
                break
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f'{self.process.args[0]} ended by itself') from None
                time.sleep(0.002)
        data = b''
        while not data.endswith(b') '):
            chunk = sock.recv(4096)
            if not chunk:
                raise SystemExit('the monitor closed the connection')
            data += chunk
        return sock

    def end(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        if os.path.exists(self.monitor):
            os.unlink(self.monitor)


def bench_start(command, folder):
    results = []
    for _ in range(RUNS):
        program = Program(command, ['-S', '-display', 'none'], folder)
        results.append((cpu_ms(program.pid), peak_mib(program.pid), program.ready_ms))
        program.end()
    cpu, memory, ready = (sorted(column)[RUNS // 2] for column in zip(*results))
    return f'{cpu:6.1f} ms CPU, {memory:5.1f} MiB peak, ready after {ready:.0f} ms'


def bench_idle(command, folder, *args):
    vnc = os.path.join(folder, 'vnc')
    program = Program(command, ['-nodefaults', '-vga', 'std', '-vnc', f'unix:{vnc}', *args], folder)
    wait_idle(program.pid)
    woken, user, before = wakeups(program.pid), user_ms(program.pid), thread_cpu(program.pid)
    time.sleep(IDLE_SECONDS)
    woken, user = wakeups(program.pid) - woken, user_ms(program.pid) - user
    guest, other = (now - then for now, then in zip(thread_cpu(program.pid), before))
    program.end()
    tens = IDLE_SECONDS / 10
    return (f'{woken / IDLE_SECONDS:6.1f} wake-ups a second, {(guest + other) / tens:.1f} ms CPU '
            f'in 10 s, {other / tens:.1f} of them not the processor\'s; '
            f'user time {user / tens:.1f} ms')


def bench_tablet(command, folder):
    return bench_idle(command, folder, '-usb', '-device', 'usb-tablet')


def programs():
    """Label and command of each program that is there."""
    found = {'vitrine': [binary()]}
    if shutil.which('qemu-system-x86_64'):
        found['qemu'] = ['qemu-system-x86_64', '-name', 'bench,debug-threads=on']
    return found


BENCHES = {'start': bench_start, 'idle': bench_idle, 'tablet': bench_tablet}


def main():
    names = sys.argv[1:] or list(BENCHES)
    for name in names:
        for label, command in programs().items():
            with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
                print(f'{name:8}{label:10}{BENCHES[name](command, folder)}', flush=True)


if __name__ == '__main__':
    main()
