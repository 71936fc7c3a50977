# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of QMP."""

import json
import socket


class Client:
    """A connection to a listening socket. `events` holds those that came between answers."""

    def __init__(self, path, ready=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.file = self.socket.makefile('rb')
        self.events = []
        self.greeting = self.read()
        if ready:
            assert self.execute('qmp_capabilities') == {'return': {}}

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def answer(self):
        while True:
            message = self.read()
            if 'event' not in message:
                return message
            self.events.append(message)

    def execute(self, command, **arguments):
        """Underscores in the names of arguments stand for dashes."""
        request = {'execute': command}
        if arguments:
            request['arguments'] = {k.replace('_', '-'): v for k, v in arguments.items()}
        self.socket.sendall(json.dumps(request).encode() + b'\n')
        return self.answer()

    def value(self, command, **arguments):
        return self.execute(command, **arguments)['return']

    def error(self, command, **arguments):
        return self.execute(command, **arguments)['error']

    def event(self, name):
        """The next event of that name; earlier ones of other names stay."""
        while True:
            for event in self.events:
                if event['event'] == name:
                    self.events.remove(event)
                    return event
            self.events.append(self.read())

    def close(self):
        self.file.close()
        self.socket.close()
