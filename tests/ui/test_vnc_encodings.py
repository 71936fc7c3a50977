#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every encoding of the VNC server shows what `screendump` saves, pixel for pixel, through changes
of all kinds; only what changed is sent; what scrolls is copied. The machine runs under qtest."""

import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from rfb_decode import (COPYRECT, CORRE, DESKTOP_SIZE, HEXTILE, LAST_RECT, RAW, RRE, TIGHT,  # noqa
                        ZLIB, ZRLE, Decoder)
from served_machine import LFB  # noqa: E402
from vnc_machine import HEIGHT, WIDTH, VncTest  # noqa: E402

NAMES = {'raw': RAW, 'rre': RRE, 'corre': CORRE, 'hextile': HEXTILE, 'zlib': ZLIB, 'tight': TIGHT,
         'zrle': ZRLE}
ROW = WIDTH * 4
QUALITY_LEVEL_3, COMPRESS_LEVEL_9, ZYWRLE = -29, -247, 17


class Encodings(VncTest):
    def decoder(self, *encodings):
        viewer = self.viewer()
        return Decoder(viewer, [*encodings, DESKTOP_SIZE])

    def wanted(self):
        dump = self.screen.dump()
        return b'P6\n%d %d\n255\n' % (dump.width, dump.height) + dump.rgb

    def assert_same(self, decoder, what):
        """Updates until the viewer has what the screen shows; they end by themselves."""
        wanted = self.wanted()
        for _ in range(5):
            if decoder.viewer.ppm() == wanted:
                return
            decoder.fetch()
        self.assertEqual(decoder.viewer.ppm(), wanted, what)

    def change(self, noise, step):
        """Draws something into video memory."""
        q = self.m.qtest
        if step == 0:  # noise, all colours
            q.write(LFB + 40 * ROW, noise.randbytes(ROW * 70))
        elif step == 1:  # one colour
            q.memset(LFB + 200 * ROW, ROW * 100, noise.randrange(256))
        elif step == 2:  # two colours, in stripes one pixel wide
            line = struct.pack('<II', noise.randrange(1 << 24), noise.randrange(1 << 24))
            q.write(LFB + 310 * ROW, line * (WIDTH // 2) * 30)
        elif step == 3:  # a hundred colours in short runs
            colours = [struct.pack('<I', noise.randrange(1 << 24)) for _ in range(100)]
            q.write(LFB + 350 * ROW, b''.join(noise.choice(colours) * noise.choice((1, 2, 9, 300))
                                              for _ in range(3000))[:ROW * 60 // 4 * 4])
        elif step == 4:  # five colours
            colours = [struct.pack('<I', noise.randrange(1 << 24)) for _ in range(5)]
            q.write(LFB + 420 * ROW, b''.join(noise.choice(colours)
                                              for _ in range(WIDTH * 20)))
        else:  # a dot in the last corner
            q.write(LFB + (HEIGHT * WIDTH - 1) * 4, struct.pack('<I', noise.randrange(1 << 24)))

    def test_all(self):
        self.start(picture=True)
        decoders = {name: self.decoder(code) for name, code in NAMES.items()}
        decoders['tight with LastRect'] = self.decoder(TIGHT, LAST_RECT)
        decoders['zrle, level 9'] = self.decoder(ZRLE, COMPRESS_LEVEL_9)
        decoders['tight, loss refused'] = self.decoder(TIGHT, QUALITY_LEVEL_3)
        decoders['zywrle'] = self.decoder(ZYWRLE)
        noise = random.Random(5)
        for step in range(-1, 6):
            if step >= 0:
                self.change(noise, step)
            for name, decoder in decoders.items():
                self.assert_same(decoder, '%s after change %d' % (name, step))
        for name, code in NAMES.items():
            self.assertIn(code, decoders[name].count)

    def test_only_what_changed(self):
        self.start(picture=True)
        decoder = self.decoder(RAW)
        self.assert_same(decoder, 'at first')
        for x, y in ((0, 0), (100, 100), (WIDTH - 1, HEIGHT - 1)):
            self.m.qtest.write(LFB + y * ROW + x * 4, b'\x12\x34\x56\0')
            self.assertLessEqual(decoder.fetch(), 32 * 16)
        self.assert_same(decoder, 'after dots')
        # The same pixels once more: damage for the display, nothing for the viewer.
        self.m.qtest.write(LFB, bytes(decoder.viewer.pixels[:ROW * 50]))
        self.m.hmp.command('info display')
        decoder.viewer.request()
        decoder.viewer.sock.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            decoder.update()

    def test_scroll(self):
        self.start(picture=True)
        copying = self.decoder(ZRLE, COPYRECT)
        plain = self.decoder(ZRLE)
        noise = random.Random(6)
        lines = [noise.randbytes(ROW - 160) for _ in range(HEIGHT + 200)]

        def draw(first):  # a window that scrolls within a frame that does not
            for row in range(20, HEIGHT - 30):
                self.m.qtest.write(LFB + row * ROW + 80, lines[first + row])
        for first in (0, 5, 45, 40, 40, 147, 3):
            draw(first)
            self.assert_same(copying, 'copying, first line %d' % first)
            self.assert_same(plain, 'plain, first line %d' % first)
        self.assertGreater(copying.count[COPYRECT], 2)
        self.assertNotIn(COPYRECT, plain.count)

    def test_slow_viewer_gets_the_newest(self):
        """A viewer that asks seldom gets one update with all that has changed, not a queue."""
        self.start(picture=True)
        decoder = self.decoder(RAW)
        self.assert_same(decoder, 'at first')
        for shade in range(20):
            self.m.qtest.memset(LFB, ROW * 16, shade)
            self.m.hmp.command('screendump ' + self.m.path('x.ppm'))
        self.assertEqual(decoder.fetch(), WIDTH * 16)
        self.assertEqual(bytes(decoder.viewer.pixels[:3]), b'\x13\x13\x13')

    def test_formats(self):
        """Pixels of 8 and 16 bits, and of 32 the other way around: ZRLE and raw agree."""
        self.start(picture=True)
        formats = {'rgb565': (16, 16, 0, 1, 31, 63, 31, 11, 5, 0),
                   'bgr233': (8, 8, 0, 1, 7, 7, 3, 0, 3, 6),
                   'big endian': (32, 24, 1, 1, 255, 255, 255, 16, 8, 0),
                   'high bytes': (32, 24, 0, 1, 255, 255, 255, 24, 16, 8)}
        for name, values in formats.items():
            for encoding in (RAW, ZRLE):
                with self.subTest(name, encoding=encoding):
                    viewer = self.viewer()
                    viewer.sock.sendall(struct.pack('>BxxxBBBBHHHBBBxxx', 0, *values))
                    viewer.sock.sendall(struct.pack('>BxHi', 2, 1, encoding))
                    viewer.request(False)
                    self.assertEqual(viewer.recv(4)[0], 0)
                    header = struct.unpack('>HHHHi', viewer.recv(12))
                    self.assertEqual(header, (0, 0, WIDTH, HEIGHT, encoding))
                    size = WIDTH * HEIGHT * values[0] // 8
                    if encoding == ZRLE:
                        size = struct.unpack('>I', viewer.recv(4))[0]
                    self.assertEqual(len(viewer.recv(size)), size)
                    viewer.close()


if __name__ == '__main__':
    tap.main()
