#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The monitor of the real program: commands against a board, sockets, clients of every kind, and
a terminal (tmux)."""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary  # noqa: E402

PROMPT = b'(qemu) '
MS = 1000000


def until(condition, seconds=10):
    """Waits for a condition; returns its last value."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


class BoardTest(unittest.TestCase):
    """Commands that reach devices, seen from the other side through qtest."""

    @classmethod
    def setUpClass(cls):
        cls.m = Machine('-machine', 'pc', '-m', '64', '-name', 'bench', '-uuid',
                        '12345678-1234-1234-1234-123456789abc',
                        '-drive', 'if=ide,index=2,media=cdrom,id=cd',
                        '-chardev', 'ringbuf,id=ring', '-serial', 'chardev:ring').start()
        cls.hmp = cls.m.hmp.command

    @classmethod
    def tearDownClass(cls):
        cls.m.stop()

    def test_reports(self):
        self.assertEqual(self.hmp('info name'), 'bench')
        self.assertEqual(self.hmp('info uuid'), '12345678-1234-1234-1234-123456789abc')
        self.assertEqual(self.hmp('info kvm'), 'kvm support: disabled')
        self.assertRegex(self.hmp('info version'), r'^\d+\.\d+')
        self.assertRegex(self.hmp('info cpus'), r'^\* CPU #0: thread_id=\d+')
        self.assertIn('Host bridge: PCI device 8086:1237', self.hmp('info pci'))
        self.assertIn('pic0:', self.hmp('info pic'))
        self.assertIn('IRQ statistics for isa-i8259', self.hmp('info irq'))
        self.assertIn('dev: i440FX', self.hmp('info qtree'))
        self.assertIn('pc.ram', self.hmp('info mtree'))
        self.assertIn('pc.bios', self.hmp('info mtree -f'))
        self.assertIn('cd', self.hmp('info block'))
        self.assertIn('CR0=60000010', self.hmp('info registers'))
        self.assertRegex(self.hmp('info registers'), r'(?m)^EIP=0000fff0 EFL=00000002 ')
        self.assertNotIn('R15', self.hmp('info registers'))
        self.assertEqual(self.hmp('info mem'), 'PG disabled')
        self.assertRegex(self.hmp('info mice'), r'\* Mouse #\d+: ')
        self.assertIn('hmp', self.hmp('info chardev'))
        self.assertIn('VGA: ', self.hmp('info display'))
        self.assertRegex(self.hmp('info lock'), r'longest hold: [\d.]+ ms')
        topics = self.hmp('info')
        for topic in ('pci', 'pic', 'status', 'history'):
            self.assertIn('info %s' % topic, topics)

    def test_memory_and_ports(self):
        self.m.qtest.writel(0x1000, 0x12345678)
        self.assertEqual(self.hmp('xp /2xh 0x1000'), '0000000000001000: 0x5678 0x1234')
        self.assertEqual(self.hmp('x /1xw 0x800*2'), '0000000000001000: 0x12345678')
        # Letter and size hold for the next, a count does not.
        self.assertEqual(self.hmp('x /2xh 0x1000'), '0000000000001000: 0x5678 0x1234')
        self.assertEqual(self.hmp('x 0x1000'), '0000000000001000: 0x5678')
        self.assertEqual(self.hmp('xp /d 0x1000'), '0000000000001000:  22136')
        self.assertEqual((self.hmp('p 16'), self.hmp('p /i 16')), ('16', '0x10'))
        self.assertEqual(self.hmp('p 16'), '0x10')
        self.assertEqual(self.hmp('x /1xg 0x1000'), '0000000000001000: 0x0000000012345678')
        self.assertIn('port', self.hmp('i 0x80'))  # which has no eight bytes
        self.assertEqual(self.hmp('x /1xw 0x1000'), '0000000000001000: 0x12345678')
        self.assertEqual(self.hmp('xp 0xf0000000'), '00000000f0000000: Cannot access memory')
        # The code at the reset vector is a far jump, in the image below 4 GiB.
        self.assertRegex(self.hmp('x /1xb $pc'), '^00000000fffffff0: 0xea$')
        self.assertEqual(self.hmp('o /b 0x70 0x0f'), '')
        self.assertEqual(self.hmp('o /b 0x71 0x5a'), '')
        self.m.qtest.outb(0x70, 0x0f)
        self.assertEqual(self.m.qtest.inb(0x71), 0x5a)
        self.assertEqual(self.hmp('i /b 0x71'), 'portb[0x0071] = 0x5a')

    def test_run_state(self):
        self.assertEqual(self.hmp('info status'), 'VM status: running')
        self.assertEqual(self.hmp('stop'), '')
        self.assertEqual(self.hmp('info status'), 'VM status: paused')
        self.assertEqual(self.hmp('c'), '')
        self.assertEqual(self.hmp('info status'), 'VM status: running')
        self.m.qtest.outb(0x70, 0x00)
        self.m.qtest.outb(0x92, 0x02)
        self.assertEqual(self.hmp('system_reset'), '')
        self.assertEqual(self.hmp('info status'), 'VM status: running')
        self.assertEqual(self.hmp('nmi'), '')

    def test_ringbuf(self):
        for byte in b'Hi\\\x01':
            self.m.qtest.outb(0x3f8, byte)
            self.m.qtest.clock_step(20 * MS)
        self.assertEqual(self.hmp('ringbuf_read ring 2'), 'Hi')
        self.assertEqual(self.hmp('ringbuf_read ring 100'), r'\\\x01')
        self.assertEqual(self.hmp('ringbuf_read ring 100'), '')
        self.assertEqual(self.hmp('ringbuf_write ring "q"'), '')
        self.assertEqual(self.hmp('ringbuf_read ring 100'), 'q')
        self.assertIn("Device 'hmp' not found", self.hmp('ringbuf_read hmp 1'))
        self.assertIn("Device 'x' not found", self.hmp('ringbuf_write x y'))
        self.assertIn('must be from 0', self.hmp('ringbuf_read ring -1'))

    def test_sendkey(self):
        q = self.m.qtest
        self.assertEqual(self.hmp('sendkey nosuchkey')[:6], 'Error:')
        for _ in range(64):
            q.inb(0x60)
        self.assertEqual(self.hmp('sendkey a 50'), '')
        seen = []
        for _ in range(20):
            q.clock_step(10 * MS)
            while q.inb(0x64) & 1:
                seen.append(q.inb(0x60))
        self.assertIn(seen, ([0x1e, 0x9e], [0x1c, 0xf0, 0x1c]))

    def test_screendump(self):
        path = self.m.path('screen.ppm')
        self.assertEqual(self.hmp('screendump ' + path), '')
        with open(path, 'rb') as f:
            magic, size, most, pixels = f.read().split(b'\n', 3)
        width, height = map(int, size.split())
        self.assertEqual((magic, most, len(pixels)), (b'P6', b'255', width * height * 3))
        path = self.m.path('screen.png')
        self.assertEqual(self.hmp('screendump -f png %s VGA' % path), '')
        with open(path, 'rb') as f:
            data = f.read()
        self.assertEqual(data[:8], b'\x89PNG\r\n\x1a\n')
        self.assertEqual(struct.unpack('>II', data[16:24]), (width, height))
        self.assertEqual(zlib.crc32(data[12:29]), struct.unpack('>I', data[29:33])[0])
        self.assertIn('No such file or directory', self.hmp('screendump /nowhere/at/all'))
        self.assertIn("Device 'x' not found", self.hmp('screendump y x'))

    def test_media(self):
        one = self.m.file('one.iso', b'\1' * 4096)
        self.assertEqual(self.hmp('change cd ' + one), '')
        self.assertIn(one, self.hmp('info block'))
        self.assertIn('Error:', self.hmp('change cd ' + self.m.path('missing.iso')))
        self.assertIn(one, self.hmp('info block -v cd'))
        self.assertEqual(self.hmp('eject cd'), '')
        self.assertIn('cd: [not inserted]', self.hmp('info block cd'))
        self.assertIn('Error:', self.hmp('eject nothing'))
        self.assertIn('Error:', self.hmp('change vnc password'))

    def test_log(self):
        path = self.m.path('debug.log')
        self.assertEqual(self.hmp('logfile ' + path), '')
        self.assertEqual(self.hmp('log cpu_reset'), '')
        self.assertIn('* cpu_reset', self.hmp('log'))
        self.assertEqual(self.hmp('log none'), '')
        self.assertNotIn('* cpu_reset', self.hmp('log'))
        self.assertTrue(os.path.exists(path))
        self.assertIn('Error:', self.hmp('logfile /nowhere/at/all'))


class CompletionTest(unittest.TestCase):
    """Tab within TYPE,key=value: values that are names of something."""

    def setUp(self):
        self.m = Machine('-nodefaults', '-device', 'qemu-xhci,id=x', '-device',
                         'piix3-usb-uhci,id=u', '-object', 'memory-backend-ram,id=mem0,size=1M',
                         '-object', 'rng-builtin,id=r0', '-chardev', 'null,id=c0', '-drive',
                         'if=none,id=free', '-drive', 'if=none,id=taken', '-device',
                         'ide-cd,drive=taken', '-device', 'virtio-gpu-pci,id=gpu').start()
        self.addCleanup(self.m.stop)

    def offered(self, text):
        """The last words that two tabs show behind `text`, which is then given up."""
        self.m.hmp.sock.sendall(text.encode() + b'\t\t\x03#end\n')
        said = ''
        while '#end' not in said:
            said += self.m.hmp._until_prompt()
        return {re.split('[,=]', word.replace('^C', '').rstrip('='))[-1] for word in said.split()}

    def test_values(self):
        hmp = self.m.hmp.command
        for line, expected in (('device_add usb-kbd,id=k,bus=x\t', 'x.0'),
                               ('device_add virtio-rng-pci,id=r,rng=\t', 'r0'),
                               ('device_add usb-storage,id=s,bus=x.0,drive=f\t', 'free'),
                               ('device_add usb-storage,id=t,bus=x.0,drive=t\t', None)):
            with self.subTest(line):
                self.m.hmp.send(line)
                said = self.m.hmp._until_prompt()
                if expected:
                    self.assertNotIn('Error', said)
                    self.assertIn(expected, said)
                else:  # what has a device is not offered
                    self.assertIn("'t'", said)
        self.assertRegex(hmp('info usb'), r'  Device 0\.0, Port 1, .*Keyboard.*, ID: k\n')

    def test_choices(self):
        known = {'u.0', 'x.0', 'pci.0', 'ide.0', 'ide.1', 'isa.0', 'share', 'size', 'filename',
                 'on', 'off'}
        for text, words in (('device_add usb-kbd,bus=', {'u.0', 'x.0'}),
                            ('device_add ide-cd,bus=', {'ide.0', 'ide.1'}),
                            ('device_add pvpanic,bus=', {'isa.0'}),
                            ('device_add usb-kbd,bus=y', set()),
                            ('device_add frobnicate,bus=', set()),
                            ('object_add memory-backend-ram,s', {'share', 'size'}),
                            ('object_add rng-random,f', {'filename'}),
                            ('object_add memory-backend-ram,prealloc=', {'on', 'off'})):
            with self.subTest(text):
                self.assertEqual(self.offered(text) & known, words)


class SocketTest(unittest.TestCase):
    """Clients of a listening socket."""

    def setUp(self):
        self.m = Machine('-machine', 'none', '-monitor', 'unix:mon,server=on,wait=off',
                         monitor=False, cwd=True)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.assertTrue(until(lambda: os.path.exists(self.m.path('mon'))))

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(20)
        sock.connect(self.m.path('mon'))
        return sock

    def read_to_prompt(self, sock):
        data = b''
        while not data.endswith(PROMPT):
            chunk = sock.recv(65536)
            self.assertTrue(chunk, data[-200:])
            data += chunk
        return data

    def resident_kib(self):
        with open('/proc/%d/status' % self.m.pid) as f:
            return int(next(line for line in f if line.startswith('VmRSS')).split()[1])

    def test_greeting_and_echo(self):
        sock = self.connect()
        self.assertRegex(self.read_to_prompt(sock),
                         rb"^Vitrine \S+ monitor - type 'help' for more information\r\n\(qemu\) $")
        sock.sendall(b'info status\r\n')
        self.assertEqual(self.read_to_prompt(sock),
                         b'info status\r\nVM status: running\r\n(qemu) ')

    def test_one_after_the_other(self):
        for _ in range(3):
            sock = self.connect()
            self.read_to_prompt(sock)
            sock.sendall(b'half a li')
            sock.close()
        sock = self.connect()
        self.read_to_prompt(sock)
        sock.sendall(b'p 6*7\n')
        self.assertEqual(self.read_to_prompt(sock), b'p 6*7\r\n0x2a\r\n(qemu) ')

    def test_script_that_ends_its_input(self):
        sock = self.connect()
        sock.sendall(b'p 1\nscreendump /dev/null\np 2\n')
        sock.shutdown(socket.SHUT_WR)
        data = b''
        while chunk := sock.recv(65536):
            data += chunk
        self.assertIn(b'p 2\r\n0x2\r\n(qemu) ', data)

    def test_quit(self):
        sock = self.connect()
        self.read_to_prompt(sock)
        sock.sendall(b'quit\nstop\n')
        self.assertEqual(self.m.wait(), 0)
        self.assertEqual(sock.recv(100), b'quit\r\n')
        self.assertFalse(os.path.exists(self.m.path('mon')))

    def test_hostile_lines(self):
        sock = self.connect()
        self.read_to_prompt(sock)
        sock.sendall(b'A' * (1 << 20) + b'\n')
        self.assertIn(b'longer than 4095 bytes', self.read_to_prompt(sock))
        sock.sendall(bytes(range(256)) * 4 + b'\x03\n')
        sock.sendall(b'\0p\0 7\0\n')
        data = b''
        while not data.endswith(b'0x7\r\n(qemu) '):
            data += sock.recv(65536)
        sock.sendall(b'p ' + b'(' * 4000 + b'\n')
        self.assertIn(b'nested more than 64 deep', self.read_to_prompt(sock))

    def test_client_that_does_not_read(self):
        sock = self.connect()
        self.read_to_prompt(sock)
        before = self.resident_kib()
        sock.setblocking(False)
        sent = 0
        end = time.monotonic() + 3
        while time.monotonic() < end:
            try:
                sent += sock.send(b'help\n' * 1000)
            except BlockingIOError:
                time.sleep(0.05)
                if sent and time.monotonic() > end - 2:
                    break
        # Nobody else is delayed, and memory stays bounded.
        start = time.monotonic()
        self.m.qtest.clock()
        self.assertLess(time.monotonic() - start, 1)
        self.assertLess(self.resident_kib() - before, 8192)
        # When it reads again, every command is answered.
        sock.setblocking(True)
        sock.settimeout(20)
        prompts, tail = 0, b''
        while prompts < sent // 5:
            data = tail + sock.recv(1 << 20)
            prompts += data.count(PROMPT)
            tail = b'' if data.endswith(PROMPT) else data[-len(PROMPT) + 1:]
        self.assertGreaterEqual(prompts, sent // 5)


@unittest.skipUnless(shutil.which('tmux'), 'tmux is not installed')
class TerminalTest(unittest.TestCase):
    """-monitor stdio in a terminal."""

    def setUp(self):
        self.server = 'vitrine-%d-%s' % (os.getpid(), self._testMethodName)
        self.addCleanup(subprocess.run, ['tmux', '-L', self.server, 'kill-server'],
                        stderr=subprocess.DEVNULL)
        self.state = tempfile.mkdtemp(prefix='vitrine-test-')
        self.addCleanup(shutil.rmtree, self.state)
        self.open()

    def open(self, options=''):
        command = ('XDG_STATE_HOME=%s %s -machine none -accel qtest -display none '
                   '-monitor stdio %s; echo status=$?; '
                   'stty -a | tr " ;" "\\n" | grep -x -e icanon -e echo; exec cat' %
                   (self.state, binary(), options))
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', command)
        self.see('(qemu)')

    def tmux(self, *args):
        return subprocess.run(['tmux', '-L', self.server, *args], check=True,
                              capture_output=True, timeout=20).stdout.decode()

    def keys(self, *keys):
        self.tmux('send-keys', '-t', '0', *keys)

    def screen(self):
        return self.tmux('capture-pane', '-p', '-t', '0').rstrip().split('\n')

    def see(self, last):
        """Waits until the last row begins with this text."""
        self.assertTrue(until(lambda: self.screen()[-1].startswith(last)), self.screen())

    def test_editing(self):
        self.keys('info statu', 'Tab')
        self.see('(qemu) info status')
        self.keys('Enter')
        self.assertTrue(until(lambda: 'VM status: running' in self.screen()))
        self.keys('xp 2', 'C-a', 'Delete', 'Delete', 'Right', 'BSpace', 'p ', 'End', '+2', 'Enter')
        self.assertTrue(until(lambda: '0x4' in self.screen()), self.screen())
        self.keys('Up', 'Up')
        self.see('(qemu) info status')
        self.keys('C-u', 'C-r', 'p 2')
        self.see("(reverse-i-search)`p 2': p 2+2")
        self.keys('C-g')
        self.see('(qemu)')
        self.keys('system_', 'Tab')
        self.see('(qemu) system_')
        self.assertTrue(any(line.startswith('system_powerdown  system_reset')
                            for line in self.screen()), self.screen())
        self.keys('C-u', 'log')
        self.see('(qemu) log')
        self.keys('file ' + os.path.dirname(__file__) + '/test_moni', 'Tab')
        self.assertTrue(until(lambda: 'test_monitor.py' in ''.join(self.screen())), self.screen())

    def complete(self, typed, completed):
        """Types, and presses Tab once more for each "|" in it."""
        self.keys('C-u')
        for part in typed.split('|')[:-1]:
            self.keys('-l', part)
            self.keys('Tab')
        self.see('(qemu) ' + completed)
        wanted = ('(qemu) ' + completed).split()
        self.assertEqual(self.screen()[-1].split(), wanted)

    def test_completion_of_options(self):
        for typed, completed in (
                ('chardev-a|ringb|', 'chardev-add ringbuf'),
                ('chardev-add socket,pat|', 'chardev-add socket,path='),
                ('chardev-add socket,server=on,reco|', 'chardev-add socket,server=on,reconnect='),
                ('chardev-add file,appe|of|', 'chardev-add file,append=off'),
                ('chardev-add file,id=a,logf|', 'chardev-add file,id=a,logfile='),
                ('object_add memory-backend-me|,hugetlb=of|',
                 'object_add memory-backend-memfd,hugetlb=off'),
                ('object_add secret,format=b|', 'object_add secret,format=base64'),
                ('device_add isa-ser|,ind|', 'device_add isa-serial,index='),
                ('display_add headl|,reco|', 'display_add headless,record='),
                ('chardev-add ringbuf,nothing=|', 'chardev-add ringbuf,nothing='),
                ('chardev-add nosuch,pa|', 'chardev-add nosuch,pa')):
            with self.subTest(typed=typed):
                self.complete(typed, completed)

    def test_completion_of_file_names(self):
        folder = os.path.join(self.state, 'f')
        os.mkdir(folder)
        os.mkdir(os.path.join(folder, 'a folder'))
        for name in ('my file', 'my "own" file', 'plain', 'sp ace1', 'sp ace2',
                     'a folder/in\\side'):
            with open(os.path.join(folder, name), 'wb'):
                pass
        for typed, completed in (
                ('logfile %s/pl|', 'logfile %s/plain'),
                ('logfile %s/my|f|', 'logfile "%s/my file"'),
                ('logfile %s/my|\\"|', 'logfile "%s/my \\"own\\" file"'),
                ('logfile "%s/my f|', 'logfile "%s/my file"'),
                ('logfile "%s/pl|', 'logfile "%s/plain"'),
                ('logfile %s/sp|', 'logfile "%s/sp ace'),
                ('logfile %s/a|', 'logfile "%s/a folder/'),
                ('logfile %s/a||', 'logfile "%s/a folder/in\\\\side"'),
                ('memsave 0 0 %s/my|f|', 'memsave 0 0 "%s/my file"'),
                ('chardev-add file,path=%s/pl|', 'chardev-add file,path=%s/plain'),
                ('chardev-add file,path=%s/my|', 'chardev-add file,path=%s/my')):
            with self.subTest(typed=typed):
                self.complete(typed % folder, completed % folder)
        # What is completed is what the parser reads: the file is there, so that it is replaced.
        self.keys('C-u')
        self.keys('-l', 'logfile %s/my' % folder)
        self.keys('Tab')
        self.keys('-l', '\\"')
        self.keys('Tab', 'Enter')
        self.see('(qemu)')
        self.assertEqual(len(os.listdir(folder)), 6, self.screen())
        self.assertFalse([row for row in self.screen() if 'rror' in row])

    def quit(self):
        self.keys('C-u', 'quit', 'Enter')
        self.assertTrue(until(lambda: 'status=0' in self.screen()), self.screen())
        self.tmux('kill-server')
        time.sleep(0.2)

    def test_history_is_kept(self):
        path = os.path.join(self.state, 'vitrine', 'hmp-history')
        self.keys('p 40+2', 'Enter', 'set_password vnc geheim', 'Enter', 'nonsense', 'Enter')
        self.see('(qemu)')
        self.quit()
        with open(path, encoding='utf-8') as f:
            self.assertEqual(f.read(), 'p 40+2\nquit\n')
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.open()
        self.see('(qemu)')
        self.keys('Up', 'Up')
        self.see('(qemu) p 40+2')
        self.quit()
        self.open('-no-user-config')
        self.see('(qemu)')
        self.keys('Up', 'p 1', 'Enter')
        self.assertTrue(until(lambda: '(qemu) p 1' in self.screen()), self.screen())
        self.quit()
        with open(path, encoding='utf-8') as f:
            self.assertEqual(f.read(), 'p 40+2\nquit\n')

    def test_long_lines(self):
        self.keys('p ' + '1+' * 60 + '1', 'C-a')
        self.tmux('resize-window', '-x', '50', '-y', '24')
        self.keys('X', 'BSpace', 'C-e', '+1', 'Enter')
        self.assertTrue(until(lambda: '0x3e' in self.screen()), self.screen())
        text = ''.join(self.screen())
        self.assertEqual(text.count('(qemu) p '), 1, self.screen())

    def test_terminal_is_restored(self):
        self.keys('quit', 'Enter')
        self.assertTrue(until(lambda: 'echo' in self.screen()), self.screen())
        self.assertEqual(self.screen()[-3:], ['status=0', 'icanon', 'echo'])


if __name__ == '__main__':
    tap.main()
