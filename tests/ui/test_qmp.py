#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""QMP on the real program: greeting, commands, events, many clients, and clients that misbehave.
What QEMU answers to the same requests is compared, too, where it is installed."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import qmp  # noqa: E402
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')


class QmpTest(unittest.TestCase):
    def setUp(self):
        self.m = Machine('-m', '64', '-name', 'bench', '-drive',
                         'if=ide,index=2,media=cdrom,id=cd', '-qmp', 'unix:q,server=on,wait=off',
                         cwd=True).start()
        self.addCleanup(self.m.stop)
        self.clients = []

    def connect(self, ready=True):
        client = qmp.Client(self.m.path('q'), ready)
        self.addCleanup(client.close)
        return client

    # ---- the protocol ----

    def test_greeting_and_capabilities(self):
        client = self.connect(ready=False)
        self.assertEqual(client.greeting['QMP']['capabilities'], ['oob'])
        self.assertEqual(set(client.greeting['QMP']['version']), {'qemu', 'package'})
        self.assertEqual(client.error('query-status')['class'], 'CommandNotFound')
        self.assertEqual(client.error('qmp_capabilities', enable=['fly'])['class'], 'GenericError')
        self.assertEqual(client.value('qmp_capabilities', enable=['oob']), {})
        self.assertEqual(client.error('qmp_capabilities')['class'], 'CommandNotFound')

    def test_ids_come_back(self):
        client = self.connect()
        for number in (1, 'two', [3], {'four': 4}, None):
            client.send(json.dumps({'execute': 'query-name', 'id': number}))
            self.assertEqual(client.answer(), {'return': {'name': 'bench'}, 'id': number})
        client.send('{"execute": "nope", "id": 7}')
        answer = client.answer()
        self.assertEqual((answer['id'], answer['error']['class']), (7, 'CommandNotFound'))

    def test_any_chunks(self):
        client = self.connect()
        text = b'{"execute": "query-name", "id": "a \\"}{ b"}' * 3
        for i in range(len(text)):
            client.send(text[i:i + 1])
        for _ in range(3):
            self.assertEqual(client.answer()['id'], 'a "}{ b')

    def test_order_and_pipelining(self):
        client = self.connect()
        client.send(''.join('{"execute":"query-version","id":%d}' % i for i in range(500)))
        self.assertEqual([client.answer()['id'] for _ in range(500)], list(range(500)))

    def test_out_of_band_is_for_those_who_asked(self):
        client = self.connect()
        client.send('{"exec-oob": "query-status", "id": 1}')
        self.assertIn('unexpected', client.answer()['error']['desc'])
        other = self.connect(ready=False)
        other.value('qmp_capabilities', enable=['oob'])
        other.send('{"exec-oob": "query-status", "id": 1}')
        self.assertIn('does not support OOB', other.answer()['error']['desc'])

    def test_wrong_arguments(self):
        client = self.connect()
        for command, arguments, word in (
                ('screendump', {}, "'filename' is missing"),
                ('screendump', {'filename': 5}, 'expected: string'),
                ('screendump', {'filename': 'x', 'colour': 'red'}, "'colour' is unexpected"),
                ('screendump', {'filename': 'x', 'format': 'gif'}, "'gif'"),
                ('send-key', {'keys': 'a'}, 'expected: array'),
                ('send-key', {'keys': [{'type': 'qcode'}]}, "'keys[0].data' is missing"),
                ('send-key', {'keys': [{'type': 'qcode', 'data': 'nokey'}]}, 'no such key'),
                ('input-send-event', {'events': [{'type': 'abs', 'data': {'axis': 'z'}}]}, 'axis'),
                ('eject', {'device': 'nodrive'}, 'not found'),
                ('human-monitor-command', {'command-line': 'info cpus', 'cpu-index': 9},
                 'a CPU number')):
            with self.subTest(command=command, arguments=arguments):
                client.send(json.dumps({'execute': command, 'arguments': arguments}))
                self.assertIn(word, client.answer()['error']['desc'])
        self.assertEqual(client.value('query-name'), {'name': 'bench'})

    def test_broken_json(self):
        client = self.connect()
        for text in ('{"execute": }', '{"execute" "x"}', '[1, 2]', '"text"', '5 ', '{}',
                     '{"execute": 5}', '{"execute": "query-name", "what": 1}',
                     '{"execute": "a", "exec-oob": "b"}', '{"execute": "x", "arguments": []}',
                     '{"execute": "query-name\n', b'{"execute": "\xff\xfe"}', b'{"a": "\x01"}',
                     '[' * 1000 + '\n', '{"a":' * 300 + '\n', '{"x": "' + 'y' * (2 << 20) + '"}\n'):
            with self.subTest(text=text[:40]):
                client.send(text)
                self.assertEqual(client.answer()['error']['class'], 'GenericError')
        client.send('\n{"execute": "query-name", "id": "sync"}')
        while client.answer().get('id') != 'sync':
            pass

    # ---- commands and events ----

    def test_events_reach_everybody(self):
        a, b = self.connect(), self.connect()
        self.assertEqual(a.value('query-status')['status'], 'running')
        a.value('stop')
        event = b.event('STOP')
        self.assertLess(abs(event['timestamp']['seconds'] - time.time()), 60)
        a.event('STOP')
        self.assertEqual(b.value('query-status'),
                         {'status': 'paused', 'running': False, 'singlestep': False})
        b.value('cont')
        a.event('RESUME')
        a.value('system_reset')
        self.assertEqual(b.event('RESET')['data'],
                         {'guest': False, 'reason': 'host-qmp-system-reset'})
        b.value('system_powerdown')
        a.event('POWERDOWN')

    def test_quit(self):
        a, b = self.connect(), self.connect()
        self.assertEqual(a.value('quit'), {})
        self.assertIn('SHUTDOWN', [event['event'] for event in a.events])  # before the answer
        self.assertEqual(b.event('SHUTDOWN')['data'], {'guest': False, 'reason': 'host-qmp-quit'})
        self.assertRaises(EOFError, lambda: b.event('STOP'))
        self.assertEqual(self.m.process.wait(10), 0)

    def test_machine_without_processor(self):
        """-M none runs nothing, whatever the accelerator; -blockdev in JSON."""
        node = {'driver': 'raw', 'node-name': 'n',
                'file': {'driver': 'file', 'filename': self.m.file('n.img', bytes(65536))}}
        requests = [{'execute': name} for name in ('qmp_capabilities', 'query-cpus-fast',
                                                   'query-named-block-nodes', 'quit')]
        out = subprocess.run(
            [binary(), '-M', 'none', '-display', 'none', '-qmp', 'stdio', '-blockdev',
             json.dumps(node)], input='\n'.join(map(json.dumps, requests)).encode(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(out.returncode, 0, out.stderr)
        answers = [json.loads(line) for line in out.stdout.splitlines()]
        answers = [line['return'] for line in answers if 'return' in line]
        self.assertEqual(answers[:2], [{}, []])
        self.assertIn('n', [each['node-name'] for each in answers[2]])

    def test_media(self):
        client = self.connect()
        image = self.m.file('cd.iso', bytes(65536))
        drive = [d for d in client.value('query-block') if d['device'] == 'cd'][0]
        self.assertNotIn('inserted', drive)
        client.value('blockdev-change-medium', device='cd', filename=image)
        drive = [d for d in client.value('query-block') if d['device'] == 'cd'][0]
        self.assertEqual(drive['inserted']['image']['virtual-size'], 65536)
        client.value('eject', device='cd', force=True)
        drive = [d for d in client.value('query-block') if d['device'] == 'cd'][0]
        self.assertNotIn('inserted', drive)
        error = client.error('blockdev-change-medium', device='cd', filename='/nonexistent')
        self.assertIn('/nonexistent', error['desc'])

    def test_keys_reach_the_guest(self):
        client = self.connect()
        client.value('send-key', keys=[{'type': 'qcode', 'data': 'a'}], hold_time=50)
        seen = []
        for _ in range(20):
            self.m.qtest.clock_step(10000000)
            while self.m.qtest.inb(0x64) & 1:
                seen.append(self.m.qtest.inb(0x60))
        self.assertIn(seen, ([0x1e, 0x9e], [0x1c, 0xf0, 0x1c]))

    def test_human_monitor(self):
        client = self.connect()
        text = client.value('human-monitor-command', command_line='info name')
        self.assertEqual(text, 'bench\n')
        text = client.value('human-monitor-command', command_line='nosuchcommand')
        self.assertIn('unknown command', text)

    def test_screendump(self):
        client = self.connect()
        shot = self.m.path('shot.png')
        self.assertEqual(client.value('screendump', filename=shot, format='png'), {})
        with open(shot, 'rb') as f:
            self.assertEqual(f.read(8), b'\x89PNG\r\n\x1a\n')
        self.assertIn('/nonexistent',
                      client.error('screendump', filename='/nonexistent/x')['desc'])

    def test_schema_is_closed(self):
        schema = self.connect().value('query-qmp-schema')
        names = [e['name'] for e in schema]
        self.assertEqual(len(names), len(set(names)))
        known = set(names)

        def refer(entry, key):
            if key in entry:
                self.assertIn(entry[key], known, entry)
        for entry in schema:
            for key in ('arg-type', 'ret-type', 'element-type'):
                refer(entry, key)
            for member in entry.get('members', []):
                refer(member, 'type')
            for variant in entry.get('variants', []):
                refer(variant, 'type')
        commands = {c['name'] for c in self.connect().value('query-commands')}
        self.assertEqual({e['name'] for e in schema if e['meta-type'] == 'command'}, commands)

    # ---- clients ----

    def test_fifty_clients(self):
        clients = [self.connect() for _ in range(50)]
        for i, client in enumerate(clients):
            client.send('{"execute": "query-uuid", "id": %d}' % i)
        for i, client in enumerate(clients):
            self.assertEqual(client.answer()['id'], i)
        clients[7].value('stop')
        for client in clients:
            client.event('STOP')

    def test_clients_that_go_at_any_time(self):
        rng = random.Random(1)
        text = b'{"execute": "qmp_capabilities"}{"execute": "query-qmp-schema"}{"execute": "stop"}'
        for _ in range(100):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(self.m.path('q'))
            sock.sendall(text[:rng.randrange(len(text))])
            if rng.random() < 0.5:
                sock.recv(rng.randrange(1, 2000))
            sock.close()
        client = self.connect()
        self.assertEqual(client.value('query-name'), {'name': 'bench'})
        labels = [c['label'] for c in client.value('query-chardev')]
        self.assertLess(len([label for label in labels if label.startswith('qmp0.')]), 10, labels)

    def test_killed_client(self):
        script = ('import socket,time\ns=socket.socket(socket.AF_UNIX)\ns.connect(%r)\n'
                  's.sendall(b\'{"execute":"qmp_capabilities"}{"execute":"screendump","arguments":'
                  '{"filename":"/dev/null"}}\')\nprint("go",flush=True)\ntime.sleep(60)\n'
                  % self.m.path('q'))
        with subprocess.Popen([sys.executable, '-c', script], stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        self.assertEqual(self.connect().value('query-name'), {'name': 'bench'})

    def test_a_client_that_does_not_read_delays_nobody(self):
        lazy = self.connect()
        lazy.socket.settimeout(1)
        try:
            for _ in range(20000):
                lazy.send('{"execute": "query-qmp-schema"}')
        except socket.timeout:
            pass
        other = self.connect()
        begin = time.monotonic()
        for _ in range(100):
            other.value('query-status')
        self.assertLess(time.monotonic() - begin, 5)
        with open('/proc/%d/status' % self.m.process.pid, encoding='ascii') as f:
            rss = next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))
        self.assertLess(rss, 400 << 10)


class OptionTest(unittest.TestCase):
    def test_mon_control_and_pretty(self):
        with Machine('-chardev', 'socket,id=c,path=q,server=on,wait=off', '-mon',
                     'c,mode=control,pretty=on', cwd=True) as m:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(10)
            sock.connect(m.path('q'))
            with sock, sock.makefile('r') as f:
                self.assertEqual(f.readline().strip(), '{')

    def test_stdio(self):
        status, out, _ = run('-machine', 'none', '-accel', 'qtest', '-display', 'none', '-qmp',
                             'stdio', stdin=b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(status, 0)
        self.assertEqual([list(line)[0] for line in lines[:2]], ['QMP', 'return'])
        self.assertIn({'return': {}}, lines[2:])

    def test_bad_options(self):
        for args, word in ((('-mon', 'nochr,mode=control'), 'no such -chardev'),
                           (('-chardev', 'null,id=c', '-mon', 'c,mode=x'), 'readline, control'),
                           (('-chardev', 'null,id=c', '-mon', 'c,pretty=on'), 'mode=control'),
                           (('-qmp', 'unix:/nonexistent/q,server=on'), '/nonexistent')):
            with self.subTest(args=args):
                status, _, err = run('-machine', 'none', '-display', 'none', *args)
                self.assertEqual(status, 1)
                self.assertIn(word, err)


@unittest.skipUnless(QEMU, 'qemu-system-x86_64 is not installed')
class Conformance(unittest.TestCase):
    """The same requests to both: kinds of answers, members, classes of errors."""

    REQUESTS = (
        '{"execute":"query-status"}', '{"execute":"query-name"}', '{"execute":"query-uuid"}',
        '{"execute":"query-kvm"}', '{"execute":"query-version"}', '{"execute":"query-mice"}',
        '{"execute":"query-chardev"}', '{"execute":"query-block"}', '{"execute":"query-target"}',
        '{"execute":"query-cpus-fast"}', '{"execute":"query-iothreads"}',
        '{"execute":"query-jobs"}',
        '{"execute":"query-memory-size-summary"}', '{"execute":"nope"}', '{"execute":5}', '[]',
        '{"execute":"eject"}', '{"execute":"eject","arguments":{"device":"nodrive"}}',
        '{"execute":"screendump"}', '{"execute":"stop"}', '{"execute":"cont"}',
        '{"execute":"human-monitor-command","arguments":{"command-line":"info status"}}',
        '{"execute":"send-key","arguments":{"keys":[{"type":"qcode","data":"a"}]}}',
        '{"execute":"send-key","arguments":{"keys":[{"type":"bad","data":"a"}]}}',
        '{"execute":"query-name","arguments":{"x":1}}', '{"execute":"query-current-machine"}',
        '{"execute":"system_wakeup"}', '{"execute":"set-action"}',
        '{"execute":"set-action","arguments":{"panic":"none","reboot":"reset"}}',
        '{"execute":"set-action","arguments":{"panic":"reset"}}',
        '{"execute":"watchdog-set-action","arguments":{"action":"pause"}}',
        '{"execute":"watchdog-set-action"}', '{"execute":"system_reset"}')

    def answers(self, program):
        folder = tempfile.mkdtemp(prefix='vitrine-test-')
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, 'q')
        with subprocess.Popen([program, '-accel', 'tcg', '-m', '64', '-display', 'none', '-name',
                               'x', '-nodefaults', '-drive',
                               'if=ide,index=2,media=cdrom,id=cd', '-qmp',
                               'unix:%s,server=on,wait=off' % path],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + 20
                while not os.path.exists(path) and time.monotonic() < end:
                    time.sleep(0.02)
                client = qmp.Client(path)
                found = {}
                for request in self.REQUESTS:
                    client.send(request + '\n')
                    found[request] = client.answer()
                client.close()
            finally:
                process.kill()
        return found

    def test_shapes(self):
        ours, theirs = self.answers(binary()), self.answers(QEMU)
        for request in self.REQUESTS:
            with self.subTest(request=request):
                a, b = ours[request], theirs[request]
                self.assertEqual('error' in a, 'error' in b, (a, b))
                if 'error' in a:
                    self.assertEqual(a['error']['class'], b['error']['class'])
                else:
                    qmp.compare(self, a, b, request)


if __name__ == '__main__':
    tap.main()
