#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All frontends of one machine at once: a GTK and an SDL window, TigerVNC's viewer, remote-viewer
over SPICE, and the terminal in tmux. Each shows what `screendump` saves, in text and in graphics;
in each a key is typed and the pointer moved, and the guest gets both. They go one by one, and the
rest still shows the machine."""

import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import pci  # noqa: E402
import tap  # noqa: E402
import vga  # noqa: E402
import xserver  # noqa: E402
from guestinput import GuestInput  # noqa: E402
from machine import Machine  # noqa: E402
from screen import Screen, find, wait  # noqa: E402

LFB = 0xe0000000
WIDTH, HEIGHT = 640, 480
MISSING = xserver.missing('xtigervncviewer', 'remote-viewer', 'tmux')
UNGRAB = {'gtk': 'ctrl+alt+g', 'sdl': 'ctrl+alt+g', 'spice': 'Control_L+Alt_L'}


@unittest.skipIf(MISSING, MISSING)
class Together(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-together-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.x = self.enterContext(xserver.XServer('2000x1400x24'))
        self.env = {**self.x.env, 'XDG_RUNTIME_DIR': self.dir, 'HOME': self.dir,
                    'XDG_CACHE_HOME': self.dir, 'LC_ALL': 'C'}
        self.m = Machine('-name', 'all', '-vnc', ':8000,to=8100', '-spice',
                         'unix=on,addr=%s/spice' % self.dir, env={**self.env, 'DISPLAY': ''},
                         display='none', timeout=60)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.screen = Screen(self.m)
        self.vga = vga.Vga(self.m.qtest)
        self.windows = {}

    # ---- the guest ----

    def show_text(self):
        self.vga.set_mode('text')
        self.vga.ega_palette()
        self.vga.load_font()
        self.m.qtest.memset(0xb8000, 4000, 0)
        for row, word in ((0, 'at the top'), (12, 'in the middle'), (24, 'at the bottom')):
            self.vga.text(3 + row, row, word, 0x1e)
        wait(lambda: self.screen.dump().width == 720, 'the text mode', 20)

    def show_graphics(self):
        card = pci.find(self.m.qtest, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.enable(pci.COMMAND_MEMORY)
        self.vga.vbe_mode(WIDTH, HEIGHT, 32)
        noise = random.Random(4)
        for y in range(0, HEIGHT, 16):
            line = b''.join(struct.pack('<I', noise.randrange(1 << 24)) * 16
                            for _ in range(WIDTH // 16))
            self.m.qtest.write(LFB + y * WIDTH * 4, line * 16)
        wait(lambda: self.screen.dump().width == WIDTH, 'the graphics mode', 20)

    # ---- those who look ----

    def attach(self, name):
        before = self.visible()
        self.assertEqual(self.m.hmp.command('display_add %s,display=%s' % (name, self.x.display)),
                         name)
        self.windows[name] = self.new_window(before, name)

    def open_viewer(self, name, *command):
        before = self.visible()
        process = subprocess.Popen(command, env={**os.environ, **self.env},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)
        self.windows[name] = self.new_window(before, name)
        return end

    def visible(self):
        try:
            return set(self.x.do('search', '--onlyvisible', '--name',
                                 'all|TigerVNC|Vitrine').split())
        except subprocess.CalledProcessError:
            return set()

    def new_window(self, before, what):
        """The one that has come, and is managed by the window manager."""
        def came():
            for window in self.visible() - before:
                if self.x.geometry(window)[2] > 200:
                    return window
            return None
        return wait(came, 'a window of ' + what, 60)

    def tmux(self, *words):
        return subprocess.run(['tmux', '-u', '-L', self.server, *words], check=True, timeout=20,
                              capture_output=True, env={**os.environ, **self.env}).stdout.decode()

    def open_terminal(self):
        self.server = 'vitrine-together-%d' % os.getpid()
        self.addCleanup(subprocess.run, ['tmux', '-L', self.server, 'kill-server'],
                        stderr=subprocess.DEVNULL)
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '32',
                  'exec sleep 1000')
        tty = self.tmux('list-panes', '-F', '#{pane_tty}').strip()
        self.assertEqual(self.m.hmp.command(
            'display_add terminal,tty=%s,term=screen-256color,lang=C.UTF-8' % tty), 'terminal')
        wait(lambda: 'commands' in self.pane(), 'the terminal', 30)

    def pane(self):
        return self.tmux('capture-pane', '-p', '-t', '0')

    def assert_same(self, name):
        window = self.windows[name]
        self.x.focus(window)

        def same():
            return find(self.x.picture(window), self.screen.dump())
        wait(same, 'the same picture in ' + name, 40)

    def assert_all_same(self):
        for name in self.windows:
            self.assert_same(name)

    def assert_terminal_same(self):
        """All of the text screen, at one place of the terminal."""
        def same():
            rows = self.m.hmp.command('screen_text').split('\n')
            lines = self.pane().split('\n')
            top = next((y for y, line in enumerate(lines) if 'at the top' in line), None)
            if top is None:
                return False
            left = lines[top].index('at the top') - rows[0].index('at the top')
            return all(lines[top + y][left:left + 80].rstrip() == row.rstrip()
                       for y, row in enumerate(rows[:25]))
        wait(same, 'the text in the terminal', 20)

    def use(self, name):
        """A key and a movement."""
        window = self.windows[name]
        self.x.focus(window)
        width, height = self.x.geometry(window)[2:]
        self.x.click(window, width // 2, height // 2)  # grabs, in some
        self.guest.expect_key(lambda: self.x.key('q'), name)
        steps = [7, -5]

        def move():
            steps.reverse()
            self.x.do('mousemove_relative', '--', steps[0], steps[0])
        self.guest.expect_motion(move, name)
        if name in UNGRAB:
            self.x.key(UNGRAB[name])

    def test_all(self):
        self.show_text()
        self.guest = GuestInput(self.m)
        self.attach('gtk')
        self.attach('sdl')
        port = re.search(r'127\.0\.0\.1:(\d+)', self.m.hmp.command('info vnc')).group(1)
        end_vnc = self.open_viewer('vnc', 'xtigervncviewer', '-RemoteResize=0', '-NoJPEG=1',
                                   '127.0.0.1::' + port)
        end_spice = self.open_viewer('spice', 'remote-viewer', 'spice+unix://%s/spice' % self.dir)
        self.open_terminal()
        self.assert_all_same()
        self.assert_terminal_same()
        for name in self.windows:
            with self.subTest(name):
                self.use(name)
        self.guest.expect_key(lambda: self.tmux('send-keys', '-t', '0', 'q'), 'the terminal')
        places = ['20;10', '24;12']

        def move():
            places.reverse()
            self.tmux('send-keys', '-t', '0', '-l', '\x1b[<35;%sM' % places[0])
        self.guest.expect_motion(move, 'the terminal')
        self.show_graphics()
        self.assert_all_same()
        wait(lambda: '640x480' in self.pane(), 'the mode in the terminal', 20)
        self.leave(end_vnc, end_spice)

    def leave(self, end_vnc, end_spice):
        """One after the other, the machine and the rest unharmed."""
        for name, end in (('vnc', end_vnc), ('spice', end_spice)):
            end()
            del self.windows[name]
            self.assert_all_same()
        wait(lambda: 'Client: none' in self.m.hmp.command('info vnc'), 'no VNC viewer', 20)
        self.m.hmp.command('display_del terminal')
        for name in 'sdl', 'gtk':
            self.assert_same(name)
            self.m.hmp.command('display_del ' + name)
            del self.windows[name]
        self.assertEqual(re.findall(r'^frontend (\S+):', self.m.hmp.command('info display'), re.M),
                         ['vnc', 'spice'])
        self.assertNotIn(': active', self.m.hmp.command('info display'))  # nobody looks


if __name__ == '__main__':
    tap.main()
