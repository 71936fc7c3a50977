#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot loaders under tcg: iPXE's command line, GRUB's menu in text and in graphics, isolinux's
graphical menu. The keyboard moves the choice, and what is chosen boots a kernel of ours."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import grub  # noqa: E402
import guests  # noqa: E402
import tap  # noqa: E402

LIT = 0x70               # attribute of a chosen entry in text: black on grey
CHOICE = 0x113355        # colour of the bar behind a chosen entry of isolinux
GRUB_BLUE = 0x0000a8     # GRUB's "blue"

GRUB_CONFIG = """
set timeout=-1
terminal_input console
%s
set menu_color_normal=light-gray/black
set menu_color_highlight=white/blue
menuentry "First entry" { multiboot /multiboot first }
menuentry "Second entry" { multiboot /multiboot second }
menuentry "Third entry" { multiboot /multiboot third }
"""
GRUB_GRAPHICS = """
insmod vbe
loadfont /boot/grub/font.pf2
set gfxmode=800x600x32
terminal_output gfxterm
"""
GRUB_MODULES = 'biosdisk iso9660 normal configfile multiboot'

ISOLINUX_CONFIG = """
UI vesamenu.c32
PROMPT 0
MENU TITLE A menu
MENU RESOLUTION 640 480
MENU COLOR sel 7;37;40 #ffffffff #ff113355 none
MENU COLOR hotsel 1;7;37;40 #ffffffff #ff113355 none
LABEL first
  LINUX /linux
  APPEND chosen=first
LABEL second
  LINUX /linux
  APPEND chosen=second
LABEL third
  LINUX /linux
  APPEND chosen=third
"""


class Ipxe(guests.GuestTest):
    @guests.needs(guests.IPXE)
    def test_command_line(self):
        self.start('-m', '64', '-cdrom', guests.IPXE)
        self.screen.wait_text('Ctrl-B', guests.DEADLINE)
        self.key('ctrl-b')
        self.screen.wait_text('iPXE>', guests.DEADLINE)
        self.type('echo it is alive\n')
        self.wait(lambda: 'it is alive' in self.screen.rows(), 'the echo')
        # Numbers in its settings: 64-bit arithmetic in 32-bit code.
        self.type('set a:int32 305419896\n')
        self.type('show a\n')
        self.wait(lambda: any('a:int32 = 305419896' in row for row in self.screen.rows()),
                  'the setting')


@guests.needs('grub-mkrescue', 'xorriso', 'mformat', 'nasm', grub.PLATFORM, guests.FONT)
class Grub(guests.GuestTest):
    def boot(self, output, modules=''):
        iso = guests.grub_cdrom(self.m.path('iso'), GRUB_CONFIG % output, GRUB_MODULES + modules)
        self.start('-m', '64', '-cdrom', iso, *self.debug_console())

    def chosen(self, word):
        self.assertEqual(self.m.wait(guests.DEADLINE), 1)
        lines = self.debug_lines()
        self.assertIn('magic=2badb002', lines)
        self.assertIn(word, lines)

    def test_text(self):
        self.boot('terminal_output console')
        rows = self.screen.wait_text('Third entry', guests.DEADLINE)
        first = next(i for i, row in enumerate(rows) if 'First entry' in row)
        self.assertIn('GNU GRUB', rows[1])

        def lit():
            return [row for row in range(3)
                    if self.screen.attribute(first + row, 20) >> 4 == 1]  # on blue
        self.wait(lambda: lit() == [0], 'the first is chosen')
        self.key('down')
        self.wait(lambda: lit() == [1], 'the second is chosen')
        self.key('down', 'up', 'ret')
        self.chosen('second')

    def bar(self):
        """Rows of the bar behind the chosen entry."""
        runs = [run for run in self.lit_rows(GRUB_BLUE, 700) if run[1] - run[0] > 8]
        return runs[0] if len(runs) == 1 else None

    def test_graphics(self):
        self.boot(GRUB_GRAPHICS, ' gfxterm vbe font')
        first = self.wait(self.bar, 'a chosen entry')
        picture = self.screen.dump()
        self.assertEqual((picture.width, picture.height), (800, 600))
        height = first[1] - first[0]
        for key, step in (('down', 1), ('down', 2), ('up', 1)):
            self.key(key)
            wanted = first[0] + step * height, first[1] + step * height
            self.wait(lambda: self.bar() == wanted, 'entry %d is chosen' % step)
        self.key('ret')
        self.chosen('second')


@guests.needs('xorriso', 'nasm', guests.ISOLINUX, guests.SYSLINUX)
class Isolinux(guests.GuestTest):
    def bar(self):
        runs = self.lit_rows(CHOICE, 320)
        return runs[0] if len(runs) == 1 else None

    def test_graphical_menu(self):
        iso = guests.isolinux_cdrom(self.m.path('iso'), ISOLINUX_CONFIG, 'vesamenu', 'libcom32',
                                    'libutil')
        self.start('-m', '64', '-cdrom', iso, *self.debug_console())
        first = self.wait(self.bar, 'a chosen entry')
        picture = self.screen.dump()
        self.assertEqual((picture.width, picture.height), (640, 480))
        height = first[1] - first[0]
        self.assertEqual(height, 16)
        for key, step in (('down', 1), ('down', 2), ('up', 1)):
            self.key(key)
            wanted = first[0] + step * height, first[1] + step * height
            self.wait(lambda: self.bar() == wanted, 'entry %d is chosen' % step)
        self.key('ret')
        self.assertEqual(self.m.wait(guests.DEADLINE), 1)
        self.assertIn('chosen=second', self.debug_lines()[-1])


if __name__ == '__main__':
    tap.main()
