#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VNC viewer that does not read while a large update is on its way to it: its keys reach the
guest all the same, the update is whole when it reads again, and it may leave at any time. A machine
without a guest prints the keys."""

import contextlib
import os
import re
import socket
import struct
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import rfb  # noqa: E402
import tap  # noqa: E402
from fake import Fake  # noqa: E402
from fakemachine import wait  # noqa: E402
from machine import ROOT  # noqa: E402
from rfb_decode import (COPYRECT, DESKTOP_SIZE, HEXTILE, RAW, TIGHT, ZLIB, ZRLE,  # noqa: E402
                        Decoder)
from websocket import UPGRADE, WebSocket  # noqa: E402

MODULE = os.environ.get('VITRINE_VNC', ROOT + '/build/ui/vnc/libvitrine-ui-vnc.so')
WIDTH, HEIGHT = 2400, 1200
XK_A, XK_B = 0x61, 0x62
KEY_A, KEY_B = 30, 48
KEYS = 5
PROMPT = 0.1
QUIET = 0.5


class VncTest(unittest.TestCase):
    def start(self, options):
        folder = tempfile.TemporaryDirectory(prefix='vitrine-')
        self.addCleanup(folder.cleanup)
        self.fake = Fake(MODULE, options + ',key-delay-ms=0', cwd=folder.name)
        self.addCleanup(self.check_end)
        self.fake.send('mode %d %d' % (WIDTH, HEIGHT))
        self.path = folder.name + '/vnc'

    def check_end(self):
        status, error = self.fake.stop()
        self.assertEqual((status, error), (0, ''))

    def viewer(self):
        viewer = rfb.Rfb(self.path)
        self.addCleanup(viewer.close)
        return viewer

    def assert_types(self, key):
        """Keys come, at least one within the time that a person does not notice (the machine that
        runs the test may be busy)."""
        took = []
        for down in (1, 0) * KEYS:
            begin = time.monotonic()
            key(XK_A, down)
            self.fake.expect('key %d %d' % (KEY_A, down))
            took.append(time.monotonic() - begin)
        self.assertLess(min(took), PROMPT)


class Deaf(VncTest):
    def look(self, encoding):
        """A viewer that has asked for all, and reads nothing."""
        viewer = self.viewer()
        decoder = Decoder(viewer, [encoding, DESKTOP_SIZE])
        while viewer.width != WIDTH:
            decoder.fetch(False)
        viewer.request(False)
        time.sleep(QUIET)
        return viewer, decoder

    def assert_whole(self, viewer, decoder):
        self.assertEqual(decoder.update(), WIDTH * HEIGHT)
        dump = self.fake.dump()
        rows = viewer.pixels[0::4], viewer.pixels[1::4], viewer.pixels[2::4]
        self.assertEqual([bytes(dump.rgb[2 - i::3]) for i in range(3)], [bytes(r) for r in rows])

    def test_types_while_deaf(self):
        self.start('unix:vnc')
        for encoding in (RAW, ZRLE, HEXTILE, TIGHT, ZLIB):
            with self.subTest(encoding=encoding):
                viewer, decoder = self.look(encoding)
                self.assert_types(viewer.key)
                viewer.pointer(1, 1, 1)
                self.fake.expect('button.*')
                self.assert_whole(viewer, decoder)
                self.assert_types(viewer.key)
                viewer.close()

    def test_order_is_kept(self):
        """What libvncserver might answer waits for the update, and what follows it too."""
        self.start('unix:vnc')
        viewer, decoder = self.look(RAW)
        viewer.key(XK_A, 1)
        self.fake.expect('key %d 1' % KEY_A)
        viewer.sock.sendall(struct.pack('>BxHii', 2, 2, HEXTILE, DESKTOP_SIZE))
        viewer.key(XK_B, 1)
        self.assertEqual([line for line in self.fake.lines(QUIET) if 'key' in line], [])
        self.assertEqual(decoder.update(), WIDTH * HEIGHT)
        self.fake.expect('key %d 1' % KEY_B)
        viewer.request(False)
        self.assert_whole(viewer, decoder)
        self.assertGreater(decoder.count[HEXTILE], 0)
        viewer.close()
        self.fake.expect('key %d 0' % KEY_B)

    def test_full_socket(self):
        """An update that the socket has taken whole leaves no room for answers either: nothing of
        libvncserver's is written, for which the viewer's thread would wait."""
        self.start('unix:vnc')
        viewer, decoder = self.look(RAW)
        self.assert_whole(viewer, decoder)
        viewer.sock.sendall(struct.pack('>BBHHHH', 3, 0, 0, 0, 200, 200))
        time.sleep(QUIET)
        self.assert_types(viewer.key)
        viewer.sock.sendall(struct.pack('>BxHii', 2, 2, RAW, DESKTOP_SIZE))
        viewer.key(XK_B, 1)
        self.assertEqual([line for line in self.fake.lines(QUIET) if 'key' in line], [])
        self.assertEqual(decoder.update(), 200 * 200)
        self.fake.expect('key %d 1' % KEY_B)
        viewer.request(False)
        self.assert_whole(viewer, decoder)
        viewer.sock.sendall(struct.pack('>BBHHHH', 3, 0, 0, 0, 200, 200))
        time.sleep(QUIET)
        viewer.sock.sendall(struct.pack('>BxHii', 2, 2, RAW, DESKTOP_SIZE))
        viewer.close()  # while it waits
        self.fake.expect('key %d 0' % KEY_B)

    def test_leaves(self):
        self.start('unix:vnc')
        for encoding in (RAW, HEXTILE):
            for what in (b'', struct.pack('>BxHi', 2, 1, RAW), b'\4\1'):
                viewer, _ = self.look(encoding)
                viewer.key(XK_A, 1)
                viewer.sock.sendall(what)
                self.fake.expect('key %d 1' % KEY_A)
                viewer.close()
                self.fake.expect('key %d 0' % KEY_A)

    def test_server_ends(self):
        self.start('unix:vnc')
        for encoding in (RAW, HEXTILE):
            self.look(encoding)
        # check_end() gives it 20 seconds


class Doze(VncTest):
    """While no viewer waits for a picture, none is made."""

    def look(self):
        viewer = self.viewer()
        decoder = Decoder(viewer, [RAW, DESKTOP_SIZE])
        while viewer.width != WIDTH:
            decoder.fetch(False)
        viewer.request(False)
        return viewer, decoder

    def dozes(self):
        stats = self.fake.stats()
        return not stats['active'] and not stats['clock']

    def assert_newest(self, viewer, decoder, incremental=True):
        """What it has and what comes on asking is what there is to see now."""
        self.fake.send('play still')
        dump = self.fake.dump()
        viewer.request(incremental)
        decoder.update()
        rows = viewer.pixels[0::4], viewer.pixels[1::4], viewer.pixels[2::4]
        self.assertEqual([bytes(dump.rgb[2 - i::3]) for i in range(3)], [bytes(r) for r in rows])

    def test_deaf(self):
        self.start('unix:vnc')
        self.fake.send('play square')
        viewer, decoder = self.look()
        wait(self.dozes, 'the display rests')
        scans = self.fake.stats()['scans']
        time.sleep(QUIET)
        self.assertEqual(self.fake.stats()['scans'], scans)
        self.assertEqual(decoder.update(), WIDTH * HEIGHT)
        time.sleep(QUIET)
        self.assertEqual(self.fake.stats()['scans'], scans)  # it has not asked yet
        self.assert_newest(viewer, decoder)

    def test_asks_again(self):
        """It is answered at once, and sent no more than what has changed."""
        self.start('unix:vnc')
        self.fake.send('play square')
        viewer, decoder = self.look()
        decoder.update()
        took = []
        for _ in range(KEYS):
            wait(self.dozes, 'the display rests')
            begin = time.monotonic()
            viewer.request()
            self.assertLess(decoder.update(), 100 * 100 * 4)
            took.append(time.monotonic() - begin)
        self.assertLess(min(took), PROMPT)
        updates = self.fake.stats()['scans']
        for _ in range(KEYS):
            viewer.request()
            decoder.update()
        self.assertGreaterEqual(self.fake.stats()['scans'], updates + KEYS - 1)

    def test_size_changes_meanwhile(self):
        self.start('unix:vnc')
        self.fake.send('play square')
        viewer, decoder = self.look()
        decoder.update()
        wait(self.dozes, 'the display rests')
        self.fake.send('mode 800 600')
        viewer.request()
        decoder.update()
        while viewer.width != 800:
            viewer.request()
            decoder.update()
        self.assert_newest(viewer, decoder, incremental=False)

    def test_others_look_on(self):
        self.start('unix:vnc')
        self.fake.send('play square')
        deaf, _ = self.look()
        viewer, decoder = self.look()
        decoder.update()
        end = time.monotonic() + 4 * QUIET
        while time.monotonic() < end:
            viewer.request()
            decoder.update()
        self.assertFalse(self.dozes())
        self.assert_newest(viewer, decoder, incremental=False)
        self.fake.send('play square')
        wait(self.dozes, 'the display rests')  # nobody asks any more
        deaf.close()
        viewer.request()
        decoder.update()
        viewer.close()
        wait(self.dozes, 'the display rests')

    def test_frames_are_shared(self):
        """Viewers at a pace of their own, of which one copies: what each has been sent by and by is
        the picture, although frames are brought up to date where they are."""
        self.start('unix:vnc')
        self.fake.send('play square')
        deaf, _ = self.look()
        viewers = [self.look() for _ in range(3)]
        viewers[0][0].sock.sendall(struct.pack('>BxHiii', 2, 3, RAW, COPYRECT, DESKTOP_SIZE))
        for _, decoder in viewers:
            decoder.update()
        for i in range(60):
            for pace, (viewer, decoder) in enumerate(viewers, 1):
                if i % pace == 0:
                    viewer.request()
                    decoder.update()
        self.fake.send('play still')
        dump = self.fake.dump()
        expected = [bytes(dump.rgb[2 - i::3]) for i in range(3)]
        for viewer, decoder in viewers:
            viewer.sock.settimeout(QUIET)
            with contextlib.suppress(TimeoutError):
                while True:
                    viewer.request()
                    decoder.update()
            self.assertEqual(expected, [bytes(viewer.pixels[i::4]) for i in range(3)])
        deaf.close()

    def test_still_picture(self):
        """One that waits keeps its place: it hears of what changes much later."""
        self.start('unix:vnc')
        viewer, decoder = self.look()
        decoder.update()
        viewer.request()
        wait(lambda: not self.fake.stats()['clock'], 'a stopped clock')
        self.assertEqual(self.fake.stats()['active'], 1)
        self.fake.send('play square')
        self.assertGreater(decoder.update(), 0)


class DeafBrowser(VncTest):
    def look_through(self):
        said = ''
        end = time.monotonic() + 10
        while 'websocket' not in said and time.monotonic() < end:
            self.fake.send('info')
            said += '\n'.join(self.fake.lines(0.2))
        port = int(re.search(r':(\d+) \(ipv4\) \(websocket', said).group(1))
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.settimeout(20)
        sock.connect(('127.0.0.1', port))
        sock.sendall((UPGRADE % (port, 'http://127.0.0.1:%d' % port)).encode())
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += sock.recv(1)
        web = WebSocket(sock)
        for say, length in ((b'RFB 003.008\n', 12), (b'\1', 2), (b'\1', 4)):
            web.recv(length)
            web.send(say)
        self.assertEqual(struct.unpack('>HH', web.recv(4)), (WIDTH, HEIGHT))
        web.recv(16)
        web.recv(struct.unpack('>I', web.recv(4))[0])
        web.send(struct.pack('>BBHHHH', 3, 0, 0, 0, WIDTH, HEIGHT) * 3)
        time.sleep(QUIET)
        return web

    def test_types_while_deaf(self):
        self.start('vnc=127.0.0.1:42,to=49,websocket=on')
        web = self.look_through()
        self.addCleanup(web.file.close)

        def key(keysym, down):
            web.send(struct.pack('>BBxxI', 4, down, keysym))
        self.assert_types(key)
        web.send(struct.pack('>BxHi', 2, 1, HEXTILE) + struct.pack('>BBxxI', 4, 1, XK_B))
        self.assertEqual([line for line in self.fake.lines(QUIET) if 'key' in line], [])
        self.assertEqual(web.recv(4), b'\0\0\0\1')
        self.assertEqual(web.recv(12), struct.pack('>HHHHi', 0, 0, WIDTH, HEIGHT, RAW))
        web.recv(WIDTH * HEIGHT * 4)
        self.fake.expect('key %d 1' % KEY_B)


if __name__ == '__main__':
    tap.main()
