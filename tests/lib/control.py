# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the control socket (docs/control-socket.md): lines of JSON, with a descriptor when
one is to be passed."""

import array
import json
import socket
import time


class ControlError(Exception):
    """What the machine answered instead of a result."""


class Control:
    def __init__(self, path, timeout=20):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        wait_for(lambda: self._connect(path), timeout)
        self.pending = b''
        self.events = []

    def _connect(self, path):
        """False while the queue of connections is full."""
        try:
            self.sock.connect(path)
            return True
        except BlockingIOError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data, fds=()):
        """Sends bytes as they are."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.sock.sendmsg([data], rights)

    def message(self):
        """The next message; None at the end of the stream."""
        while b'\n' not in self.pending:
            try:
                got = self.sock.recv(65536)
            except ConnectionResetError:
                return None
            if not got:
                return None
            self.pending += got
        line, _, self.pending = self.pending.partition(b'\n')
        return json.loads(line)

    def answer(self):
        """The next message that is no event."""
        while True:
            message = self.message()
            if message is None or 'event' not in message:
                return message
            self.events.append(message)

    def event(self):
        return self.events.pop(0) if self.events else self.message()

    def call(self, request, fds=(), **arguments):
        self.send(json.dumps({'execute': request, 'arguments': arguments}).encode() + b'\n', fds)
        message = self.answer()
        if message is None:
            raise ControlError('the connection was closed')
        if 'error' in message:
            raise ControlError(message['error']['desc'])
        return message['return']


def wait_for(what, seconds=10):
    """Waits until `what()` is true; returns it."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError('waited %d s in vain' % seconds)
        time.sleep(0.02)
