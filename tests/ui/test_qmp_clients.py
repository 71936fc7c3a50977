#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""QMP and its clients: those that do not read, die in mid-command, or speak through socat or a
pipe; and what bytes that are no proper requests are answered with, here and by QEMU."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary  # noqa: E402
from qmp import Client  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')
READY = b'{"execute": "qmp_capabilities"}\n'


def rss_kib(pid):
    with open('/proc/%d/status' % pid, encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))


class Clients(unittest.TestCase):
    def setUp(self):
        self.m = Machine('-m', '64', '-qmp', 'unix:q,server=on,wait=off', cwd=True).start()
        self.addCleanup(self.m.stop)
        self.path = self.m.path('q')

    def connect(self, ready=True):
        client = Client(self.path, ready)
        self.addCleanup(client.close)
        return client

    def slowest(self, client, count=200):
        """Of round trips, in seconds: nine in ten were faster."""
        times = []
        for _ in range(count):
            begin = time.monotonic()
            client.ask(b'{"execute": "query-status"}\n')
            times.append(time.monotonic() - begin)
        return sorted(times)[count * 9 // 10]

    def test_clients_that_stop_reading(self):
        other = self.connect()
        calm, before = self.slowest(other), rss_kib(self.m.process.pid)
        for _ in range(8):
            lazy = self.connect()
            lazy.socket.setblocking(False)
            try:
                while True:
                    lazy.socket.send(b'{"execute": "query-qmp-schema"}' * 100)
            except BlockingIOError:
                pass
        # Events, too, pile up only so far.
        for _ in range(500):
            other.ask(b'{"execute": "stop"}')
            other.ask(b'{"execute": "cont"}')
        grown = rss_kib(self.m.process.pid) - before
        busy = self.slowest(other)
        print('# 8 lazy clients: %d KiB, round trip %.0f us, %.0f us before' %
              (grown, busy * 1e6, calm * 1e6))
        self.assertLess(grown, 40 << 10)
        self.assertLess(busy, 50 * calm + 0.02)

    def test_killed_in_mid_command(self):
        """Commands that are not over when their client dies."""
        for request in ('{"execute": "screendump", "arguments": {"filename": "/dev/null"}}',
                        '{"execute": "human-monitor-command", "arguments": '
                        '{"command-line": "wait_text nothing 2"}}',
                        '{"execute": "chardev-add", "arguments": {"id": "a", "backend": {"type": '
                        '"socket", "data": {"server": false, "addr": {"type": "inet", "data": '
                        '{"host": "192.0.2.1", "port": "9"}}}}}}',
                        '{"execute": "query-qmp-schema"}' * 50):
            script = ('import socket,sys,time\ns=socket.socket(socket.AF_UNIX)\ns.connect(%r)\n'
                      's.sendall(%r)\nprint("go",flush=True)\ntime.sleep(60)\n'
                      % (self.path, READY + request.encode()))
            with self.subTest(request=request[:60]):
                with subprocess.Popen([sys.executable, '-c', script],
                                      stdout=subprocess.PIPE) as child:
                    child.stdout.readline()
                    child.send_signal(signal.SIGKILL)
                self.assertIn('return', self.connect().ask(b'{"execute": "query-status"}'))
        client = self.connect()
        end = time.monotonic() + 5
        while True:
            devices = client.ask(b'{"execute": "query-chardev"}')['return']
            peers = [d for d in devices if d['label'].startswith('qmp0.')]
            if len(peers) < 4 or time.monotonic() > end:
                break
            time.sleep(0.05)
        self.assertLess(len(peers), 8)

    def test_a_connection_in_the_making_delays_nobody(self):
        a, b = self.connect(), self.connect()
        a.socket.sendall(b'{"execute": "chardev-add", "arguments": {"id": "far", "backend": '
                         b'{"type": "socket", "data": {"server": false, "addr": {"type": "inet", '
                         b'"data": {"host": "192.0.2.1", "port": "9"}}}}}}')
        self.assertLess(self.slowest(b), 0.1)

    def test_second_client_is_greeted(self):
        first, second = self.connect(ready=False), self.connect(ready=False)
        self.assertEqual(first.greeting, second.greeting)
        self.assertIn('return', second.ask(READY))
        self.assertEqual(first.ask(b'{"execute": "stop"}')['error']['class'], 'CommandNotFound')

    @unittest.skipUnless(shutil.which('socat'), 'socat is not installed')
    def test_socat(self):
        out = subprocess.run(
            ['socat', '-t', '5', '-', 'UNIX-CONNECT:' + self.path], stdout=subprocess.PIPE,
            input=READY + b"{'execute': 'query-name', 'id': 'me'}", timeout=20, check=True).stdout
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(lines[1:], [{'return': {}}, {'return': {}, 'id': 'me'}])

    def test_shell_pipe(self):
        command = ("(echo '{\"execute\": \"qmp_capabilities\"}'; sleep 0.2;"
                   " echo '{\"execute\": \"query-status\"}'; echo '{\"execute\": \"quit\"}') |"
                   " %s -M none -accel qtest -display none -qmp stdio | grep -c return" % binary())
        out = subprocess.run(command, shell=True, stdout=subprocess.PIPE, timeout=20, check=True)
        self.assertEqual(out.stdout.strip(), b'3')


class Raw(unittest.TestCase):
    """Bytes that are not what they should be. The kinds of answers are those of QEMU."""

    ALIKE = (
        b"{'execute': 'query-name'}", b'{"execute": "query-name", "id": 1.5}',
        b'{"execute": "query-name", "id": {"a": [null, true, "\\u00e9\\ud83d\\ude00"]}}',
        b'{"execute": "query-name", "id": -9223372036854775808}',
        b'{"execute": "quer\x1b{"execute": "query-name", "id": 1}',
        b'{"a": \xff{"execute": "query-name", "id": 2}', b'\x1b{"execute": "query-name"}', b'\xff',
        b'{"execute": "query-name", "id": "\\ud83d"}', b'{"execute": "query-name", "id": "\\q"}',
        b'{"execute": "query-name", "execute": "stop"}', b'{"execute": "query-name",}', b'[1, 2]',
        b'5 ', b'}', b'{"execute": "query-name"}]', b'nul\n', b'{execute: "query-name"}',
        b'{"arguments": {}}', b'{"id": 4}', b'{}', b'{"execute": 5, "id": 1}',
        b'{"execute": "query-name", "arguments": 5}', b'{"execute": "query-name", "x": 5}',
        b'{"exec-oob": "query-name"}', b'{"execute": "qmp_capabilities"}', b'{"execute": "nope"}',
        b'{"execute": "query-name" "id": 1}', b'{"execute": "stop", "id": [1, {"b": 2}]}',
        b'{"execute": "qmp_capabilities", "arguments": {"enable": ["nope"]}}',
        b'{"execute": "chardev-remove", "arguments": {"id": "nobody"}}',
        b'{"execute": "chardev-add", "arguments": {"id": "n", "backend": {"type": "null"}}}',
        b'{"execute": "chardev-add", "arguments": {"id": "n", "backend": {"type": "null", '
        b'"data": {}}}}',
        b'{"execute": "chardev-change", "arguments": {"id": "n", "backend": {"type": "ringbuf", '
        b'"data": {}}}}',
        b'{"execute": "ringbuf-write", "arguments": {"device": "n", "data": "aGk=", "format": '
        b'"base64"}}',
        b'{"execute": "ringbuf-read", "arguments": {"device": "n", "size": 9}}',
        b'{"execute": "ringbuf-read", "arguments": {"device": "n", "size": 0}}',
        b'{"execute": "chardev-send-break", "arguments": {"id": "n"}}',
        b'{"execute": "chardev-remove", "arguments": {"id": "n"}}')

    # Where we differ on purpose: integers beyond 64 bits and \u0000 are refused, not changed.
    OURS = (b'{"execute": "query-name", "id": 99999999999999999999}',
            b'{"execute": "query-name", "id": 1e400}',
            b'{"execute": "query-name", "id": "a\\u0000b"}')

    def answers(self, program, requests):
        with tempfile.TemporaryDirectory(prefix='vitrine-test-') as folder:
            path = os.path.join(folder, 'q')
            with subprocess.Popen([program, '-M', 'none', '-display', 'none', '-nodefaults',
                                   '-qmp', 'unix:%s,server=on,wait=off' % path],
                                  stderr=subprocess.DEVNULL) as process:
                try:
                    client = Client(path)
                    found = []
                    for request in requests:
                        client.socket.sendall(request + b'\n{"execute":"query-uuid","id":"end"}\n')
                        found.append([])
                        while True:
                            answer = client.read()
                            if answer.get('id') == 'end':
                                break
                            if 'event' not in answer:
                                found[-1].append(answer)
                    client.close()
                finally:
                    process.kill()
        return found

    @unittest.skipUnless(QEMU, 'qemu-system-x86_64 is not installed')
    def test_as_qemu(self):
        for request, a, b in zip(self.ALIKE, self.answers(binary(), self.ALIKE),
                                 self.answers(QEMU, self.ALIKE)):
            with self.subTest(request=request):
                for answer in a + b:
                    if 'error' in answer:
                        answer['error'].pop('desc')
                self.assertEqual(a, b)

    def test_on_purpose(self):
        for request, answers in zip(self.OURS, self.answers(binary(), self.OURS)):
            with self.subTest(request=request):
                self.assertEqual([a['error']['class'] for a in answers], ['GenericError'])


if __name__ == '__main__':
    tap.main()
