# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine without a guest (qtest), with a VNC server and a picture to look at."""

import random
import struct
import unittest

import pci
import rfb
import vga
from machine import Machine
from screen import Screen, wait

LFB = 0xe0000000
WIDTH, HEIGHT = 640, 480


class VncTest(unittest.TestCase):
    def start(self, *options, picture=False, **more):
        """A machine with a VNC server on the unix socket m.path('vnc')."""
        self.m = Machine('-vnc', ','.join(('unix:vnc', *options)), cwd=True, **more)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.address = self.m.path('vnc')
        self.m.hmp.command('info vnc')  # its answer comes when all is open
        self.screen = Screen(self.m)
        if picture:
            self.show_picture()

    def show_picture(self):
        card = pci.find(self.m.qtest, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.enable(pci.COMMAND_MEMORY)
        vga.Vga(self.m.qtest).vbe_mode(WIDTH, HEIGHT, 32)
        noise = random.Random(1)
        # Few colours, so that viewers that like to lose quality (gvncviewer) have no reason to.
        colours = [struct.pack('<I', noise.randrange(1 << 24)) for _ in range(12)]
        for y in range(0, HEIGHT, 16):
            line = b''.join(noise.choice(colours) * 16
                            for _ in range(WIDTH // 16))
            self.m.qtest.write(LFB + y * WIDTH * 4, line * 16)
        wait(lambda: (self.screen.dump().width, self.screen.dump().height) == (WIDTH, HEIGHT),
             'the mode', 20)

    def viewer(self, **more):
        viewer = rfb.Rfb(self.address, **more)
        self.addCleanup(viewer.close)
        return viewer

    def clients(self):
        return self.m.hmp.command('info vnc').count('Client: (unix)')

    def wait_clients(self, count):
        wait(lambda: self.clients() == count, '%d viewers' % count, 20)

    def assert_closed(self, sock, timeout=20):
        """The server ends the connection, whatever it says before."""
        sock.settimeout(timeout)
        try:
            while sock.recv(65536):
                pass
        except ConnectionError:
            pass
