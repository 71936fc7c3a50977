# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of QMP, for tests of what commands do; the protocol itself is test_qmp.py's."""

import json
import socket
import time


class Qmp:
    """A connection. `events` holds those that came between answers."""

    def __init__(self, path, timeout=20):
        end = time.monotonic() + timeout
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        while True:
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.file = self.socket.makefile('rb')
        self.events = []
        self.read()
        self.value('qmp_capabilities')

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError('QMP has gone')
        return json.loads(line)

    def execute(self, command, **arguments):
        request = {'execute': command}
        if arguments:
            request['arguments'] = {k.replace('_', '-'): v for k, v in arguments.items()}
        self.socket.sendall(json.dumps(request).encode() + b'\n')
        while True:
            message = self.read()
            if 'event' not in message:
                return message
            self.events.append(message)

    def value(self, command, **arguments):
        answer = self.execute(command, **arguments)
        if 'error' in answer:
            raise AssertionError('%s: %s' % (command, answer['error']))
        return answer['return']

    def error(self, command, **arguments):
        answer = self.execute(command, **arguments)
        if 'error' not in answer:
            raise AssertionError('%s: no error but %s' % (command, answer))
        return answer['error']

    def event(self, name):
        """Data of the next event of that name; those before it are dropped."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if event['event'] == name:
                    return event.get('data', {})
            self.events.append(self.read())

    def has_event(self, name):
        """Whether there is such an event among what has come before the next answer."""
        self.value('query-name')
        return any(event['event'] == name for event in self.events)

    def hmp(self, line):
        return self.value('human-monitor-command', command_line=line)

    def close(self):
        self.file.close()
        self.socket.close()
