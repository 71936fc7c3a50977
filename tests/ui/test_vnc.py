#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The VNC server, without a guest: sockets, passwords, sharing, several viewers, and viewers that
lie, leave in the middle, or are of another make. The machine runs under qtest."""

import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import des  # noqa: E402
import rfb  # noqa: E402
import tap  # noqa: E402
import xserver  # noqa: E402
from guestinput import GuestInput  # noqa: E402
from machine import Machine, run  # noqa: E402
from screen import find, wait  # noqa: E402
from served_machine import LFB  # noqa: E402
from vnc_machine import HEIGHT, WIDTH, VncTest  # noqa: E402

GREETING = b'RFB 003.008\n'
NO_SECURITY, VNC_SECURITY = b'\1', b'\2'
XK_A, XK_SHIFT = 0x61, 0xffe1


def picture_of(viewer):
    """What the viewer sees, in the bytes of a PPM file."""
    viewer.request(incremental=False)
    size = (viewer.width, viewer.height)
    if viewer.update() < size[0] * size[1] or (viewer.width, viewer.height) != size:
        return None  # a part, or a new size
    return viewer.ppm()


class Pictures(VncTest):
    def assert_same(self, viewer):
        def same():
            dump = self.screen.dump()
            wanted = b'P6\n%d %d\n255\n' % (dump.width, dump.height) + dump.rgb
            return picture_of(viewer) == wanted
        wait(same, 'the viewer sees what screendump saves', 20)

    def test_raw_pixel_for_pixel(self):
        self.start()
        early = self.viewer()
        self.show_picture()
        self.assert_same(early)  # followed the change of size
        self.assertEqual((early.width, early.height), (WIDTH, HEIGHT))
        late = self.viewer()
        self.assertEqual((late.width, late.height), (WIDTH, HEIGHT))
        self.assert_same(late)
        self.m.qtest.memset(LFB + 100 * WIDTH * 4, WIDTH * 4, 0x55)
        for viewer in (early, late):
            viewer.request()
            self.assertGreaterEqual(viewer.update(), WIDTH)
            self.assertEqual(viewer.pixels[100 * WIDTH * 4:][:3], b'\x55\x55\x55')
            self.assert_same(viewer)
        for row in range(3):  # the window of a still picture: nothing comes
            early.request()
        early.sock.settimeout(0.5)
        with self.assertRaises(socket.timeout):
            early.update()

    def test_name_and_clock(self):
        self.start(picture=True, display=None)
        self.assertIn('clock stopped', self.m.hmp.command('info display'))
        self.assertIn('vnc: inactive', self.m.hmp.command('info display'))
        self.assertIn('Client: none', self.m.hmp.command('info vnc'))
        viewer = self.viewer()
        self.assertIn('Vitrine', viewer.name)
        self.wait_clients(1)
        self.assertIn('vnc: active', self.m.hmp.command('info display'))
        viewer.close()
        self.wait_clients(0)
        wait(lambda: 'vnc: inactive' in self.m.hmp.command('info display'), 'nobody looks', 20)

    def test_many_viewers(self):
        self.start(picture=True)
        viewers = [self.viewer() for _ in range(8)]
        self.wait_clients(8)
        for viewer in viewers:
            self.assert_same(viewer)
        for viewer in viewers[::2]:
            viewer.close()
        self.wait_clients(4)
        self.m.qtest.memset(LFB, WIDTH * 4, 0x33)
        for viewer in viewers[1::2]:
            self.assert_same(viewer)


class Passwords(VncTest):
    RESPONSE = staticmethod(des.vnc_response)

    def refused(self, password):
        with self.assertRaises(rfb.RfbError):
            self.viewer(password=password, encrypt=self.RESPONSE)

    def test_des(self):
        # A vector of the validation programme: NIST SP 500-20, table "initial permutation".
        key, plain, cipher = '0101010101010101', '95f8a5e5dd31d900', '8000000000000000'
        self.assertEqual(des.encrypt_block(bytes.fromhex(key), bytes.fromhex(plain)).hex(), cipher)

    def test_password(self):
        self.start('password=on', picture=True)
        self.refused('')  # none set: nobody comes in
        self.refused('secret')
        self.assertEqual(self.m.hmp.command('change vnc password secret'), '')
        self.assertEqual(self.viewer(password='secret', encrypt=self.RESPONSE).security, [2])
        self.refused('Secret')
        self.refused('secre')
        self.refused('')
        with self.assertRaises(rfb.RfbError):  # claims that no security was agreed on
            self.viewer()
        inside = self.viewer(password='secret', encrypt=self.RESPONSE)
        self.assertEqual(self.m.hmp.command('set_password vnc other'), '')
        self.refused('secret')
        self.viewer(password='other', encrypt=self.RESPONSE)
        self.assertIsNotNone(picture_of(inside))  # who is inside stays
        self.assertEqual(self.m.hmp.command('expire_password vnc now'), '')
        self.refused('other')
        self.assertIsNotNone(picture_of(inside))
        self.assertEqual(self.m.hmp.command('expire_password vnc +1000'), '')
        self.viewer(password='other', encrypt=self.RESPONSE)
        self.assertEqual(self.m.hmp.command('expire_password vnc +1'), '')
        time.sleep(1.2)
        self.refused('other')
        self.assertEqual(self.m.hmp.command('expire_password vnc never'), '')
        self.assertIn('soon', self.m.hmp.command('expire_password vnc soon'))
        self.assertIn('8', self.m.hmp.command('set_password vnc ninechars'))
        self.viewer(password='other', encrypt=self.RESPONSE)

    def test_no_password_wanted(self):
        self.start()
        self.assertIn('password=on', self.m.hmp.command('set_password vnc x'))
        self.assertEqual(self.viewer().security, [1])

    def test_old_protocols(self):
        """RFB 3.3, where the server alone chooses the security type, and 3.7."""
        for want in (False, True):
            self.start(*['password=on'] * want)
            if want:
                self.m.hmp.command('set_password vnc pass')
            for version in (b'3', b'7'):
                sock = rfb.connect(self.address)
                self.addCleanup(sock.close)
                self.assertEqual(sock.recv(12), GREETING)
                sock.sendall(b'RFB 003.00' + version + b'\n')
                kind = VNC_SECURITY if want else NO_SECURITY
                if version == b'3':
                    self.assertEqual(sock.recv(4, socket.MSG_WAITALL), b'\0\0\0' + kind)
                else:
                    self.assertEqual(sock.recv(2, socket.MSG_WAITALL), b'\1' + kind)
                    sock.sendall(kind)
                if want:
                    challenge = sock.recv(16, socket.MSG_WAITALL)
                    sock.sendall(des.vnc_response(challenge, 'pass'))
                    self.assertEqual(sock.recv(4, socket.MSG_WAITALL), bytes(4))
                sock.sendall(b'\1')
                self.assertEqual(len(sock.recv(24, socket.MSG_WAITALL)), 24)
            self.m.stop()


class Sharing(VncTest):
    def first(self, *options):
        self.start(*options)
        first = self.viewer()
        self.wait_clients(1)
        return first

    def alive(self, viewer):
        try:
            return picture_of(viewer) is not None
        except (rfb.RfbError, ConnectionError):
            return False

    def test_allow_exclusive(self):
        first = self.first()
        second = self.viewer(shared=False)
        self.assert_closed(first.sock)
        self.wait_clients(1)
        self.assertTrue(self.alive(second))
        self.assertTrue(self.alive(self.viewer(shared=True)))
        self.assertTrue(self.alive(second))

    def test_ignore(self):
        first = self.first('share=ignore')
        second = self.viewer(shared=False)
        self.assertTrue(self.alive(first))
        self.assertTrue(self.alive(second))

    def test_force_shared(self):
        first = self.first('share=force-shared')
        with self.assertRaises((rfb.RfbError, ConnectionError)):
            self.viewer(shared=False)
        self.assertTrue(self.alive(first))
        self.assertTrue(self.alive(self.viewer(shared=True)))

    def test_connections(self):
        self.start('connections=2')
        first, second = self.viewer(), self.viewer()
        with self.assertRaises((rfb.RfbError, ConnectionError)):
            self.viewer()
        self.assertTrue(self.alive(first))
        second.close()
        self.wait_clients(1)
        self.assertTrue(self.alive(self.viewer()))


class Sockets(VncTest):
    def test_unix_socket(self):
        self.start()
        self.assertTrue(os.path.exists(self.address))
        self.viewer()
        folder = self.m.dir
        with Machine('-vnc', 'unix:' + self.address, monitor=False, qtest=False) as other:
            self.assertEqual(other.wait(), 1)  # somebody listens there
            self.assertEqual(len(other.stderr().splitlines()), 1, other.stderr())
            self.assertIn(self.address, other.stderr())
        self.viewer()
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual([name for name in os.listdir(folder) if name == 'vnc'], [])

    def test_stale_unix_socket(self):
        self.m = Machine('-vnc', 'unix:vnc', cwd=True)
        self.addCleanup(self.m.stop)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(self.m.path('vnc'))
        self.m.start()
        self.m.hmp.command('info vnc')
        self.address = self.m.path('vnc')
        self.viewer()

    def test_no_file_is_taken_for_a_socket(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, 'vnc')
        with open(path, 'wb') as f:
            f.write(b'letters')
        status, _, err = run('-accel', 'qtest', '-vnc', 'unix:' + path)
        self.assertEqual((status, len(err.splitlines())), (1, 1), err)
        with open(path, 'rb') as f:
            self.assertEqual(f.read(), b'letters')

    def test_port_in_use_and_to(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            if port < 5900 or port > 65000:
                self.skipTest('no port to try')
            status, _, err = run('-accel', 'qtest', '-vnc', ':%d' % (port - 5900))
            self.assertEqual((status, len(err.splitlines())), (1, 1), err)
            self.assertIn(str(port), err)
            self.assertIn('in use', err)
            with Machine('-vnc', ':%d,to=%d' % (port - 5900, port - 5900 + 50)) as m:
                where = re.search(r'127\.0\.0\.1:(\d+)', m.hmp.command('info vnc'))
                self.assertGreater(int(where.group(1)), port)
                rfb.Rfb(('127.0.0.1', int(where.group(1)))).close()

    def test_loopback_only(self):
        with Machine('-vnc', ':9000,to=9050') as m:
            where = re.search(r'127\.0\.0\.1:(\d+)', m.hmp.command('info vnc'))
            with open('/proc/net/tcp', encoding='ascii') as f:
                listening = [line.split()[1] for line in f if line.split()[3] == '0A']
            self.assertIn('0100007F:%04X' % int(where.group(1)), listening)
            self.assertNotIn('00000000:%04X' % int(where.group(1)), listening)

    def test_bad_options(self):
        for options, said in (('nonsense', 'nonsense'), ('unix:', 'unix'), (':70000', '70000'),
                              (':-1', '-1'), (':1,to=0', 'to'), (':1,share=perhaps', 'share'),
                              (':1,connections=0', 'connections'), (':1,keymap=xx', 'xx'),
                              ('no.such.host.invalid:1', 'no.such.host.invalid'),
                              ('unix:/no/such/folder/vnc', '/no/such/folder/vnc'),
                              ('unix:' + 'x' * 200, 'path'), (':1,head=7', '7')):
            status, _, err = run('-accel', 'qtest', '-vnc', options)
            self.assertEqual((status, len(err.splitlines())), (1, 1), (options, err))
            self.assertIn(said, err)


def hostile():
    """Names and bytes of what no viewer would send, after what part of a handshake."""
    def header(kind, *rest):
        return bytes([kind]) + b''.join(rest)
    cut = struct.pack('>xxxI', 0x7fffffff)
    return (
        ('nothing', 'none', b''),
        ('no greeting', 'none', b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
        ('zeros', 'none', bytes(4096)),
        ('a greeting of the future', 'none', b'RFB 999.999\n' + b'\1' * 64),
        ('half a greeting', 'none', GREETING[:7]),
        ('security type 0', 'greeting', b'\0' * 64),
        ('security type 255', 'greeting', b'\xff' * 64),
        ('TLS, which was not offered', 'greeting', b'\x12' * 64),
        ('Tight, which was not offered', 'greeting', b'\x10' * 64),
        ('the messages before ClientInit', 'greeting', b'\1' + b'\1' + b'\3\0' + b'\xff' * 8),
        ('an unknown message', 'session', header(200, b'\0' * 64)),
        ('cut text of 2 GiB', 'session', header(6, cut)),
        ('cut text of -1', 'session', header(6, struct.pack('>xxxi', -1), b'x' * 64)),
        ('65535 encodings, few sent', 'session', header(2, struct.pack('>xH', 65535), b'\1' * 64)),
        ('all encodings', 'session', header(2, struct.pack('>xH', 600), b''.join(
            struct.pack('>i', i) for i in range(-300, 300)))),
        ('requests out of the picture', 'session', struct.pack(
            '>BBHHHH', 3, 0, 65535, 65535, 65535, 65535) * 50),
        ('a request of nothing', 'session', struct.pack('>BBHHHH', 3, 0, 5, 5, 0, 0) * 50),
        ('a format of 7 bits', 'session', struct.pack(
            '>BxxxBBBBHHHBBBxxx', 0, 7, 255, 1, 1, 65535, 0, 9, 255, 255, 255) * 2),
        ('a format shifted far', 'session', struct.pack(
            '>BxxxBBBBHHHBBBxxx', 0, 32, 24, 0, 1, 255, 255, 255, 200, 100, 50) +
            struct.pack('>BBHHHH', 3, 0, 0, 0, 640, 480)),
        ('colour maps', 'session', struct.pack(
            '>BxxxBBBBHHHBBBxxx', 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0) +
            struct.pack('>BBHHHH', 3, 0, 0, 0, 640, 480)),
        ('a desktop of 65535', 'session', struct.pack(
            '>BxHHBxIHHHHI', 251, 65535, 65535, 1, 1, 0, 0, 65535, 65535, 0)),
        ('255 screens, none sent', 'session', struct.pack('>BxHHBx', 251, 10, 10, 255)),
        ('file transfer', 'session', header(7, b'\1' * 11, b'/etc/passwd')),
        ('a single window', 'session', struct.pack('>BBHH', 8, 1, 3, 3)),
        ('pointer far away', 'session', struct.pack('>BBHH', 5, 255, 65535, 65535) * 100),
        ('all keys', 'session', b''.join(
            struct.pack('>BBxxI', 4, 1, sym) for sym in range(0xfe00, 0x10000))),
        ('keysyms that are none', 'session', b''.join(
            struct.pack('>BBxxI', 4, 255, 0xffffffff - i) for i in range(500))),
        ('extended clipboard of 2 GiB', 'session', header(6, struct.pack('>xxxi', -0x7fffffff),
                                                          b'\xff' * 4096)),
        ('noise', 'session', random.Random(3).randbytes(60000)),
    )


class Hostility(VncTest):
    def handshake(self, stage):
        sock = rfb.connect(self.address)
        self.addCleanup(sock.close)
        sock.recv(12, socket.MSG_WAITALL)
        if stage == 'none':
            return sock
        sock.sendall(GREETING)
        sock.recv(2, socket.MSG_WAITALL)
        if stage == 'session':
            sock.sendall(b'\1')
            sock.recv(4, socket.MSG_WAITALL)
            sock.sendall(b'\1')
            sock.recv(24, socket.MSG_WAITALL)
        return sock

    def test_hostile_bytes(self):
        self.start(picture=True)
        good = self.viewer()
        memory = self.memory()
        for name, stage, data in hostile():
            with self.subTest(name):
                sock = self.handshake(stage)
                try:
                    sock.sendall(data)
                    sock.shutdown(socket.SHUT_WR)
                    self.assert_closed(sock)
                except ConnectionError:
                    pass  # gone before we had said it all: fine
                self.assertTrue(self.m.running(), self.m.stderr())
                self.wait_clients(1)
                self.assertIsNotNone(picture_of(good))
        self.assertLess(self.memory() - memory, 100 * 1024, 'KiB more in use')
        self.assertEqual(self.m.stderr(), '')

    def memory(self):
        with open('/proc/%d/status' % self.m.pid, encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s*(\d+)', f.read()).group(1))

    def test_lies_about_security(self):
        """With a password set, no claim leads past it, in no order."""
        self.start('password=on')
        self.m.hmp.command('set_password vnc secret')
        for data in (GREETING + b'\1\1', GREETING + b'\1' + b'\1' * 64, GREETING + b'\0\1',
                     b'RFB 003.003\n' + b'\1' * 64, b'RFB 003.007\n\1\1' + b'\1' * 64,
                     GREETING + b'\2' + bytes(16) + b'\1', GREETING + b'\5' * 32,
                     GREETING + b'\x10' * 64, b'RFB 003.889\n\1\1\1'):
            with self.subTest(data[:16]):
                sock = rfb.connect(self.address)
                self.addCleanup(sock.close)
                got = b''
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                try:
                    while True:
                        more = sock.recv(4096)
                        got += more
                        if not more:
                            break
                except ConnectionError:
                    pass
                # ServerInit would end in the machine's name.
                self.assertNotIn(b'Vitrine', got)
        self.wait_clients(0)

    def test_few_bytes_before_the_greeting(self):
        """libvncserver peeks for four bytes of a WebSocket, for ever if only some come."""
        self.start()
        for count in (1, 2, 3):
            sock = rfb.connect(self.address)
            self.addCleanup(sock.close)
            time.sleep(0.03)  # it peeks for a tenth of a second
            sock.sendall(GREETING[:count])
            self.assert_closed(sock)
        self.wait_clients(0)
        self.assertEqual(self.m.quit(), 0)

    def test_storm(self):
        """200 connections that end at random moments of their lives."""
        self.start(picture=True)
        good = self.viewer()
        noise = random.Random(7)
        talk = (GREETING + b'\1\1' + struct.pack('>BxHii', 2, 2, 0, -223) +
                struct.pack('>BBHHHH', 3, 0, 0, 0, WIDTH, HEIGHT) +
                struct.pack('>BBxxI', 4, 1, XK_A)) + b'\3' + bytes(9)
        longest = 0
        for i in range(200):
            sock = rfb.connect(self.address)
            sock.sendall(talk[:noise.randrange(len(talk) + 1)])
            if noise.random() < 0.4:
                try:
                    sock.recv(noise.choice((1, 12, 30, 4096)))
                except ConnectionError:  # it was one more than may be: then it is turned away
                    pass
            if i % 20 == 0:
                before = time.monotonic()
                self.m.hmp.command('info status')
                longest = max(longest, time.monotonic() - before)
            sock.close()
        self.wait_clients(1)
        self.assertIsNotNone(picture_of(good))
        self.assertLess(longest, 2)
        wait(lambda: self.threads() < 12, 'threads end with their viewers', 20)
        self.assertEqual(self.m.quit(), 0)

    def threads(self):
        return len(os.listdir('/proc/%d/task' % self.m.pid))

    def test_viewers_at_the_end(self):
        """The program ends at once with viewers in every state, one of which does not read."""
        self.start(picture=True)
        for stage in ('none', 'greeting', 'session'):
            self.handshake(stage)
        deaf = self.viewer()
        for _ in range(20):
            deaf.request(incremental=False)
        before = time.monotonic()
        self.assertEqual(self.m.quit(), 0)
        self.assertLess(time.monotonic() - before, 10)


class Keys(VncTest):
    """What arrives at the keyboard's port; translated to set 1."""

    def start_keyboard(self):
        self.start()
        self.guest = GuestInput(self.m)

    def test_keys(self):
        self.start_keyboard()
        viewer = self.viewer()
        viewer.press(XK_A)
        self.guest.expect([0x1e, 0x9e])
        viewer.key(XK_SHIFT, 1)
        viewer.press(0x41)  # A
        viewer.key(XK_SHIFT, 0)
        self.guest.expect([0x2a, 0x1e, 0x9e, 0xaa])
        viewer.press(0x41)  # A without shift: the server presses it for a moment
        self.guest.expect([0x2a, 0x1e, 0xaa, 0x9e])

    def test_no_stuck_keys(self):
        self.start_keyboard()
        first, second = self.viewer(), self.viewer()
        first.key(XK_A, 1)
        first.key(0xffe3, 1)  # left Ctrl
        self.guest.expect([0x1e, 0x1d])
        first.close()
        self.guest.expect([0x9d, 0x9e])
        second.press(XK_A)
        self.guest.expect([0x1e, 0x9e])
        second.key(XK_A, 0)  # never pressed
        second.press(XK_A)
        self.guest.expect([0x1e, 0x9e])


VIEWERS = {
    'xtigervncviewer': (['-RemoteResize=0', '-NoJPEG=1', '127.0.0.1::{port}'], 'TigerVNC'),
    'gvncviewer': (['127.0.0.1:{display}'], 'Vitrine'),
    'remote-viewer': (['vnc://127.0.0.1:{port}'], 'Vitrine'),
}


@unittest.skipIf(xserver.missing(), xserver.missing())
class RealViewers(VncTest):
    """Other people's viewers show the picture that `screendump` saves, and drive the guest."""

    def test_show_the_same(self):
        self.serve('-vnc', ':8000,to=8100')
        port = int(re.search(r'127\.0\.0\.1:(\d+)', self.m.hmp.command('info vnc')).group(1))
        self.show_picture()
        self.guest = GuestInput(self.m)
        x = self.enterContext(xserver.XServer())
        for name, (words, title) in VIEWERS.items():
            if xserver.missing(name):
                continue
            with self.subTest(name):
                self.show(x, title, [name] + [word.format(port=port, display=port - 5900)
                                              for word in words])

    def show(self, x, title, command):
        env = {**os.environ, **x.env, 'HOME': self.m.dir, 'XDG_RUNTIME_DIR': self.m.dir}
        log = self.m.path('viewer.log')
        with open(log, 'wb') as out:
            process = subprocess.Popen(command, env=env, stdout=out, stderr=out)
        try:
            window = x.window(title, 60)
            wait(lambda: find(x.picture(window), self.screen.dump()), 'the picture in ' + title, 30)
            self.m.qtest.memset(LFB + 10 * WIDTH * 4, 64, random.randrange(256))
            wait(lambda: find(x.picture(window), self.screen.dump()), 'the change in ' + title, 30)
            self.use(x, window, title)
        except AssertionError as error:
            with open(log, encoding='utf-8', errors='replace') as said:
                self.fail('%s; status %s, it said:\n%s' % (error, process.poll(), said.read()))
        finally:
            process.kill()
            process.wait()
        self.wait_kills()

    def use(self, x, window, title):
        """A key typed and the pointer moved, which the guest gets."""
        width, height = x.geometry(window)[2:]
        x.focus(window)
        x.click(window, width // 2, height // 2)
        self.guest.expect_key(lambda: x.key('q'), title)
        places = [(width // 2, height // 2), (width // 3, height // 3)]

        def move():
            places.reverse()
            x.do('mousemove', '--window', window, *places[0])
        self.guest.expect_motion(move, title)

    def wait_kills(self):
        wait(lambda: 'Client: none' in self.m.hmp.command('info vnc'), 'a killed viewer leaves', 20)


if __name__ == '__main__':
    tap.main()
