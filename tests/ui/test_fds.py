#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Descriptors from outside: getfd's names and add-fd's sets, at both monitors and on the command
line. Each case holds for QEMU, too, where it is installed."""
import array
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from hmp import Hmp  # noqa: E402
from machine import binary  # noqa: E402
from qmp import Client  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')


class Cases:
    """`program` is what is tested."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-fds-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.process = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, *args, fds=()):
        self.process = subprocess.Popen(
            [self.program, '-M', 'pc', '-m', '16', '-nodefaults', '-display', 'none', '-S',
             '-accel', self.accel, '-vga', 'std', '-qmp', 'unix:q,server=on,wait=off',
             '-monitor', 'unix:h,server=on,wait=off', *args],
            cwd=self.dir, pass_fds=fds, stderr=subprocess.PIPE)
        self.addCleanup(self.end)
        self.qmp = Client(self.path('q'))
        self.addCleanup(self.qmp.close)

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=20)

    def send(self, fds, command, **arguments):
        request = {'execute': command,
                   'arguments': {k.replace('_', '-'): v for k, v in arguments.items()}}
        self.qmp.socket.sendmsg([json.dumps(request).encode()],
                                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))])
        return self.qmp.answer()

    def open(self, name, flags):
        fd = os.open(self.path(name), flags | os.O_CREAT, 0o600)
        self.addCleanup(os.close, fd)
        return fd

    def chardev(self, kind, **data):
        return self.qmp.execute('chardev-add', id='c', backend={'type': kind, 'data': data})

    def socket_chardev(self, name, server=False):
        return self.chardev('socket', server=server, addr={'type': 'fd', 'data': {'str': name}},
                            **({'wait': False} if server else {}))

    def read(self, name, count=1):
        end = time.monotonic() + 5
        data = b''
        while len(data) < count and time.monotonic() < end:
            with open(self.path(name), 'rb') as f:
                data = f.read()
        return data

    # ---- names ----

    def test_socket_by_name(self):
        self.start('-device', 'isa-serial,chardev=null', '-chardev', 'null,id=null')
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self.assertEqual(self.send([theirs.fileno()], 'getfd', fdname='s'), {'return': {}})
            self.assertEqual(self.socket_chardev('s'), {'return': {}})
            # The name is used up.
            self.assertIn("named 's' not found", self.qmp.error('closefd', fdname='s')['desc'])
            self.assertEqual(self.qmp.value('chardev-remove', id='c'), {})
            ours.settimeout(10)
            self.assertEqual(ours.recv(1), b'')  # and nobody else has it

    def test_listening_socket_by_name(self):
        self.start()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path('l'))
            listener.listen()
            self.send([listener.fileno()], 'getfd', fdname='l')
        self.assertEqual(self.socket_chardev('l', server=True), {'return': {}})
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.path('l'))
        self.qmp.value('query-chardev')

    def test_wrong_names(self):
        self.start()
        for name in ('none', '0', '3'):
            answer = self.socket_chardev(name)['error']
            self.assertEqual(answer['class'], 'GenericError')
            self.assertIn("File descriptor named '%s' has not been found" % name, answer['desc'])
            self.assertIn("named '%s' has not been found" % name,
                          self.qmp.hmp('chardev-add socket,id=c,fd=' + name))
        self.send([self.open('plain', os.O_RDWR)], 'getfd', fdname='plain')
        self.assertIn("File descriptor 'plain' is not a socket",
                      self.socket_chardev('plain')['error']['desc'])
        self.assertIn('not found', self.qmp.error('closefd', fdname='plain')['desc'])
        self.assertNotIn('c', [c['label'] for c in self.qmp.value('query-chardev')])

    def test_a_name_that_could_not_be_used(self):
        self.start('-chardev', 'null,id=c')
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self.send([theirs.fileno()], 'getfd', fdname='s')
            self.assertIn('error', self.socket_chardev('s'))  # there is one of that id
            self.qmp.value('closefd', fdname='s')
            ours.settimeout(10)
            self.assertEqual(ours.recv(1), b'')

    def test_dump_to_a_name(self):
        self.start()
        self.send([self.open('core', os.O_RDWR)], 'getfd', fdname='core')
        self.assertEqual(self.qmp.value('dump-guest-memory', paging=False, protocol='fd:core'), {})
        self.assertEqual(self.read('core')[:4], b'\x7fELF')
        for protocol, word in (('fd:core', "named 'core' has not been found"),
                               ('fd:', "named '' has not been found"), ('x', 'protocol')):
            self.assertIn(word, self.qmp.error('dump-guest-memory', paging=False,
                                               protocol=protocol)['desc'])

    # ---- the monitor for people ----

    def test_hmp(self):
        self.start()
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.path('h'))
        hmp = Hmp(sock)
        self.addCleanup(hmp.close)
        for line, word in (('getfd x', 'No file descriptor supplied via SCM_RIGHTS'),
                           ('closefd x', "File descriptor named 'x' not found")):
            self.assertIn(word, hmp.command(line))
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                sock.sendmsg([b'getfd x\n'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                               array.array('i', [theirs.fileno()]))])
            self.assertNotIn('rror', hmp._until_prompt())
            # It is this monitor's alone.
            self.assertIn('not found', self.qmp.error('closefd', fdname='x')['desc'])
            self.assertNotIn('rror', hmp.command('chardev-add socket,id=c,fd=x'))
            self.assertIn('c: filename=', hmp.command('info chardev'))
            self.assertNotIn('rror', hmp.command('chardev-remove c'))
            ours.settimeout(10)
            self.assertEqual(ours.recv(1), b'')

    # ---- sets ----

    def test_sets(self):
        self.start()
        fd = self.open('f', os.O_RDWR)
        first = self.send([fd], 'add-fd')['return']
        self.assertEqual(first['fdset-id'], 0)
        named = self.send([fd], 'add-fd', fdset_id=7, opaque='rw:f')['return']
        again = self.send([fd], 'add-fd', fdset_id=7)['return']
        self.assertEqual((named['fdset-id'], again['fdset-id']), (7, 7))
        self.assertEqual(self.send([fd], 'add-fd')['return']['fdset-id'], 1)
        sets = {s['fdset-id']: s['fds'] for s in self.qmp.value('query-fdsets')}
        self.assertEqual({n: len(fds) for n, fds in sets.items()}, {0: 1, 1: 1, 7: 2})
        self.assertIn({'fd': named['fd'], 'opaque': 'rw:f'}, sets[7])
        self.assertIn({'fd': again['fd']}, sets[7])
        self.qmp.value('remove-fd', fdset_id=7, fd=named['fd'])
        self.qmp.value('remove-fd', fdset_id=0)
        for arguments, name in (({'fdset_id': 9}, 'fdset-id:9'),
                                ({'fdset_id': 9, 'fd': 3}, 'fdset-id:9, fd:3'),
                                ({'fdset_id': 7, 'fd': 999}, 'fdset-id:7, fd:999')):
            self.assertIn("File descriptor named '%s' not found" % name,
                          self.qmp.error('remove-fd', **arguments)['desc'])
        self.assertIn('SCM_RIGHTS', self.qmp.error('add-fd')['desc'])
        self.assertIn("'fdset-id' expects a non-negative value",
                      self.send([fd], 'add-fd', fdset_id=-2)['error']['desc'])

    def test_files_in_sets(self):
        self.start()
        for name, number, flags in (('log', 1, os.O_WRONLY), ('shot', 2, os.O_WRONLY),
                                    ('core', 3, os.O_WRONLY), ('in', 4, os.O_RDONLY)):
            self.send([self.open(name, flags)], 'add-fd', fdset_id=number)
        self.assertEqual(self.chardev('file', out='/dev/fdset/1'), {'return': {}})
        self.qmp.value('screendump', filename='/dev/fdset/2')
        self.assertEqual(self.read('shot')[:3], b'P6\n')
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:/dev/fdset/3')
        self.assertEqual(self.read('core')[:4], b'\x7fELF')
        # There is none, or none for writing.
        self.assertIn('No such file', self.qmp.error('screendump',
                                                     filename='/dev/fdset/99')['desc'])
        self.assertIn('error', self.qmp.execute('screendump', filename='/dev/fdset/4'))
        self.qmp.value('chardev-remove', id='c')
        self.assertIn('error', self.chardev('file', out='/dev/fdset/4'))
        # One that is open stays so when the set goes.
        self.chardev('file', out='/dev/fdset/1')
        self.qmp.value('remove-fd', fdset_id=1)
        self.assertIn('c', [c['label'] for c in self.qmp.value('query-chardev')])

    def test_command_line(self):
        disk = self.open('disk', os.O_RDWR)
        os.truncate(disk, 1 << 20)
        again = self.open('disk', os.O_RDONLY)  # QEMU looks first
        log = self.open('log', os.O_WRONLY)
        self.start('-add-fd', 'fd=%d,set=2,opaque=the disk' % disk,
                   '-add-fd', 'fd=%d,set=2' % again, '-add-fd', 'fd=%d,set=3' % log,
                   '-drive', 'file=/dev/fdset/2,format=raw,if=none,id=d',
                   '-device', 'ide-hd,drive=d',
                   '-chardev', 'file,id=log,path=/dev/fdset/3', '-device',
                   'isa-debugcon,chardev=log,iobase=0xe9', fds=(disk, again, log))
        inserted = next(b['inserted'] for b in self.qmp.value('query-block') if 'inserted' in b)
        self.assertEqual((inserted['file'], inserted['image']['virtual-size']),
                         ('/dev/fdset/2', 1 << 20))
        self.qmp.hmp('o /b 0xe9 0x41')
        self.assertEqual(self.read('log'), b'A')
        self.assertEqual({s['fdset-id'] for s in self.qmp.value('query-fdsets')}, {2, 3})

    def test_wrong_on_the_command_line(self):
        fd = self.open('f', os.O_RDWR)
        for text, word in (('set=1', 'fd option is required and must be non-negative'),
                           ('fd=%d' % fd, 'set option is required and must be non-negative'),
                           ('fd=1,set=1', 'fd cannot be a standard I/O stream'),
                           ('fd=99,set=1', 'fd is not valid or already in use'),
                           ('fd=x,set=1', 'fd'), ('fd=%d,set=1,colour=red' % fd, 'colour')):
            run = subprocess.run([self.program, '-M', 'none', '-display', 'none', '-add-fd', text],
                                 capture_output=True, text=True, timeout=20, pass_fds=(fd,),
                                 check=False)
            self.assertEqual(run.returncode, 1, text)
            self.assertIn(word, run.stderr)


class Ours(Cases, unittest.TestCase):
    program, accel = binary(), 'qtest'

    def count(self):
        return len(os.listdir('/proc/%d/fd' % self.process.pid))

    def test_nothing_is_left_open(self):
        """Ends of all kinds, many times."""
        self.start()
        null = self.open('f', os.O_WRONLY)
        before = self.count()
        for _ in range(50):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                self.send([theirs.fileno()], 'getfd', fdname='s')
                self.socket_chardev('s', server=True)  # is none
                self.send([theirs.fileno()], 'getfd', fdname='s')
                self.socket_chardev('s')
                self.qmp.execute('chardev-remove', id='c')
            self.send([null], 'getfd', fdname='n')
            self.qmp.execute('dump-guest-memory', paging=False, protocol='fd:n', begin=1, length=0)
            self.send([null], 'add-fd', fdset_id=1)
            self.chardev('file', out='/dev/fdset/1')
            self.qmp.execute('remove-fd', fdset_id=1)
            self.qmp.execute('chardev-remove', id='c')
        self.assertLessEqual(self.count(), before + 1)

    def test_too_many(self):
        self.start()
        fd = self.open('f', os.O_RDWR)
        for _ in range(1024):
            answer = self.send([fd], 'add-fd')
            if 'error' in answer:
                break  # the system's limit may come first
        if 'error' not in answer:
            self.assertIn('most', self.send([fd], 'add-fd')['error']['desc'])

    def test_cache_none(self):
        """Past the host's cache, the same file is opened a second time."""
        disk = self.open('disk', os.O_RDWR)
        os.truncate(disk, 1 << 20)
        self.start('-add-fd', 'fd=%d,set=2' % disk, '-device', 'ide-hd,drive=d', '-drive',
                   'file=/dev/fdset/2,format=raw,if=none,id=d,cache=none', fds=(disk,))
        self.assertTrue(self.qmp.value('query-block'))

    def test_sets_go_with_the_last_client(self):
        self.start()
        fd = self.open('f', os.O_WRONLY)
        self.send([fd], 'add-fd', fdset_id=1)
        self.send([fd], 'add-fd', fdset_id=2)
        self.chardev('file', out='/dev/fdset/2')
        self.qmp.value('cont')
        other = Client(self.path('q'))
        self.qmp.close()
        self.assertEqual(len(other.value('query-fdsets')), 2)  # this one may use them
        other.close()
        end = time.monotonic() + 5
        while True:
            last = Client(self.path('q'))
            numbers = [s['fdset-id'] for s in last.value('query-fdsets')]
            last.close()
            if numbers == [2] or time.monotonic() > end:
                break
        self.assertEqual(numbers, [2])


@unittest.skipUnless(QEMU, 'QEMU is not installed')
class Theirs(Cases, unittest.TestCase):
    program, accel = QEMU, 'tcg'


if __name__ == '__main__':
    tap.main()
