# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine without a guest (qtest) with a picture that VNC or SPICE serves."""

import random
import struct
import unittest

import pci
import vga
from machine import Machine
from screen import Screen, wait

LFB = 0xe0000000


class ServedCase(unittest.TestCase):
    def serve(self, *words, **more):
        """Starts the machine with these options, the server's among them."""
        self.m = Machine(*words, cwd=True, **more)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.m.hmp.command('info display')  # its answer comes when all is open
        self.screen = Screen(self.m)

    def show_picture(self, width=640, height=480, seed=1):
        card = pci.find(self.m.qtest, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.enable(pci.COMMAND_MEMORY)
        vga.Vga(self.m.qtest).vbe_mode(width, height, 32)
        noise = random.Random(seed)
        # Few colours, so that viewers that like to lose quality (gvncviewer) have no reason to.
        colours = [struct.pack('<I', noise.randrange(1 << 24)) for _ in range(12)]
        for y in range(0, height, 16):
            line = b''.join(noise.choice(colours) * 16 for _ in range(width // 16))
            self.m.qtest.write(LFB + y * width * 4, line * 16)
        wait(lambda: (self.screen.dump().width, self.screen.dump().height) == (width, height),
             'the mode', 20)
