# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine without a guest that shows one frontend: tests/ui/fake-machine.c."""

import os
import re
import select
import subprocess
import time

from machine import ROOT

PROGRAM = os.environ.get('VITRINE_FAKE', ROOT + '/build/tests/ui/fake-machine')


class Fake:
    def __init__(self, module, options='', cwd=None):
        self.process = subprocess.Popen([PROGRAM, module, options], cwd=cwd, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.buffer = b''
        self.expect('ready', 30)

    def send(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def expect(self, pattern, timeout=10):
        """Drops output up to a line that matches; returns the match."""
        end = time.monotonic() + timeout
        while True:
            while b'\n' in self.buffer:
                line, self.buffer = self.buffer.split(b'\n', 1)
                match = re.fullmatch(pattern, line.decode())
                if match:
                    return match
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError('no line like ' + pattern)
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise AssertionError('ended: ' + self.process.stderr.read().decode())
            self.buffer += data

    def lines(self, seconds=0.3):
        """What is said within that time."""
        end = time.monotonic() + seconds
        while select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
            self.buffer += os.read(self.process.stdout.fileno(), 65536)
        said, self.buffer = self.buffer, b''
        return said.decode().split('\n')[:-1]

    def stats(self):
        self.send('stats')
        line = self.expect('stats (.*)').group(1)
        return {name: int(value) for name, value in (w.split('=') for w in line.split())}

    def stop(self):
        """Ends it; returns its status and what it said on stderr."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        error = self.process.stderr.read().decode()
        self.process.stderr.close()
        return self.process.returncode, error
