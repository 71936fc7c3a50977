#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_gtk.py and test_gtk_menus.py leave of the GTK window's menus and keys: every entry
chosen with the pointer and the arrow keys, as people do, and what comes of it."""
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import tap  # noqa: E402
import vga  # noqa: E402
import xserver  # noqa: E402
from fakemachine import wait  # noqa: E402
from gtkwindow import WindowCase  # noqa: E402
from machine import Machine  # noqa: E402

MACHINE, MEDIA, INPUT, VIEW, HELP = 30, 90, 140, 185, 235  # where the menubar has them
READCLIP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib', 'readclip.py')


def clipboard(x, *words):
    """Of the X server: its text, or None; with a file's name its picture goes there."""
    done = subprocess.run(['/usr/bin/python3', READCLIP, *words], env={**os.environ, **x.env},
                          capture_output=True, timeout=20)
    return done.stdout.decode() if done.returncode == 0 else None


class EntryTest(WindowCase):
    def submenu(self, x, row, inner):
        """The inner-th entry of the submenu at `row`."""
        self.x.click(self.window, x, 12)
        self.settle()
        self.x.key(*['Down'] * row, 'Right')
        self.settle()
        self.x.key(*['Down'] * (inner - 1), 'Return')

    def test_picture_to_clipboard(self):
        self.start()
        self.open_menu(MACHINE, 5)
        with tempfile.TemporaryDirectory() as folder:
            path = folder + '/picture.png'
            wait(lambda: clipboard(self.x, path) is not None, 'a picture in the clipboard', 20)
            self.assertIsNone(self.fake.dump().difference(image.read(path)))
        self.settle()
        self.assertIn('The picture is in the clipboard', self.fake.info())

    def test_no_text_in_graphics(self):
        """The entry for text cannot be chosen: the sixth is the one behind it."""
        fake = self.start()
        self.open_menu(MACHINE, 6)
        wait(lambda: fake.stats()['active'] == 0, 'a window that went to the background')

    def test_closed_while_grabbed(self):
        """By the monitor, say; and it opens again."""
        fake = self.start()
        left, top = self.place()[:2]
        self.x.click(self.window, left + 300, top + 200)
        self.has_title('fake - Vitrine - Press Ctrl+Alt+G to release grab')
        fake.send('close')
        wait(lambda: not self.is_there('fake - Vitrine'), 'a closed window')
        self.settle()
        self.assertEqual(fake.stats()['active'], 0)

    def test_grab_and_hover(self):
        self.start()
        self.open_menu(INPUT, 3)
        self.has_title('fake - Vitrine - Press Ctrl+Alt+G to release grab')
        self.x.key('ctrl+alt+g')
        self.has_title('fake - Vitrine')
        self.open_menu(INPUT, 4)
        left, top = self.place()[:2]
        self.x.do('mousemove', 1270, 1010)
        self.settle()
        self.x.do('mousemove', '--window', self.window, left + 300, top + 200)
        wait(lambda: 'grab: keyboard' in self.fake.info() or 'grab: hover' in self.fake.info(),
             'a grab by hovering, it is ' + self.fake.info())

    def test_release_key(self):
        self.start()
        self.submenu(INPUT, 5, 2)
        self.settle()
        self.x.do('keydown', 'ctrl', 'keydown', 'alt', 'keyup', 'alt', 'keyup', 'ctrl')
        self.has_title('fake - Vitrine - Press Ctrl+Alt to release grab')

    def test_kept_key(self):
        fake = self.start()
        self.x.key('F10')
        fake.expect('key 68 0')
        self.submenu(INPUT, 6, 6)
        self.settle()
        fake.lines()
        self.x.key('F10')  # opens the menubar's first menu
        self.assertEqual(fake.lines(), [])
        self.x.key('Escape')

    def test_all_keys_to_send(self):
        """Each of Send Keys' entries presses something and lets go of all."""
        fake = self.start()
        for entry in range(1, 25):
            self.submenu(INPUT, 1, entry)
            held, pressed = set(), 0
            for line in fake.lines(0.6):
                kind, code, value = line.split()
                self.assertEqual(kind, 'key')
                if value == '1':
                    held.add(code)
                    pressed += 1
                else:
                    held.discard(code)
            self.assertEqual((held, pressed > 0), (set(), True), 'entry %d' % entry)

    def test_zoom(self):
        self.start('show-statusbar=off')
        bar = self.x.geometry(self.window)[3] - 480
        self.open_menu(VIEW, 2)
        self.has_size(800, 600 + bar)
        self.open_menu(VIEW, 3)
        self.has_size(640, 480 + bar)
        self.x.key('ctrl+alt+equal')  # Ctrl+Alt+plus of the keypad is X's own
        self.has_size(800, 600 + bar)
        self.open_menu(VIEW, 4)
        self.has_size(640, 480 + bar)
        self.open_menu(VIEW, 5)  # fits from now on
        self.x.do('windowsize', self.window, 1200, 960 + bar)
        wait(lambda: self.place()[2:] == (1200, 900), 'the picture in the window\'s size')
        self.open_menu(VIEW, 6)
        wait(lambda: self.place()[2:] == (640, 480), 'a whole factor')

    def test_tabs_and_list(self):
        fake = self.start()
        height = self.x.geometry(self.window)[3]
        self.open_menu(VIEW, 7)
        wait(lambda: self.x.geometry(self.window)[3] > height, 'the tabs')
        self.open_menu(VIEW, 12)  # the second console
        wait(lambda: fake.stats()['active'] == 0, 'the screen behind')
        fake.lines()
        self.x.type('w')
        fake.expect('typed w')
        self.x.key('ctrl+alt+1')
        wait(lambda: fake.stats()['active'] == 1, 'the screen in front')

    def test_copy_and_paste(self):
        """Of a console, by the View menu."""
        fake = self.start()
        self.x.key('ctrl+alt+2')
        self.settle()
        self.x.do('mousemove', '--window', self.window, 30, 40, 'click', '--repeat', 2,
                  '--delay', 80, 1)
        self.open_menu(VIEW, 2)
        wait(lambda: clipboard(self.x) == 'Vitrine', 'a word in the clipboard', 20)
        fake.lines()
        self.open_menu(VIEW, 3)
        for letter in 'Vitrine':
            fake.expect('typed ' + letter)

    def test_help(self):
        self.start()
        for row, title in ((1, 'Keyboard Shortcuts'), (2, 'About Vitrine')):
            self.open_menu(HELP, row)
            self.x.window(title)
            self.x.key('Escape')
            wait(lambda: not self.is_there(title), title + ' closed')
            self.x.focus(self.window)

    def is_there(self, title):
        try:
            return self.x.do('search', '--onlyvisible', '--name', title)
        except subprocess.CalledProcessError:
            return ''


@unittest.skipIf(xserver.missing(), xserver.missing())
class TextTest(unittest.TestCase):
    def test_text_to_clipboard(self):
        x = self.enterContext(xserver.XServer())
        m = Machine('-name', 'words', accel='qtest', display='gtk', env=x.env)
        self.addCleanup(m.stop)
        m.start()
        window = x.window('words')
        card = vga.Vga(m.qtest)
        card.set_mode('text')
        card.ega_palette()
        card.load_font()
        m.qtest.memset(0xb8000, 4000, 0)
        card.text(2, 1, 'Grüße')
        wait(lambda: 'Gr' in m.hmp.command('screen_text'), 'the text')
        x.click(window, MACHINE, 12)
        time.sleep(0.4)
        x.key(*['Down'] * 6, 'Return')
        wait(lambda: (clipboard(x) or '').split('\n')[1:2] == ['  Grüße'],
             'the text in the clipboard', 20)


if __name__ == '__main__':
    tap.main()
