#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the VNC server speaks besides pixels: cursors, extended keys, pointer types, names, sizes,
power control, guessed passwords, reverse connections; with a make-believe machine."""

import os
import select
import socket
import struct
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import des  # noqa: E402
import rfb  # noqa: E402
import tap  # noqa: E402
from fake import Fake  # noqa: E402
from machine import ROOT, Machine, run  # noqa: E402
from rfb_decode import DESKTOP_SIZE, RAW, ZRLE, Decoder  # noqa: E402
from screen import wait  # noqa: E402

MODULE = os.environ.get('VITRINE_VNC', ROOT + '/build/ui/vnc/libvitrine-ui-vnc.so')
RICH_CURSOR, X_CURSOR, POINTER_POS, EXT_SIZE, XVP = -239, -240, -232, -308, -309
POINTER_TYPE, EXT_KEY, LEDS, NAME, ALPHA_CURSOR = -257, -258, -261, -307, -314
VMWARE_LEDS = 0x574d5668


class Told(Decoder):
    """A decoder that notes what it is told besides pixels."""

    def __init__(self, viewer, *encodings):
        super().__init__(viewer, [*encodings, DESKTOP_SIZE])
        self.told = []
        self.others = {code: self.note(code, size) for code, size in {
            EXT_KEY: None, POINTER_TYPE: None, POINTER_POS: None, LEDS: lambda w, h: 1,
            VMWARE_LEDS: lambda w, h: 4, ALPHA_CURSOR: lambda w, h: 4 + w * h * 4,
            RICH_CURSOR: lambda w, h: w * h * 4 + (w + 7) // 8 * h}.items()}
        self.others[NAME] = lambda x, y, w, h: self.told.append(
            (NAME, self.recv(struct.unpack('>I', self.recv(4))[0]).decode()))
        self.others[EXT_SIZE] = self.size

    def note(self, code, size):
        return lambda x, y, w, h: self.told.append(
            (code, (x, y, w, h), self.recv(size(w, h)) if size else b''))

    def size(self, x, y, w, h):
        count = self.recv(4)[0]
        self.told.append((EXT_SIZE, (x, y, w, h), self.recv(16 * count)))
        self.viewer.width, self.viewer.height = w, h
        self.viewer.pixels = bytearray(w * h * 4)

    def until(self, code, match=lambda told: True):
        """Updates until something of that kind has been told; returns the last of it. What the
        server says unasked may come before the answer to a request, and pixels may be one."""
        for _ in range(20):
            found = [told for told in self.told if told[0] == code and match(told)]
            if found:
                return found[-1]
            # An answer that was something else is asked for again.
            if not select.select([self.viewer.sock], [], [], 1)[0]:
                self.viewer.request()
            elif self.update():
                self.viewer.request()
        raise AssertionError('not told of %d: %r' % (code, self.told))


class ProtocolTest(unittest.TestCase):
    def start(self, *options):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix='vitrine-vnc-'))
        self.address = folder + '/vnc'
        self.fake = Fake(MODULE, ','.join(('vnc=unix:' + self.address, *options)))
        self.addCleanup(self.check_end)

    def check_end(self):
        status, error = self.fake.stop()
        self.assertEqual(status, 0, error)
        self.assertEqual(error, '')

    def viewer(self, **more):
        viewer = rfb.Rfb(self.address, timeout=10, **more)
        self.addCleanup(viewer.close)
        return viewer


class News(ProtocolTest):
    def test_answers(self):
        self.start()
        told = Told(self.viewer(), RAW, EXT_KEY, POINTER_TYPE, LEDS, VMWARE_LEDS, NAME)
        told.until(EXT_KEY)
        self.assertEqual(told.until(POINTER_TYPE)[1][0], 0)  # relative
        self.assertEqual(told.until(LEDS)[2], b'\0')
        self.assertEqual(told.until(VMWARE_LEDS)[2], bytes(4))
        self.assertIn('fake', told.until(NAME)[1])
        told.told.clear()
        self.fake.send('abs on')
        self.assertEqual(told.until(POINTER_TYPE)[1][0], 1)
        self.fake.send('cont')
        self.fake.send('pause')
        told.until(NAME, lambda name: name[1].endswith('[Paused]'))

    def test_extended_keys(self):
        self.start()
        told = Told(self.viewer(), RAW, EXT_KEY)
        told.until(EXT_KEY)
        for code, key in ((0x1e, 30), (0x9d, 97), (0xc8, 103), (0x57, 87), (0xc6, 119)):
            for down in (1, 0):
                told.viewer.sock.sendall(struct.pack('>BBHII', 255, 0, down, 0, code))
                self.fake.expect('key %d %d' % (key, down))
        # A code that is none falls back to the symbol.
        told.viewer.sock.sendall(struct.pack('>BBHII', 255, 0, 1, 0x62, 0))
        self.fake.expect('key 48 1')
        told.viewer.sock.sendall(struct.pack('>BBHII', 255, 0, 0, 0x62, 0xffffffff))
        self.fake.expect('key 48 0')
        told.viewer.sock.sendall(struct.pack('>BBHII', 255, 0, 1, 0, 0x2a))
        self.fake.expect('key 42 1')
        told.viewer.close()
        self.fake.expect('key 42 0')  # not stuck

    def test_relative_pointer(self):
        self.start()
        told = Told(self.viewer(), RAW, POINTER_TYPE)
        told.until(POINTER_TYPE)
        told.viewer.pointer(0x7fff + 5, 0x7fff - 3)
        self.fake.expect('rel 0 5')
        self.fake.expect('rel 1 -3')
        told.viewer.pointer(0x7fff, 0x7fff, 1)
        self.fake.expect('button 272 1')

    def test_desktop_size(self):
        self.start()
        told = Told(self.viewer(), RAW, EXT_SIZE)
        told.fetch(False)
        told.until(EXT_SIZE)
        told.told.clear()
        told.viewer.sock.sendall(struct.pack('>BxHHBxIHHHHI', 251, 800, 500, 1, 1, 0, 0, 800, 500,
                                             0))
        told.viewer.request()
        _, (reason, status, _, _), _ = told.until(EXT_SIZE)
        self.assertEqual((reason, status), (1, 4))  # this viewer asked; it was passed on
        told.told.clear()
        self.fake.send('mode 300 200')
        told.viewer.request()
        self.assertEqual(told.until(EXT_SIZE)[1][2:], (300, 200))
        told.viewer.sock.settimeout(0.5)
        with self.assertRaises(TimeoutError):  # that was the answer: pixels are asked for anew
            told.update()
        told.viewer.sock.settimeout(10)
        told.fetch(False)
        self.assertEqual((told.viewer.width, told.viewer.height), (300, 200))
        told.viewer.sock.sendall(struct.pack('>BxHHBxIHHHHI', 251, 65535, 65535, 1, 1, 0, 0, 1, 1,
                                             0))
        told.told.clear()
        told.viewer.request()
        self.assertEqual(told.until(EXT_SIZE, lambda c: c[1][0] == 1)[1][1], 3)  # never

    def test_resize_storm(self):
        self.start()
        told = Told(self.viewer(), ZRLE, EXT_SIZE)
        for i in range(100):
            told.viewer.sock.sendall(struct.pack('>BxHHBxIHHHHI', 251, 100 + i, 90, 1, 1, 0, 0, 1,
                                                 1, 0))
            self.fake.send('mode %d %d' % (100 + i * 7 % 50, 64 + i * 3 % 20))
        self.fake.send('mode 320 240')
        end = time.monotonic() + 20
        while (told.viewer.width, told.viewer.height) != (320, 240):
            told.fetch(False)
            self.assertLess(time.monotonic(), end)


class Cursors(ProtocolTest):
    SIZE = 16

    def pattern(self):
        self.fake.send('mode 320 200')
        self.fake.send('cursor %d %d' % (self.SIZE, self.SIZE))
        self.fake.send('warp 50 60')

    def test_no_cursor_no_shape(self):
        """A guest that never had a cursor plane leaves viewers their own pointer."""
        self.start()
        told = Told(self.viewer(), RAW, RICH_CURSOR, ALPHA_CURSOR)
        told.fetch(False)
        self.assertEqual(told.told, [])

    def test_alpha(self):
        self.start()
        self.pattern()
        told = Told(self.viewer(), RAW, ALPHA_CURSOR)
        told.viewer.request(False)
        data = told.until(ALPHA_CURSOR, lambda c: c[1][2] == self.SIZE)[2]
        self.assertEqual(data[:4], bytes(4))  # raw
        for y in range(self.SIZE):
            for x in range(self.SIZE):
                at = 4 + (y * self.SIZE + x) * 4
                self.assertEqual(data[at:at + 4], b'\xff\0\0\xff' if x <= y else bytes(4))
        told.told.clear()
        self.fake.send('cursor off')
        self.assertEqual(told.until(ALPHA_CURSOR)[1][2:], (0, 0))

    def test_rich(self):
        self.start()
        self.pattern()
        told = Told(self.viewer(), RAW, RICH_CURSOR)
        told.viewer.request(False)
        data = told.until(RICH_CURSOR, lambda c: c[1][2] == self.SIZE)[2]
        mask = data[self.SIZE * self.SIZE * 4:]
        for y in range(self.SIZE):
            for x in range(self.SIZE):
                self.assertEqual(mask[y * 2 + x // 8] >> (7 - x % 8) & 1, x <= y, (x, y))
        self.assertEqual(data[:3], b'\0\0\xff')

    def test_painted(self):
        """A viewer without cursor encodings sees it in the picture, and where it was no more."""
        self.start()
        self.pattern()
        decoder = Decoder(self.viewer(), [RAW, DESKTOP_SIZE])

        def pixel(x, y):
            at = (y * decoder.viewer.width + x) * 4
            return bytes(decoder.viewer.pixels[at:at + 3])

        def fetch_until(x, y, red):
            end = time.monotonic() + 10
            while time.monotonic() < end:
                decoder.fetch(False)
                if decoder.viewer.width == 320 and (pixel(x, y) == b'\0\0\xff') == red:
                    return
            self.fail('the cursor at %d, %d' % (x, y))
        fetch_until(52, 68, True)
        self.assertNotEqual(pixel(60, 61), b'\0\0\xff')  # transparent
        self.fake.send('warp 200 100')
        fetch_until(52, 68, False)
        fetch_until(202, 108, True)
        self.assertEqual(pixel(52, 68), bytes(((52 ^ 68) & 255, 68 * 5 & 255, 52 * 7 & 255)))


class Scaled(ProtocolTest):
    def test_smaller_screen(self):
        """UltraVNC's SetScale, after which the screen becomes smaller than the scaled copy."""
        self.start()
        self.fake.send('mode 640 480')
        viewer = self.viewer()
        viewer.sock.sendall(struct.pack('>BBxx', 8, 2))
        viewer.request(False)
        time.sleep(0.3)
        for width, height in ((320, 200), (100, 80), (640, 480)):
            self.fake.send('mode %d %d' % (width, height))
            viewer.request()
            time.sleep(0.3)
        other = self.viewer()
        other.request(False)
        self.assertGreater(other.update(), 0)


class Power(unittest.TestCase):
    def start(self, *options):
        self.m = Machine('-vnc', ','.join(('unix:vnc', *options)), cwd=True)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.m.hmp.command('info vnc')
        self.viewer = rfb.Rfb(self.m.path('vnc'), timeout=10)
        self.addCleanup(self.viewer.close)
        self.viewer.sock.sendall(struct.pack('>BxHii', 2, 2, RAW, XVP))

    def test_off(self):
        self.start()
        self.viewer.sock.sendall(bytes((250, 0, 1, 4)))
        self.viewer.request(False)
        self.assertGreater(self.viewer.update(), 0)  # neither offered nor obeyed

    def test_on(self):
        self.start('power-control=on')
        self.assertEqual(self.viewer.recv(4), bytes((250, 0, 1, 1)))
        self.viewer.sock.sendall(bytes((250, 0, 1, 99)))
        self.assertEqual(self.viewer.recv(4), bytes((250, 0, 1, 0)))  # fails
        self.m.qtest.outb(0x70, 0x8f)
        self.viewer.sock.sendall(bytes((250, 0, 1, 4)))  # reset
        time.sleep(0.5)
        self.viewer.request(False)
        self.assertGreater(self.viewer.update(), 0)
        self.assertTrue(self.m.running())


class Guard(unittest.TestCase):
    def test_lockout(self):
        """Five wrong passwords from a host, then it is turned away without being asked."""
        m = Machine('-vnc', '127.0.0.1:40,password=on,to=49', cwd=True)
        self.addCleanup(m.stop)
        m.start()
        port = int(m.hmp.command('info vnc').split('127.0.0.1:')[1].split()[0])
        m.hmp.command('set_password vnc secret')

        def attempt(password):
            try:
                rfb.Rfb(('127.0.0.1', port), password=password, encrypt=des.vnc_response,
                        timeout=10).close()
                return ''
            except rfb.RfbError as error:
                return str(error)
        begin = time.monotonic()
        for _ in range(4):
            self.assertIn('password', attempt('guess'))
        self.assertGreater(time.monotonic() - begin, 4 * 0.9)  # each costs a second
        self.assertEqual(attempt('secret'), '')  # forgets the wrong ones
        for _ in range(5):
            self.assertIn('wrong', attempt('guess'))
        self.assertIn('Too many', attempt('secret'))
        self.assertIn('locked out', m.stderr())


class Servers(unittest.TestCase):
    def test_refused_options(self):
        for option, word in (('tls-creds=x', 'SSH'), ('sasl=on', 'user names'),
                             ('password-secret=x', "'x' not found"),
                             ('audiodev=x', 'sound'), ('websocket=on', 'HOST'),
                             ('reverse=on', 'HOST'), ('display=nonsense', 'nonsense')):
            status, _, said = run('-vnc', 'unix:/nonexistent/vnc,' + option, '-accel', 'qtest')
            self.assertNotEqual(status, 0)
            self.assertIn(word, said, option)

    def test_several(self):
        m = Machine('-vnc', 'unix:one', '-vnc', 'unix:two,password=on', cwd=True)
        self.addCleanup(m.stop)
        m.start()
        m.hmp.command('info vnc')
        open_one = rfb.Rfb(m.path('one'), timeout=10)
        self.addCleanup(open_one.close)
        self.assertEqual(open_one.security, [1])
        with self.assertRaises(rfb.RfbError):
            rfb.Rfb(m.path('two'), timeout=10)

    def test_reverse(self):
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        listener.settimeout(20)
        m = Machine('-vnc', '127.0.0.1:%d,reverse=on' % listener.getsockname()[1], cwd=True)
        self.addCleanup(m.stop)
        m.start()
        sock, _ = listener.accept()
        self.addCleanup(sock.close)
        self.assertEqual(sock.recv(12, socket.MSG_WAITALL), b'RFB 003.008\n')
        wait(lambda: 'reverse' in m.hmp.command('info vnc'), 'info vnc', 10)


if __name__ == '__main__':
    tap.main()
