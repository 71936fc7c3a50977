# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine without a guest (tests/ui/fake-machine.c) with a frontend's module, for tests of
windows: what is said to it goes to its stdin, what the guest would get comes back as lines."""

import os
import re
import select
import subprocess
import tempfile
import time

import image
from machine import ROOT

FAKE = os.environ.get('VITRINE_FAKE', ROOT + '/build/tests/ui/fake-machine')


def wait(condition, what, timeout=10):
    """Waits until `condition()` holds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError('did not happen: ' + what)
        time.sleep(0.05)


class FakeMachine:
    def __init__(self, module, env, options='', cwd=None):
        self.process = subprocess.Popen([FAKE, module, options], env={**os.environ, **env},
                                        cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.buffer = b''

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
                error = self.process.stderr.read().decode()
                raise AssertionError('ended with %d: %s' % (self.process.wait(5), error))
            self.buffer += data

    def lines(self, seconds=0.3):
        """What is said within that time."""
        end = time.monotonic() + seconds
        while select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                break
            self.buffer += data
        said, self.buffer = self.buffer, b''
        return said.decode().split('\n')[:-1]

    def stats(self):
        self.send('stats')
        line = self.expect('stats (.*)').group(1)
        return {name: int(value) for name, value in (w.split('=') for w in line.split())}

    def info(self):
        """The frontend's lines of `info NAME`."""
        self.send('info')
        return self.expect('info (.*)').group(1)

    def dump(self):
        """The guest's picture."""
        with tempfile.TemporaryDirectory() as folder:
            self.send('dump %s/p.ppm' % folder)
            answer = self.expect('dumped(.*)').group(1)
            if answer:
                raise AssertionError(answer)
            return image.read(folder + '/p.ppm')

    def stop(self, seconds=5):
        """Ends it; returns what it wrote to stderr."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        error = self.process.stderr.read().decode()
        self.process.stderr.close()
        return error
