#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPICE clients that lie, are silent or break off: the machine and other clients go on."""
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import spice  # noqa: E402
import tap  # noqa: E402
import vga  # noqa: E402
from screen import wait  # noqa: E402
from served_machine import LFB  # noqa: E402
from test_spice import SpiceTest, assert_closed, timed  # noqa: E402


def link(kind=spice.MAIN, **more):
    return spice.link_message(kind, **more)


def hostile():
    """Names and bytes of what no viewer would send, after what part of a handshake."""
    noise = random.Random(5)

    def say(kind, data=b'', size=None):
        return struct.pack('<HI', kind, len(data) if size is None else size) + data
    return (
        ('nothing', 'none', b''),
        ('zeros', 'none', bytes(4096)),
        ('noise', 'none', noise.randbytes(60000)),
        ('a browser', 'none', b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
        ('a browser that upgrades', 'none', b'GET / HTTP/1.1\r\nUpgrade: websocket\r\n'
         b'Sec-WebSocket-Key: ' + b'A' * 5000 + b'\r\n\r\n'),
        ('a VNC viewer', 'none', b'RFB 003.008\n' * 20),
        ('a TLS hello', 'none', bytes.fromhex('1603010200010001fc0303') + noise.randbytes(506)),
        ('half a header', 'none', link()[:9]),
        ('half a message', 'none', link()[:25]),
        ('another magic', 'none', link(magic=b'RED!')),
        ('version 99', 'none', link(version=(99, 0))),
        ('version 1', 'none', link(version=(1, 0))),
        ('size 0', 'none', link(size=0)),
        ('size 2^32-1', 'none', link(size=0xffffffff)),
        ('size 2^31, noise', 'none', link(size=0x80000000) + noise.randbytes(30000)),
        ('2^32-1 capabilities', 'none', link(counts=(0xffffffff, 0xffffffff))),
        ('2^30 capabilities', 'none', link(counts=(1 << 30, 1 << 30))),
        ('capabilities elsewhere', 'none', link(offset=0xfffffff0)),
        ('capabilities before', 'none', link(offset=0)),
        ('no channel', 'none', link(0)),
        ('channel 255', 'none', link(255)),
        ('display 200', 'none', link(spice.DISPLAY, channel=200)),
        ('display without a session', 'none', link(spice.DISPLAY)),
        ('display of another session', 'none', link(spice.DISPLAY, session=0x12345678)),
        ('an unknown authentication', 'linked', struct.pack('<I', 77) + bytes(128)),
        ('SASL, which was not offered', 'linked', struct.pack('<II', 2, 0xffffffff) + bytes(300)),
        ('a ticket of noise', 'linked', struct.pack('<I', 1) + noise.randbytes(128)),
        ('half a ticket', 'linked', struct.pack('<I', 1) + bytes(64)),
        ('an unknown message', 'main', say(9999, bytes(64))),
        ('message 0', 'main', say(0)),
        ('a message of 2^32-1 bytes', 'main', say(spice.ATTACH_CHANNELS, b'', 0xffffffff)),
        ('a message of 2^25 bytes, noise', 'main', say(107, noise.randbytes(9000), 1 << 25)),
        ('client info of nothing', 'main', say(101)),
        ('mouse mode 65535', 'main', say(105, b'\xff\xff')),
        ('mouse mode, cut', 'main', say(105, b'\1')),
        ('the agent, which is not there', 'main',
         say(106, b'\xff' * 4) + say(107, bytes(2000)) * 20),
        ('tokens without an agent', 'main', say(108, b'\xff' * 4) * 20),
        ('the end of a migration', 'main', say(102) + say(103) + say(109) + say(110, b'\1' * 4)),
        ('pong that nobody asked for', 'main', say(spice.PONG, b'\xff' * 12) * 50),
        ('pong, cut', 'main', say(spice.PONG, b'\xff')),
        ('acks that nobody asked for', 'main',
         say(spice.ACK) * 500 + say(spice.ACK_SYNC, b'\xff' * 4)),
        ('migration data', 'main', say(5, noise.randbytes(300))),
        ('attach, again and again', 'main', say(spice.ATTACH_CHANNELS) * 200),
        ('noise', 'main', noise.randbytes(60000)),
        ('keys, cut', 'inputs', say(spice.KEY_DOWN, b'\1\2')),
        ('keys of nothing', 'inputs', say(104)),
        ('all scan codes', 'inputs', say(104, bytes(range(256)) * 40)),
        ('prefixes', 'inputs', say(104, b'\xe0\xe1\xe0\xe2\xe1\xe1\x00\x80' * 500)),
        ('positions without a tablet', 'inputs', say(spice.MOUSE_POSITION, b'\xff' * 11) * 50),
        ('movements far away', 'inputs', say(spice.MOUSE_MOTION, struct.pack(
            '<iiH', -1 << 31, (1 << 31) - 1, 0xffff)) * 200),
        ('button 255', 'inputs', say(spice.MOUSE_PRESS, b'\xff' * 3) * 50),
        ('locks', 'inputs', say(spice.KEY_MODIFIERS, b'\xff\xff') * 50),
        ('noise', 'inputs', noise.randbytes(60000)),
        ('a cache of -1', 'display', say(101, struct.pack('<BqBi', 255, -1, 255, -1))),
        ('two beginnings', 'display', say(101, struct.pack('<BqBi', 1, 1 << 60, 1, 1 << 30)) * 2),
        ('half a beginning', 'display', say(101, b'\1')),
        ('a report of no stream', 'display', say(102, b'\xff' * 28) * 5),
        ('compression 255', 'display', say(103, b'\xff') * 5),
        ('an end of no drawing', 'display', say(104) * 5),
        ('255 codecs, none sent', 'display', say(105, b'\xff')),
        ('noise', 'display', noise.randbytes(60000)),
        ('noise', 'cursor', noise.randbytes(60000)),
    )


class Hostility(SpiceTest):
    def connection(self, stage):
        """A socket on which so much has been said."""
        if stage == 'none':
            sock = spice.connect(self.address)
        elif stage == 'linked':
            sock = spice.connect(self.address)
            sock.sendall(link())
            sock.recv(16 + spice.LINK_REPLY, socket.MSG_WAITALL)
        else:
            viewer = self.viewer()
            sock = viewer.main.sock if stage == 'main' else viewer.open(
                {'inputs': spice.INPUTS, 'display': spice.DISPLAY, 'cursor': spice.CURSOR}[stage]
            ).sock
        self.addCleanup(sock.close)
        return sock

    def test_hostile_bytes(self):
        self.start()
        self.viewer().close()
        self.wait_channels()
        before = self.memory(), self.descriptors()
        for name, stage, data in hostile():
            with self.subTest(stage + ': ' + name):
                sock = self.connection(stage)
                try:
                    sock.sendall(data)
                    sock.shutdown(socket.SHUT_WR)
                    assert_closed(sock)
                except ConnectionError:
                    pass  # gone before we had said it all: fine
                self.close_viewers()
                self.assertTrue(self.m.running(), self.m.stderr())
                self.wait_channels()
        self.assert_same(self.viewer().display())
        self.close_viewers()
        self.assertLess(self.memory() - before[0], 100 * 1024, 'KiB more in use')
        wait(lambda: self.descriptors() <= before[1], 'descriptors are closed', 20)
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual(self.m.stderr(), '')

    def viewer(self, **more):
        viewer = spice.Viewer(self.address, **more)
        self.__dict__.setdefault('open_viewers', []).append(viewer)
        return viewer

    def close_viewers(self):
        for viewer in self.__dict__.pop('open_viewers', []):
            viewer.close()

    def tearDown(self):
        self.close_viewers()

    def test_storm(self):
        """100 viewers that end at random moments of their lives, one silent crowd beside."""
        self.start()
        self.show_picture()
        crowd = [self.connection('none') for _ in range(80)]  # more than may be
        noise = random.Random(7)
        longest = 0
        for i in range(100):
            try:
                sock = spice.connect(self.address)
                talk = link() + struct.pack('<I', 1)
                sock.sendall(talk[:noise.randrange(len(talk) * 2)])
                if noise.random() < 0.5:
                    viewer = spice.Viewer(self.address)
                    for kind in noise.sample((spice.DISPLAY, spice.INPUTS, spice.CURSOR),
                                             noise.randrange(4)):
                        channel = viewer.open(kind)
                        if kind == spice.DISPLAY:
                            picture = spice.Picture(channel)
                            for _ in range(noise.randrange(5)):
                                picture.step(0.01)
                        elif kind == spice.INPUTS:
                            channel.send(spice.KEY_DOWN, struct.pack('<I', 0x1e))
                    viewer.close()
                sock.close()
            except (spice.SpiceError, ConnectionError):
                pass  # its place was taken meanwhile
            if i % 10 == 0:
                longest = max(longest, timed(lambda: self.m.hmp.command('info status')))
        self.assertLess(longest, 2)
        for sock in crowd[:10]:
            assert_closed(sock)  # the oldest had to go
        self.wait_channels()
        self.assert_same(self.viewer().display())
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual(self.m.stderr(), '')

    def test_failing_library(self):
        """What spice-server would end the process for ends the frontend alone. Its session stays
        behind, with threads that stand still and that a sanitizer's search for leaks falls over."""
        self.start(env={'ASAN_OPTIONS': 'detect_leaks=0'})
        for _ in range(2):
            viewer = self.viewer()
            picture = viewer.display()
            self.assert_same(picture)
            picture.channel.send(spice.DISPLAY_INIT, struct.pack('<BqBi', 1, 0, 1, 0))
            wait(lambda: self.channels() == [] and not os.path.exists(self.address),
                 'the frontend closes', 20)
            self.assertNotIn('spice', self.m.hmp.command('info display'))
            assert_closed(viewer.main.sock)
            self.assertIn('spice-server has failed', self.m.stderr())
            self.assertEqual(self.m.hmp.command('display_add spice,unix=on,addr=spice,'
                                                'image-compression=off'), 'spice')
        self.assert_same(self.viewer().display())
        self.assertLess(timed(self.m.quit), 10)
        self.assertEqual(self.m.status, 0)

    def test_killed_and_deaf_viewers_at_the_end(self):
        """The program ends at once with clients in every state, some of which do not read."""
        self.start()
        self.show_picture(1024, 768)
        for stage in ('none', 'linked', 'display'):
            self.connection(stage)
        for row in range(0, 768, 16):
            self.m.qtest.memset(LFB + row * 4096, 4096 * 16, row & 0xff)
        vga.Vga(self.m.qtest).vbe_mode(640, 480, 32)
        self.assertLess(timed(lambda: self.m.hmp.command('info status')), 2)
        self.assertLess(timed(self.m.quit), 10)
        self.assertEqual(self.m.status, 0)


if __name__ == '__main__':
    tap.main()
