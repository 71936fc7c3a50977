# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of QMP, and a comparison of two programs' answers."""

import json
import socket
import time


class Client:
    """A connection to a listening socket. `events` holds those that came between answers. With
    `ready` False it has only been greeted."""

    def __init__(self, path, ready=True, timeout=20):
        end = time.monotonic() + timeout
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        while True:
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):  # it begins to listen
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.file = self.socket.makefile('rb')
        self.events = []
        self.greeting = self.read()
        # QEMU greets twice whom it accepts in the middle of its start.
        self.is_qemu = 'Vitrine' not in self.greeting['QMP']['version']['package']
        if ready:
            self.value('qmp_capabilities')

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError('QMP has gone')
        return json.loads(line)

    def answer(self):
        while True:
            message = self.read()
            if 'event' in message:
                self.events.append(message)
            elif not (self.is_qemu and 'QMP' in message):
                return message

    def send(self, text):
        """Bytes and text as they are, all else as JSON."""
        if not isinstance(text, (bytes, str)):
            text = json.dumps(text)
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def ask(self, request):
        self.send(request)
        return self.answer()

    def execute(self, command, **arguments):
        """Underscores in the names of arguments stand for dashes."""
        request = {'execute': command}
        if arguments:
            request['arguments'] = {k.replace('_', '-'): v for k, v in arguments.items()}
        return self.ask(json.dumps(request) + '\n')

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
        """The next event of that name; earlier ones of other names stay."""
        while True:
            for event in self.events:
                if event['event'] == name:
                    self.events.remove(event)
                    return event
            self.events.append(self.read())

    def event_data(self, name):
        return self.event(name).get('data', {})

    def has_event(self, name):
        """Whether there is such an event among what has come before the next answer."""
        self.value('query-name')
        return any(event['event'] == name for event in self.events)

    def hmp(self, line):
        return self.value('human-monitor-command', command_line=line)

    def close(self):
        self.file.close()
        self.socket.close()


def compare(test, ours, theirs, where):
    """The same shape: of equal types, and no member that is ours alone. Members that are missing
    are known."""
    test.assertEqual(type(ours), type(theirs), where)
    if isinstance(ours, dict):
        test.assertLessEqual(set(ours), set(theirs), where)
        for key in ours:
            compare(test, ours[key], theirs[key], where + '.' + key)
    elif isinstance(ours, list) and ours and theirs:
        compare(test, ours[0], theirs[0], where + '[0]')
