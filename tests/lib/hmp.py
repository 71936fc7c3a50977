# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the human monitor: sends a command line, returns the text of the answer."""

import re
import socket
import time

PROMPTS = (b'(qemu) ', b'(vitrine) ')
ESCAPES = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]')


class HmpError(Exception):
    pass


class Hmp:
    """Speaks HMP over a connected stream socket, which it owns."""

    def __init__(self, sock, timeout=20):
        self.sock = sock
        self.timeout = timeout
        self.banner = self._until_prompt()

    def _until_prompt(self):
        data = b''
        end = time.monotonic() + self.timeout
        while not data.endswith(PROMPTS):
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                chunk = self.sock.recv(65536)
            except socket.timeout:
                raise HmpError('no prompt from the monitor after %r' % data[-200:]) from None
            if not chunk:
                raise HmpError('monitor closed the connection after %r' % data[-200:])
            data = ESCAPES.sub(b'', data + chunk)
        for prompt in PROMPTS:
            if data.endswith(prompt):
                data = data[:-len(prompt)]
        return data.replace(b'\r\n', b'\n').decode('utf-8', 'replace')

    def send(self, line):
        """Sends a command without waiting for its answer."""
        self.sock.sendall(line.encode() + b'\n')

    def command(self, line):
        """Sends a command and returns its output: no echo, no trailing newline."""
        self.send(line)
        text = self._until_prompt()
        # The line editor echoes what it got; a redrawn line ends where the output begins.
        first, newline, rest = text.partition('\n')
        if newline and first.replace('\b', '').rstrip().endswith(line.strip()):
            text = rest
        elif first.strip() == line.strip():
            text = rest
        return text.rstrip('\n')

    def close(self):
        self.sock.close()
