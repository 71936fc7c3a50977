#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The SPICE server, without a guest, by a scripted client: pictures, passwords, TLS, sockets,
input, and clients that lie, stall, or leave in the middle. The machine runs under qtest."""

import contextlib
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import spice  # noqa: E402
import tap  # noqa: E402
import vga  # noqa: E402
from fake import Fake  # noqa: E402
from guestinput import GuestInput  # noqa: E402
from machine import ROOT, Machine, run  # noqa: E402
from screen import Screen, wait  # noqa: E402
from served_machine import LFB, ServedCase  # noqa: E402

MODULE = os.environ.get('VITRINE_SPICE', ROOT + '/build/ui/spice/libvitrine-ui-spice.so')


def memory(pid):
    """KiB; 0 with a sanitizer, which keeps what is freed."""
    with open('/proc/%d/maps' % pid, encoding='ascii') as f:
        if 'libasan' in f.read():
            return 0
    with open('/proc/%d/status' % pid, encoding='ascii') as f:
        return int(re.search(r'VmRSS:\s*(\d+)', f.read()).group(1))


class SpiceTest(ServedCase):
    def start(self, *options, **more):
        """A machine with a SPICE server on the unix socket m.path('spice')."""
        self.serve('-spice', ','.join(('unix=on,addr=spice,image-compression=off', *options)),
                   **more)
        self.address = self.m.path('spice')

    def viewer(self, **more):
        viewer = spice.Viewer(self.address, **more)
        self.addCleanup(viewer.close)
        return viewer

    def assert_same(self, picture):
        def same():
            picture.catch_up()
            dump = self.screen.dump()
            return (dump.width, dump.height) == (picture.width, picture.height) and \
                dump.rgb == picture.rgb()
        wait(same, 'the viewer sees what screendump saves', 20)

    def channels(self):
        return re.findall(r'channel name: (\w+)', self.m.hmp.command('info spice'))

    def wait_channels(self, *names):
        wait(lambda: sorted(self.channels()) == sorted(names), 'channels %r' % (names,), 20)

    def descriptors(self):
        return len(os.listdir('/proc/%d/fd' % self.m.pid))

    def threads(self):
        return len(os.listdir('/proc/%d/task' % self.m.pid))

    def memory(self):
        return memory(self.m.pid)


class Pictures(SpiceTest):
    def test_pixel_for_pixel(self):
        self.start()
        early = self.viewer().display()
        self.assert_same(early)
        self.show_picture()
        self.assert_same(early)  # followed the change of size
        self.m.qtest.memset(LFB + 100 * 640 * 4, 640 * 4, 0x55)
        for x in range(0, 640, 8):  # many small changes
            self.m.qtest.memset(LFB + (x % 480 * 640 + x) * 4, 4, 0x77)
        self.assert_same(early)
        self.show_picture(1024, 768, 2)
        self.assert_same(early)
        self.assertEqual(early.format, 32)  # xRGB
        vga.Vga(self.m.qtest).vbe(vga.VBE_ENABLE, 0)
        self.show_picture(800, 600, 3)
        self.assert_same(early)
        late = self.viewer().display()  # takes the place of the first
        self.assert_same(late)
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual(self.m.stderr(), '')

    def test_resize_storm(self):
        self.start()
        self.show_picture()
        picture = self.viewer().display()
        card = vga.Vga(self.m.qtest)
        for width, height in ((640, 400), (320, 200), (1280, 1024), (16, 16), (800, 600)) * 6:
            card.vbe_mode(width, height, 32)
            time.sleep(0.01)
        self.show_picture(320, 240, 4)
        self.assert_same(picture)

    def test_clock_and_info(self):
        self.start(display=None)
        self.show_picture()
        self.assertIn('spice: inactive', self.m.hmp.command('info display'))
        info = self.m.hmp.command('info spice')
        self.assertIn('        auth: none\n', info)
        self.assertIn('  mouse-mode: server\n', info)
        self.assertIn('Channels: none', info)
        viewer = self.viewer()
        self.assertEqual(viewer.listed, [(2, 0), (3, 0), (4, 0)])
        self.assertIn('spice: inactive', self.m.hmp.command('info display'))
        self.assert_same(viewer.display())
        viewer.open(spice.INPUTS)
        self.wait_channels('main', 'display', 'inputs')
        info = self.m.hmp.command('info spice')
        self.assertIn('     session: %d\n' % viewer.session, info)
        self.assertIn('     channel: 2:0\n     channel name: display', info)
        self.assertIn('spice: active', self.m.hmp.command('info display'))
        viewer.close()
        self.wait_channels()
        wait(lambda: 'spice: inactive' in self.m.hmp.command('info display'), 'nobody looks', 20)


class Passwords(SpiceTest):
    def refused(self, password):
        with self.assertRaises(spice.SpiceError) as caught:
            self.viewer(password=password)
        self.assertEqual(caught.exception.code, spice.ERR_PERMISSION_DENIED)

    def test_password(self):
        self.start('password=first')
        self.assertIn('auth: spice', self.m.hmp.command('info spice'))
        self.viewer(password='first')
        for wrong in ('', 'First', 'firs', 'first ', 'x' * 60):
            self.refused(wrong)
        inside = self.viewer(password='first')
        self.assertEqual(self.m.hmp.command('set_password spice second'), '')
        self.refused('first')
        inside.close()
        picture = self.viewer(password='second').display()
        self.assertEqual(self.m.hmp.command('expire_password spice now'), '')
        self.refused('second')
        self.assert_same(picture)  # who is inside stays
        self.assertEqual(self.m.hmp.command('expire_password spice +1000'), '')
        self.viewer(password='second')
        self.assertEqual(self.m.hmp.command('expire_password spice +1'), '')
        time.sleep(2.1)  # it counts whole seconds
        self.refused('second')
        self.assertEqual(self.m.hmp.command('expire_password spice never'), '')
        self.viewer(password='second')
        self.assertIn('60', self.m.hmp.command('set_password spice ' + 'x' * 61))
        self.viewer(password='second')

    def test_connected_viewers(self):
        """The last word of set_password: what happens to who is there."""
        self.start('password=first')
        viewer = self.viewer(password='first')
        self.wait_channels('main')
        self.assertIn('connected', self.m.hmp.command('set_password spice second fail'))
        self.refused('second')
        self.assertEqual(self.m.hmp.command('set_password spice second keep'), '')
        self.viewer(password='second')
        self.wait_channels('main')
        self.assertEqual(self.m.hmp.command('set_password spice third disconnect'), '')
        self.wait_channels()
        viewer.close()

    def test_nobody_without_a_password(self):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        self.m = Machine('-spice', 'port=%d' % port)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.m.hmp.command('info spice')
        self.address = ('127.0.0.1', port)
        self.refused('')
        self.refused('secret')
        self.assertEqual(self.m.hmp.command('set_password spice secret'), '')
        self.viewer(password='secret')
        self.refused('')

    def test_unix_socket(self):
        """Its folder says who may open it, until a password is set."""
        self.start()
        self.assertIn('auth: none', self.m.hmp.command('info spice'))
        self.viewer()
        self.assertEqual(self.m.hmp.command('set_password spice secret'), '')
        self.assertIn('auth: spice', self.m.hmp.command('info spice'))
        wait(lambda: not self.channels(), 'who came without one has to go', 20)
        self.refused('')
        self.viewer(password='secret')

    def test_no_password_wanted(self):
        self.start('disable-ticketing=on')
        self.assertIn('no password', self.m.hmp.command('set_password spice x'))
        self.viewer(password='anything')

    def test_without_a_ticket(self):
        """Nothing said in place of the ticket, or before it, leads past it."""
        self.start('password=secret')
        for kind in (spice.MAIN, spice.DISPLAY, spice.INPUTS):
            for data in (b'', struct.pack('<I', 1), struct.pack('<I', 1) + bytes(128),
                         struct.pack('<I', 0) + bytes(128), struct.pack('<I', 2) + b'\1' * 200,
                         struct.pack('<I', 1) + b'\xff' * 128):
                sock = spice.connect(self.address)
                self.addCleanup(sock.close)
                sock.sendall(spice.link_message(kind) + data)
                sock.shutdown(socket.SHUT_WR)
                got = b''
                try:
                    while more := sock.recv(4096):
                        got += more
                except ConnectionError:
                    pass
                if len(got) > 16:  # a reply of that size, then the result
                    size, = struct.unpack_from('<I', got, 12)
                    self.assertNotEqual(got[16 + size:16 + size + 4], bytes(4), data[:8])
                self.assertNotIn(b'Vitrine', got)
        self.wait_channels()


class Tls(SpiceTest):
    def certificates(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())

        def openssl(*words):
            subprocess.run(['openssl', *words], cwd=folder, check=True, capture_output=True,
                           timeout=30)
        openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=CA',
                '-keyout', 'ca-key.pem', '-out', 'ca-cert.pem')
        openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost',
                '-addext', 'subjectAltName=DNS:localhost', '-keyout', 'server-key.pem',
                '-out', 'request.pem')
        openssl('x509', '-req', '-in', 'request.pem', '-CA', 'ca-cert.pem', '-CAkey', 'ca-key.pem',
                '-copy_extensions', 'copy', '-CAcreateserial', '-days', '2',
                '-out', 'server-cert.pem')
        return folder

    def test_tls(self):
        folder = self.certificates()
        plain, tls = free_ports(2)
        self.m = Machine('-spice', 'port=%d,tls-port=%d,x509-dir=%s,password=secret,'
                         'image-compression=off,tls-channel=main,tls-channel=inputs,'
                         'plaintext-channel=cursor' %
                         (plain, tls, folder))
        self.addCleanup(self.m.stop)
        self.m.start()
        self.screen = Screen(self.m)
        self.assertIn('address: 127.0.0.1:%d [tls]\n' % tls, self.m.hmp.command('info spice'))
        context = spice.trusting(folder + '/ca-cert.pem')
        self.address = ('127.0.0.1', tls)
        viewer = self.viewer(password='secret', tls=context)
        self.assert_same(viewer.display())
        self.assertIn('[tls]\n     session', self.m.hmp.command('info spice'))
        with self.assertRaises(spice.SpiceError) as caught:
            self.viewer(password='other', tls=context)
        self.assertEqual(caught.exception.code, spice.ERR_PERMISSION_DENIED)
        with self.assertRaises(spice.SpiceError) as caught:
            viewer.open(spice.CURSOR)
        self.assertEqual(caught.exception.code, spice.ERR_NEED_UNSECURED)
        for kind in (spice.MAIN, spice.INPUTS):
            with self.assertRaises(spice.SpiceError) as caught:
                spice.Channel(('127.0.0.1', plain), kind, password='secret')
            self.assertEqual(caught.exception.code, spice.ERR_NEED_SECURED)
        with spice.connect(self.address, tls=context) as sock:
            # SASL was not offered; whoever insists on it finds no mechanism.
            sock.sendall(spice.link_message(spice.MAIN))
            spice.read(sock, 16 + spice.LINK_REPLY)
            sock.sendall(struct.pack('<I', 2))
            mechanisms = spice.read(sock, 1024)[4:]
            self.assertNotIn(b'ANONYMOUS', mechanisms)
            self.assertLess(len(mechanisms), 12, mechanisms)
        with spice.connect(self.address) as sock:  # no TLS at all
            sock.sendall(spice.link_message(spice.MAIN) * 20)
            assert_closed(sock)
        self.assertEqual(self.m.quit(), 0)

    def test_bad_files(self):
        folder = self.certificates()
        port, = free_ports(1)
        with open(folder + '/noise.pem', 'wb') as f:
            f.write(os.urandom(2000))
        for options, said in (('x509-dir=/no/such/folder', '/no/such/folder'),
                              ('x509-dir=%s,x509-key-file=%s/none' % (folder, folder), 'none'),
                              ('x509-dir=%s,x509-key-file=%s/noise.pem' % (folder, folder), 'key'),
                              ('x509-dir=%s,x509-cert-file=%s/noise.pem' % (folder, folder),
                               'certificates'),
                              ('x509-dir=%s,tls-ciphers=NONSENSE' % folder, 'cipher'),
                              ('x509-dir=%s,tls-channel=main:everything' % folder, 'everything')):
            status, _, err = run('-accel', 'qtest', '-spice',
                                 'tls-port=%d,disable-ticketing=on,%s' % (port, options))
            self.assertEqual((status, len(err.splitlines())), (1, 1), (options, err))
            self.assertIn(said, err)


def free_ports(count):
    socks = [socket.socket() for _ in range(count)]
    for sock in socks:
        sock.bind(('127.0.0.1', 0))
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


def assert_closed(sock, timeout=20):
    """The server ends the connection, whatever it says before."""
    sock.settimeout(timeout)
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass


class Sockets(SpiceTest):
    def test_unix_socket(self):
        self.start()
        self.viewer()
        folder = self.m.dir
        with Machine('-spice', 'unix=on,addr=' + self.address, monitor=False, qtest=False) as other:
            self.assertEqual(other.wait(), 1)  # somebody listens there
            self.assertEqual(len(other.stderr().splitlines()), 1, other.stderr())
            self.assertIn(self.address, other.stderr())
        self.viewer()
        self.assertIn('unix:', self.m.hmp.command('info spice'))
        self.assertEqual(self.m.quit(), 0)
        self.assertNotIn('spice', os.listdir(folder))

    def test_no_file_is_taken_for_a_socket(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, 'spice')
        with open(path, 'wb') as f:
            f.write(b'letters')
        status, _, err = run('-accel', 'qtest', '-spice', 'unix=on,addr=' + path)
        self.assertEqual((status, len(err.splitlines())), (1, 1), err)
        with open(path, 'rb') as f:
            self.assertEqual(f.read(), b'letters')

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            status, _, err = run('-accel', 'qtest', '-spice',
                                 'port=%d,disable-ticketing=on' % port)
            self.assertEqual((status, len(err.splitlines())), (1, 1), err)
            self.assertIn(str(port), err)
            self.assertIn('in use', err)

    def test_loopback_only(self):
        port, = free_ports(1)
        with Machine('-spice', 'port=%d,disable-ticketing=on' % port) as m:
            m.hmp.command('info spice')
            with open('/proc/net/tcp', encoding='ascii') as f:
                listening = [line.split()[1] for line in f if line.split()[3] == '0A']
            self.assertIn('0100007F:%04X' % port, listening)
            self.assertNotIn('00000000:%04X' % port, listening)

    def test_bad_options(self):
        for options, said in (('', 'port'), ('port=70000', '70000'), ('port=-1', '-1'),
                              ('port=1,nonsense=2', 'nonsense'), ('unix=on', 'addr'),
                              ('unix=on,addr=x,port=5930', 'port'),
                              ('unix=on,addr=' + 'x' * 200, 'long'),
                              ('unix=on,addr=/no/such/folder/spice', '/no/such/folder'),
                              ('port=5999,addr=no.such.host.invalid', 'no.such.host.invalid'),
                              ('port=5999,password=' + 'x' * 61, '60'),
                              ('port=5999,password=x,disable-ticketing=on', 'password'),
                              ('port=5999,tls-port=5999', 'differ'),
                              ('port=5999,image-compression=zip', 'zip'),
                              ('port=5999,streaming-video=perhaps', 'perhaps')):
            status, _, err = run('-accel', 'qtest', '-spice', options)
            self.assertEqual((status, len(err.splitlines())), (1, 1), (options, err))
            self.assertIn(said, err)

    def test_add_and_delete(self):
        """Opened and closed again and again while the machine runs, with viewers in it."""
        self.m = Machine(cwd=True)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.address = self.m.path('spice')
        self.screen = Screen(self.m)

        def turn():
            self.assertEqual(self.m.hmp.command('display_add spice,unix=on,addr=spice,'
                                                'image-compression=off'), 'spice')
            viewer = self.viewer()
            picture = viewer.display()
            viewer.open(spice.INPUTS)
            picture.step()
            self.assertIn('another program', self.m.hmp.command(
                'display_add spice,unix=on,addr=spice'))
            self.assertEqual(self.m.hmp.command('display_del spice'), '')
            wait(lambda: not os.path.exists(self.address), 'the socket is removed', 20)
            for channel in viewer.channels:
                assert_closed(channel.sock)
            viewer.close()
        for _ in range(3):
            turn()
        before = self.descriptors(), self.threads(), self.memory()
        for _ in range(12):
            turn()
        wait(lambda: self.threads() <= before[1], 'the threads end', 20)
        self.assertLessEqual(self.descriptors(), before[0])
        self.assertLess(self.memory() - before[2], 30 * 1024, 'KiB more in use')
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual(self.m.stderr(), '')

    def test_two_servers(self):
        self.start()
        self.assertEqual(self.m.hmp.command('display_add spice,unix=on,addr=other,password=x,'
                                            'image-compression=off'), 'spice1')
        self.assert_same(self.viewer().display())
        self.address = self.m.path('other')
        with self.assertRaises(spice.SpiceError):
            self.viewer()
        self.assert_same(self.viewer(password='x').display())
        self.assertEqual(self.m.hmp.command('display_del spice'), '')
        self.assert_same(self.viewer(password='x').display())


class Keys(SpiceTest):
    """What arrives at the keyboard's port; translated to set 1."""

    def start_keyboard(self):
        self.start()
        self.guest = GuestInput(self.m)
        self.inputs = self.viewer().open(spice.INPUTS)
        self.assertEqual(self.inputs.until(spice.INPUTS_INIT), b'\0\0')

    def press(self, *codes):
        for kind, release in ((spice.KEY_DOWN, 0), (spice.KEY_UP, 0x80)):
            for code in codes:
                prefix, last = (code & 0xff, 8) if code > 0xff else (0, 0)
                self.inputs.send(kind, struct.pack('<I', prefix | (code >> last | release) << last))

    def test_keys(self):
        self.start_keyboard()
        self.press(0x1e)
        self.guest.expect([0x1e, 0x9e])
        self.press(0x2a, 0x1e)
        self.guest.expect([0x2a, 0x1e, 0xaa, 0x9e])
        self.press(0x1ce0)  # Enter of the keypad: E0 1C
        self.guest.expect([0xe0, 0x1c, 0xe0, 0x9c])
        self.press(0x7f)  # no key
        self.press(0x46e0)  # Pause, as viewers send it
        self.guest.expect([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5])
        self.inputs.send(104, bytes([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]))  # as keyboards do
        self.guest.expect([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5])
        self.inputs.send(104, bytes([0x2e, 0xae, 0x2f, 0xaf]))
        self.guest.expect([0x2e, 0xae, 0x2f, 0xaf])

    def test_no_stuck_keys(self):
        self.start_keyboard()
        for code in (0x1e, 0x1d, 0x38e0):
            self.inputs.send(spice.KEY_DOWN, struct.pack('<I', code))
        self.guest.expect([0x1e, 0x1d, 0xe0, 0x38])
        self.inputs.close()
        got = []
        wait(lambda: got.extend(self.guest.read()[0]) or len(got) >= 4, 'releases', 20)
        self.assertEqual(sorted(got), sorted([0x9e, 0x9d, 0xe0, 0xb8]))
        self.inputs = self.viewer().open(spice.INPUTS)
        self.press(0x1e)
        self.guest.expect([0x1e, 0x9e])

    def test_leds(self):
        self.start_keyboard()
        q = self.m.qtest
        for value in (0xed, 0x06):  # Num Lock and Caps Lock on
            q.outb(0x60, value)
            self.assertEqual(self.guest.read(), ([0xfa], []))
        modifiers = 0
        while modifiers != 6:
            modifiers, = struct.unpack('<H', self.inputs.until(spice.INPUTS_MODIFIERS))
        late = self.viewer().open(spice.INPUTS)
        self.assertEqual(late.until(spice.INPUTS_INIT), b'\6\0')
        # The viewer's locks are others: the server presses the keys that make up for it.
        late.send(spice.KEY_MODIFIERS, struct.pack('<H', 2))
        self.guest.expect([0x3a, 0xba])


def timed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


class Pointer(unittest.TestCase):
    """Mouse, tablet and cursor, with the machine that is nothing but a display and a keyboard."""

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.folder = folder
        self.fake = Fake(MODULE, 'unix=on,addr=spice,image-compression=off', cwd=folder)
        self.addCleanup(self.end)
        self.viewer = spice.Viewer(folder + '/spice')
        self.addCleanup(self.viewer.close)

    def end(self):
        status, error = self.fake.stop()
        self.assertEqual((status, error), (0, ''))

    def mode(self, wanted):
        mode = self.viewer.mode
        while mode != wanted:
            got = self.viewer.main.until(spice.MAIN_MOUSE_MODE)
            supported, mode = struct.unpack('<HH', got)
            if wanted == spice.MODE_CLIENT and supported & wanted and mode != wanted:
                self.viewer.main.send(spice.MOUSE_MODE_REQUEST, struct.pack('<H', wanted))
        self.viewer.mode = mode

    def test_mouse(self):
        inputs = self.viewer.open(spice.INPUTS)
        inputs.send(spice.MOUSE_MOTION, struct.pack('<iiH', 5, -7, 0))
        self.fake.expect('rel %d 5' % 0)
        self.fake.expect('rel %d -7' % 1)
        inputs.send(spice.MOUSE_PRESS, struct.pack('<BH', 3, 4))  # right
        self.fake.expect('button 273 1')
        inputs.send(spice.MOUSE_RELEASE, struct.pack('<BH', 3, 0))
        self.fake.expect('button 273 0')
        inputs.send(spice.MOUSE_PRESS, struct.pack('<BH', 4, 0))  # wheel, away from the user
        self.fake.expect('rel 8 1')
        inputs.send(spice.MOUSE_PRESS, struct.pack('<BH', 2, 2))
        self.fake.expect('button 274 1')
        self.viewer.close()  # with the middle button down
        self.fake.expect('button 274 0')

    def test_tablet(self):
        inputs = self.viewer.open(spice.INPUTS)
        self.fake.send('mode 801 601')
        picture = self.viewer.display()
        while (picture.width, picture.height) != (801, 601):
            picture.step()
        self.fake.send('abs on')
        self.mode(spice.MODE_CLIENT)
        self.assertIn('mouse-mode: client', self.info())
        for x, y, at_x, at_y in ((0, 0, 0, 0), (800, 600, 32767, 32767), (400, 300, 16383, 16383),
                                 (1 << 30, (1 << 32) - 1, 32767, 0)):
            inputs.send(spice.MOUSE_POSITION, struct.pack('<IIHB', x, y, 0, 0))
            self.fake.expect('abs 0 %d' % at_x)
            self.fake.expect('abs 1 %d' % at_y)
        inputs.send(spice.MOUSE_PRESS, struct.pack('<BH', 1, 1))
        self.fake.expect('button 272 1')
        self.fake.send('abs off')  # while a position may be on its way
        for _ in range(50):
            inputs.send(spice.MOUSE_POSITION, struct.pack('<IIHB', 1, 1, 1, 0))
        self.mode(spice.MODE_SERVER)
        inputs.send(spice.MOUSE_RELEASE, struct.pack('<BH', 1, 0))
        inputs.send(spice.MOUSE_PRESS, struct.pack('<BH', 1, 1))
        self.fake.expect('button 272 1')
        self.assertIn('mouse-mode: server', self.info())

    def info(self):
        self.fake.send('info')
        return self.fake.expect('info (.*)').group(1) + '\n'.join(self.fake.lines())

    def test_cursor(self):
        self.fake.send('cursor 16 24')
        self.fake.send('warp 30 40')
        self.viewer.display()
        cursor = self.viewer.open(spice.CURSOR)
        sizes = set()
        while (16, 24) not in sizes:
            kind, data = cursor.message()
            if kind == spice.CURSOR_SET:
                x, y, visible, flags = struct.unpack_from('<hhBH', data)
                _, form, width, height, _, _ = struct.unpack_from('<QBHHHH', data, 7)
                sizes.add((width, height))
                self.assertEqual((visible, form), (1, 0))
                self.assertEqual(len(data), 24 + width * height * 4)
            elif kind == spice.CURSOR_INIT and len(data) > 40:
                sizes.add(struct.unpack_from('<HH', data, 20))
        self.fake.send('warp 50 60')
        while True:
            kind, data = cursor.message()
            if kind == spice.CURSOR_MOVE and struct.unpack('<hh', data) == (50, 60):
                break
        self.fake.send('cursor off')
        cursor.until(spice.CURSOR_HIDE)
        self.fake.send('cursor 16384 2')  # larger than any cursor: not shown
        self.fake.send('cursor 8 8')
        x, y, visible, flags = struct.unpack_from('<hhBH', cursor.until(spice.CURSOR_SET))
        self.assertEqual((x, y, visible), (100, 100, 1))  # where it begins

    def test_deaf_viewer(self):
        """A viewer that does not read keeps neither the clock nor memory, and misses nothing but
        what is old: after it wakes it sees the present."""
        self.fake.send('mode 1024 768')
        picture = self.viewer.display()
        while picture.width != 1024:
            picture.step()
        self.fake.send('play full')
        picture.catch_up(0.01)
        before = self.fake.stats()
        time.sleep(3)
        after = self.fake.stats()
        self.assertGreater(after['scans'] - before['scans'], 100)
        self.assertLess(memory(self.fake.process.pid), 120 * 1024)
        self.fake.send('mode 640 480')  # the server's thread waits for its worker, no one else
        self.assertLess(timed(self.fake.stats), 1)
        self.fake.send('play still')
        self.fake.send('dump p.ppm')
        self.fake.expect('dumped')
        dump = image.read(self.folder + '/p.ppm')
        wait(lambda: picture.catch_up() or picture.rgb() == dump.rgb, 'the present', 20)

    def stall(self):
        """The viewer has not taken what it was sent when the size changes."""
        self.fake.send('mode 1024 768')
        picture = self.viewer.display()
        while picture.width != 1024:
            picture.step()
        self.fake.send('play full')
        picture.catch_up(0.01)
        time.sleep(2)
        self.fake.send('mode 640 480')
        self.fake.send('play still')

    def check_present(self):
        with contextlib.closing(spice.Viewer(self.folder + '/spice')) as viewer:
            picture = viewer.display()
            end = time.monotonic() + 20
            while picture.width != 640 and time.monotonic() < end:
                picture.step()
            self.assertEqual((picture.width, picture.height), (640, 480))

    def test_viewer_lost_when_behind(self):
        self.stall()
        time.sleep(0.3)
        self.viewer.close()
        self.check_present()

    def test_viewer_that_holds_up_a_new_size(self):
        """It is given up, after some seconds."""
        self.stall()
        self.check_present()


if __name__ == '__main__':
    tap.main()
