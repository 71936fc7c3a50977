#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Round trips at the monitors, ours and QEMU's in one run: query-status, query-qmp-schema and a
line of HMP. The two take turns, block by block, so that both see the same host.

usage: bench_qmp.py [--program FILE] [--rounds N]"""
import argparse
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'build')


class Peer:
    """A program with a QMP and an HMP socket."""

    def __init__(self, program, folder):
        self.path = os.path.join(folder, os.path.basename(program))
        self.process = subprocess.Popen(
            [program, '-M', 'none', '-nodefaults', '-display', 'none',
             '-qmp', 'unix:%s.qmp,server=on,wait=off' % self.path,
             '-monitor', 'unix:%s.hmp,server=on,wait=off' % self.path],
            stdin=subprocess.DEVNULL)
        self.qmp = self.connect('.qmp')
        self.hmp = self.connect('.hmp')
        self.until(self.qmp, b'\n')
        self.ask(b'{"execute":"qmp_capabilities"}\n')
        self.until(self.hmp, b'(qemu) ')

    def connect(self, suffix):
        end = time.monotonic() + 20
        while True:
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(self.path + suffix)
                return sock
            except OSError:
                sock.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    @staticmethod
    def until(sock, end):
        data = b''
        while not data.endswith(end):
            part = sock.recv(1 << 20)
            if not part:
                raise EOFError
            data = data[-16:] + part
        return data

    def ask(self, request):
        self.qmp.sendall(request)
        self.until(self.qmp, b'\n')

    def line(self, text):
        self.hmp.sendall(text)
        self.until(self.hmp, b'\n(qemu) ')

    def close(self):
        self.qmp.close()
        self.hmp.close()
        self.process.kill()
        self.process.wait()


def measure(action, argument, count):
    begin = time.perf_counter()
    for _ in range(count):
        action(argument)
    return (time.perf_counter() - begin) / count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', default=os.path.join(BUILD, 'app', 'vitrine'))
    parser.add_argument('--rounds', type=int, default=10)
    args = parser.parse_args()
    qemu = shutil.which('qemu-system-x86_64')
    programs = [args.program] + ([qemu] if qemu else [])
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
        peers = [Peer(program, folder) for program in programs]
        try:
            for name, kind, text, count in (
                    ('query-status', 'ask', b'{"execute":"query-status"}\n', 2000),
                    ('query-qmp-schema', 'ask', b'{"execute":"query-qmp-schema"}\n', 4),
                    ('hmp info status', 'line', b'info status\n', 500)):
                times = [[] for _ in peers]
                for _ in range(args.rounds):
                    for peer, list_ in zip(peers, times):
                        list_.append(measure(getattr(peer, kind), text, count))
                medians = [statistics.median(t) for t in times]
                note = ', QEMU %.1f us, ratio %.2f' % (medians[1] * 1e6, medians[0] / medians[1]) \
                    if qemu else ''
                print('%-18s ours %.1f us%s' % (name, medians[0] * 1e6, note), flush=True)
        finally:
            for peer in peers:
                peer.close()


if __name__ == '__main__':
    main()
