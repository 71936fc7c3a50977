#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The object tree, objects and device_add at both monitors of the real program; and the same
requests to QEMU, where it is installed."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402
from qmp import Client  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')


class Tree(unittest.TestCase):
    def setUp(self):
        self.m = Machine('-m', '64', '-smp', '2,threads=2,maxcpus=6', '-chardev', 'null,id=c0',
                         '-device',
                         'isa-debugcon,id=dbg,chardev=c0,iobase=0x402', '-device',
                         'secondary-vga,addr=8.0', '-object', 'secret,id=s0,data=abc', '-object',
                         'rng-random,id=r0', '-display', 'headless,max-hz=30', '-qmp',
                         'unix:q,server=on,wait=off', cwd=True, display=None).start()
        self.addCleanup(self.m.stop)
        self.q = Client(self.m.path('q'))
        self.addCleanup(self.q.close)

    def listing(self, path):
        return {p['name']: p['type'] for p in self.q.value('qom-list', path=path)}

    def get(self, path, name):
        return self.q.value('qom-get', path=path, property=name)

    def walk(self, path, found):
        for name, kind in self.listing(path or '/').items():
            if kind.startswith('child<'):
                self.walk(path + '/' + name, found)
        if path:
            found[path] = self.get(path, 'type')
        return found

    def test_layout(self):
        self.assertEqual(self.listing('/')['machine'], 'child<pc-machine>')
        self.assertEqual(self.listing('/machine/peripheral')['dbg'], 'child<isa-debugcon>')
        self.assertEqual(self.listing('/machine/peripheral-anon'),
                         {'type': 'string', 'device[0]': 'child<secondary-vga>'})
        self.assertEqual(self.listing('/objects'),
                         {'type': 'string', 's0': 'child<secret>', 'r0': 'child<rng-random>',
                          'pc.ram': 'child<memory-backend-ram>'})
        self.assertEqual(self.listing('/chardevs')['c0'], 'child<chardev-null>')
        self.assertEqual(self.listing('/backend')['console[0]'], 'child<qemu-console>')
        self.assertEqual(self.listing('/backend')['headless'], 'child<frontend-headless>')
        self.assertEqual(self.get('pci.0', 'type'), 'PCI')
        for cpu in self.q.value('query-cpus-fast'):
            self.assertTrue(self.get(cpu['qom-path'], 'type').endswith('-x86_64-cpu'))

    def test_every_path_leads_back(self):
        found = self.walk('', {})
        self.assertGreater(len(found), 30)
        for path, kind in found.items():
            name = path.rsplit('/', 1)
            parent = self.listing(name[0] or '/')
            self.assertEqual(parent[name[1]], 'child<%s>' % kind, path)

    def test_the_same_tree_as_qtree(self):
        """Every device of `info qtree` is once in the tree, on the bus that it says."""
        def buses_of(lines):
            """(device type, bus name) of each device, by indentation."""
            stack, pairs = [], []
            for line in lines:
                match = re.match(r'( *)(dev|bus): ([^,\n]+)', line)
                if not match:
                    continue
                indent, what, name = len(match.group(1)), match.group(2), match.group(3)
                while stack and stack[-1][0] >= indent:
                    stack.pop()
                if what == 'dev' and stack:
                    pairs.append((name, stack[-1][1]))
                stack.append((indent, name.strip()))
            return sorted(pairs)

        text = self.m.hmp.command('info qtree')
        theirs = []
        for path, kind in self.walk('', {}).items():
            if 'parent_bus' in self.listing(path):
                bus = self.get(path, 'parent_bus').rsplit('/', 1)[1]
                theirs.append((kind, 'main-system-bus' if bus == 'sysbus' else bus))
        self.assertEqual(sorted(theirs), buses_of(text.replace('\r', '').split('\n')))

    def test_properties(self):
        self.assertEqual(self.get('dbg', 'iobase'), 0x402)
        self.assertEqual(self.get('dbg', 'chardev'), 'c0')
        self.assertIs(self.get('dbg', 'realized'), True)
        self.assertEqual(self.get('/machine/peripheral-anon/device[0]', 'addr'), 0x40)
        self.assertEqual(self.get('/machine', 'memory'), {'size': 64 << 20})
        self.assertEqual(self.get('/machine', 'smp'), {
            'cpus': 2, 'maxcpus': 6, 'sockets': 1, 'dies': 1, 'clusters': 1, 'cores': 3,
            'threads': 2})
        self.assertEqual(self.get('/objects/r0', 'filename'), '/dev/urandom')
        self.assertEqual(self.get('dbg', 'parent_bus'), self.get('dbg/parent_bus/child[0]',
                                                                 'parent_bus'))

    def test_setting(self):
        self.assertEqual(self.get('/backend/headless', 'max-hz'), 30)
        self.q.value('qom-set', path='/backend/headless', property='max-hz', value=120)
        self.assertEqual(self.get('/backend/headless', 'max-hz'), 120)
        self.assertIn('up to 120 Hz', self.m.hmp.command('info display'))
        for path, name, value, word in (
                ('/backend/headless', 'max-hz', 0, 'out of range'),
                ('/backend/headless', 'max-hz', 'fast', 'expected: integer'),
                ('/backend/headless', 'max-hz', [60], 'expected: integer'),
                ('/backend/headless', 'max-hz', None, 'expected: integer'),
                ('/backend/headless', 'limit', 5, 'not writable'),
                ('dbg', 'readback', 1, "on device 'dbg' (type 'isa-debugcon') after it was"),
                ('dbg', 'iobase', 1, 'after it was realized'),
                ('/objects/s0', 'data', 'x', 'can no longer be set'),
                ('/machine', 'type', 'x', 'not writable'),
                ('dbg', 'nothing', 1, "Property 'isa-debugcon.nothing' not found")):
            with self.subTest(path=path, name=name, value=value):
                self.assertIn(word, self.q.error('qom-set', path=path, property=name,
                                                 value=value)['desc'])
        self.assertEqual(self.get('/backend/headless', 'max-hz'), 120)

    def test_bad_paths(self):
        for path, kind in (('', 'GenericError'), ('device[0]', 'GenericError'),
                           ('/machine/..', 'DeviceNotFound'), ('..', 'DeviceNotFound'),
                           ('/machine/peripheral/dbg/iobase', 'DeviceNotFound'),
                           ('x' * 500000, 'DeviceNotFound'), ('/x' * 200000, 'DeviceNotFound')):
            with self.subTest(path=path[:40]):
                self.assertEqual(self.q.error('qom-list', path=path)['class'], kind)
        self.assertEqual(self.listing('/' * 500000), self.listing('/'))

    def test_types(self):
        types = {t['name']: t for t in self.q.value('qom-list-types', abstract=True)}
        self.assertEqual(types['VGA'], {'name': 'VGA', 'parent': 'pci-device'})
        self.assertIs(types['device']['abstract'], True)
        for entry in types.values():
            if 'parent' in entry:
                self.assertIn(entry['parent'], types)
        creatable = self.q.value('qom-list-types', implements='user-creatable')
        self.assertEqual(sorted(t['name'] for t in creatable),
                         ['memory-backend-file', 'memory-backend-memfd', 'memory-backend-ram',
                          'rng-builtin', 'rng-random', 'secret'])
        self.assertEqual(self.q.value('qom-list-types', implements='nothing'), [])
        options = {p['name']: p for p in self.q.value('device-list-properties', typename='VGA')}
        self.assertEqual(options['vgamem_mb']['default-value'], 16)
        self.assertIn('addr', options)
        for name in types:
            self.q.value('qom-list-properties', typename=name)
        for entry in self.q.value('qom-list-types', implements='device'):
            self.assertIsInstance(entry['parent'], str)

    def test_objects(self):
        self.q.value('object-add', qom_type='secret', id='x', data='b3Blbg==', format='base64')
        for arguments, word in (({'qom_type': 'secret', 'id': 'x', 'data': 'a'}, 'already'),
                                ({'qom_type': 'secret', 'id': 'y'}, "'file' or 'data'"),
                                ({'qom_type': 'secret', 'id': 'y', 'data': 5}, 'string'),
                                ({'qom_type': 'secret', 'id': '1', 'data': 'a'}, 'identifier'),
                                ({'qom_type': 'secret', 'id': 'y', 'foo': 1}, 'unexpected'),
                                ({'qom_type': 'none', 'id': 'y'}, "'none'"),
                                ({'qom_type': 'secret'}, "'id' is missing"),
                                ({'id': 'y'}, "'qom-type' is missing")):
            with self.subTest(arguments=arguments):
                self.assertIn(word, self.q.error('object-add', **arguments)['desc'])
        self.q.value('object-del', id='x')
        self.assertIn('not found', self.q.error('object-del', id='x')['desc'])

    def test_a_pipe_without_a_writer_holds_nothing_up(self):
        os.mkfifo(self.m.path('pipe'))
        begin = time.monotonic()
        self.q.execute('object-add', qom_type='secret', id='p', file=self.m.path('pipe'))
        self.assertLess(time.monotonic() - begin, 5)

    def test_device_add(self):
        for arguments, word in (({'driver': 'none'}, 'not a valid device model'),
                                ({}, "'driver' is missing"),
                                ({'driver': 'isa-debugcon', 'id': 'x'},
                                 "Bus 'isa.0' does not support hotplugging"),
                                ({'driver': 'ide-hd'}, 'does not support hotplugging'),
                                ({'driver': 'VGA'}, 'pluggable device type'),
                                ({'driver': 'PIIX3'}, 'pluggable device type'),
                                ({'driver': 'secondary-vga', 'bus': 'ide.0'}, "can't go on"),
                                ({'driver': 'secondary-vga', 'bus': 'none'}, 'not found')):
            with self.subTest(arguments=arguments):
                self.assertIn(word, self.q.error('device_add', **arguments)['desc'])
        for who, word in (('dbg', 'does not support hotplugging'), ('none', 'not found'),
                          ('/machine', 'not a hotpluggable device')):
            self.assertIn(word, self.q.error('device_del', id=who)['desc'])
        self.assertEqual(self.q.error('device_del', id='none')['class'], 'DeviceNotFound')

    def test_at_the_monitor_for_people(self):
        command = self.m.hmp.command
        self.assertEqual(command('qom-get dbg iobase').strip(), '1026')
        self.assertIn('dbg (child<isa-debugcon>)', command('qom-list /machine/peripheral'))
        command('qom-set /backend/headless max-hz 75')
        self.assertEqual(command('qom-get /backend/headless max-hz').strip(), '75')
        command('qom-set -j /backend/headless max-hz 76')
        self.assertEqual(command('qom-get /backend/headless max-hz').strip(), '76')
        self.assertNotEqual(command('qom-set -j /backend/headless max-hz {').strip(), '')
        self.assertEqual(command('qom-get /backend/headless max-hz').strip(), '76')
        self.assertIn('/dbg (isa-debugcon)', command('info qom-tree /machine/peripheral'))
        self.assertIn("'nosuch' not found", command('info qom-tree nosuch'))
        self.assertIn('name "VGA", bus PCI', command('info qdm'))
        self.assertIn('vgamem_mb=', command('device_add VGA,help'))
        self.assertIn('does not support hotplugging', command('device_add isa-serial'))
        self.assertEqual(command('object_add secret,id=x,data=a').strip(), '')
        self.assertIn('secret', command('object_add help'))
        self.assertEqual(command('object_del x').strip(), '')
        self.assertIn("'x' not found", command('object_del x'))


class HotPlug(unittest.TestCase):
    """On USB, where plugs are pulled, and on PCI, where the guest is asked."""

    def test_pci(self):
        with Machine('-m', '64', '-qmp', 'unix:q,server=on,wait=off', cwd=True) as m:
            q = Client(m.path('q'))
            self.addCleanup(q.close)
            q.value('device_add', driver='secondary-vga', id='s')
            self.assertIn('secondary-vga', m.hmp.command('info qtree'))
            q.value('device_del', id='s')
            self.assertIn('already in the process', q.error('device_del', id='s')['desc'])
            self.assertIn('secondary-vga', m.hmp.command('info qtree'))
            q.value('system_reset')  # no guest answers
            self.assertEqual(q.event_data('DEVICE_DELETED'),
                             {'device': 's', 'path': '/machine/peripheral/s'})
            self.assertNotIn('secondary-vga', m.hmp.command('info qtree'))
            q.value('device_add', driver='secondary-vga', id='s')

    def test_usb(self):
        with Machine('-m', '64', '-usb', '-qmp', 'unix:q,server=on,wait=off', cwd=True) as m:
            q = Client(m.path('q'))
            self.addCleanup(q.close)
            for _ in range(5):
                q.value('device_add', driver='usb-tablet', id='t')
                q.value('device_add', driver='usb-mouse', id='m', port='2')
                self.assertIs(q.value('qom-get', path='t', property='hotplugged'), True)
                self.assertEqual(q.value('qom-get', path='m', property='port'), '2')
                self.assertIn('ID: t', m.hmp.command('info usb'))
                self.assertIn('free port', q.error('device_add', driver='usb-kbd')['desc'])
                q.value('device_del', id='t')
                self.assertEqual(q.events.pop()['data'],
                                 {'device': 't', 'path': '/machine/peripheral/t'})
                self.assertEqual(m.hmp.command('device_del /machine/peripheral/m').strip(), '')
                self.assertEqual(q.error('device_del', id='m')['class'], 'DeviceNotFound')
                self.assertEqual(q.events.pop()['event'], 'DEVICE_DELETED')
            self.assertNotIn('ID:', m.hmp.command('info usb'))


class Options(unittest.TestCase):
    def test_bad_objects(self):
        for text, word in (('none,id=x', "'none'"), ('secret', "'id' is missing"),
                           ('secret,id=x', "'file' or 'data'"),
                           ('secret,id=x,file=/nonexistent', '/nonexistent'),
                           ('secret,id=x,data=hush,colour=red', 'colour')):
            with self.subTest(text=text):
                status, _, err = run('-machine', 'none', '-display', 'none', '-object', text)
                self.assertEqual(status, 1)
                self.assertIn(word, err)
                self.assertNotIn('hush', err)

    def test_help(self):
        status, out, _ = run('-object', 'help')
        self.assertEqual(status, 0)
        self.assertIn('rng-random', out)
        self.assertIn('format=', run('-object', 'secret,help')[1])
        self.assertIn('addr=', run('-device', 'VGA,help')[1])


@unittest.skipUnless(QEMU, 'qemu-system-x86_64 is not installed')
class Conformance(unittest.TestCase):
    """Kinds of answers and classes of errors are QEMU's. Different on purpose: what is set on the
    machine or a secret after the fact is refused here, since it would have no effect."""

    REQUESTS = (
        ('qom-list', {'path': '/'}), ('qom-list', {'path': 'dbg'}), ('qom-list', {'path': ''}),
        ('qom-list', {'path': 'nosuch'}), ('qom-list', {'path': '/machine/..'}),
        ('qom-list', {'path': 'pci.0'}), ('qom-list', {}), ('qom-list', {'path': 5}),
        ('qom-get', {'path': 'dbg', 'property': 'iobase'}),
        ('qom-get', {'path': 'dbg', 'property': 'chardev'}),
        ('qom-get', {'path': 'dbg', 'property': 'realized'}),
        ('qom-get', {'path': 'dbg', 'property': 'hotpluggable'}),
        ('qom-get', {'path': 'dbg', 'property': 'parent_bus'}),
        ('qom-get', {'path': 'dbg', 'property': 'nosuch'}),
        ('qom-get', {'path': '/machine', 'property': 'memory'}),
        ('qom-get', {'path': '/machine', 'property': 'peripheral'}),
        ('qom-get', {'path': '/objects/s0', 'property': 'format'}),
        ('qom-get', {'path': '/objects/r0', 'property': 'filename'}),
        ('qom-set', {'path': 'dbg', 'property': 'iobase', 'value': 5}),
        ('qom-set', {'path': 'dbg', 'property': 'type', 'value': 'x'}),
        ('qom-set', {'path': '/machine/peripheral', 'property': 'dbg', 'value': '/machine'}),
        ('qom-set', {'path': '/objects/r0', 'property': 'filename', 'value': 'x'}),
        ('qom-list-types', {}), ('qom-list-types', {'implements': 'nosuch'}),
        ('qom-list-types', {'implements': 'rng-backend', 'abstract': True}),
        ('qom-list-properties', {'typename': 'secret'}),
        ('qom-list-properties', {'typename': 'nosuch'}),
        ('device-list-properties', {'typename': 'VGA'}),
        ('device-list-properties', {'typename': 'nosuch'}),
        ('device-list-properties', {'typename': 'secret'}),
        ('device-list-properties', {'typename': 'pci-device'}),
        ('object-add', {'qom-type': 'secret', 'id': 's1', 'data': 'x'}),
        ('object-add', {'qom-type': 'secret', 'id': 's1', 'data': 'x'}),
        ('object-add', {'qom-type': 'secret', 'id': 's2'}),
        ('object-add', {'qom-type': 'nosuch', 'id': 's2'}),
        ('object-add', {'qom-type': 'rng-random', 'id': '9'}),
        ('object-add', {'qom-type': 'rng-random', 'id': 'y', 'filename': 5}),
        ('object-del', {'id': 's1'}), ('object-del', {'id': 's1'}),
        ('device_add', {'driver': 'nosuch'}), ('device_add', {}),
        ('device_add', {'driver': 'isa-serial', 'id': 'x'}), ('device_add', {'driver': 'VGA'}),
        ('device_del', {'id': 'nosuch'}), ('device_del', {'id': 'dbg'}),
        ('device_del', {'id': '/machine'}), ('device_del', {}))

    def answers(self, program):
        folder = tempfile.mkdtemp(prefix='vitrine-test-')
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, 'q')
        with subprocess.Popen([program, '-accel', 'tcg', '-m', '64', '-display', 'none', '-S',
                               '-nodefaults', '-chardev', 'null,id=c0', '-device',
                               'isa-debugcon,id=dbg,chardev=c0', '-object',
                               'secret,id=s0,data=abc', '-object', 'rng-random,id=r0',
                               '-qmp', 'unix:%s,server=on,wait=off' % path],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + 20
                while not os.path.exists(path) and time.monotonic() < end:
                    time.sleep(0.02)
                client = Client(path)
                found = [client.ask({'execute': command, 'arguments': arguments})
                         for command, arguments in self.REQUESTS]
                client.close()
            finally:
                process.kill()
        return found

    def compare(self, ours, theirs, where):
        self.assertEqual(type(ours), type(theirs), where)
        if isinstance(ours, dict):
            self.assertLessEqual(set(ours), set(theirs) | {'description', 'default-value'}, where)
            for key in set(ours) & set(theirs):
                self.compare(ours[key], theirs[key], where + '.' + key)
        elif isinstance(ours, list) and ours and theirs:
            self.compare({k: ours[0][k] for k in ours[0] if k in ('name', 'type')},
                         {k: theirs[0][k] for k in theirs[0] if k in ('name', 'type')}, where)

    def test_shapes(self):
        for request, a, b in zip(self.REQUESTS, self.answers(binary()), self.answers(QEMU)):
            with self.subTest(request=request):
                self.assertEqual('error' in a, 'error' in b, (a, b))
                if 'error' in a:
                    self.assertEqual(a['error']['class'], b['error']['class'])
                else:
                    self.compare(a['return'], b['return'], str(request))


if __name__ == '__main__':
    tap.main()
