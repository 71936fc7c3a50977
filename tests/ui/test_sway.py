#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows in sway: who gets the compositor's shortcuts, and a relative pointer."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
import wayland  # noqa: E402
from fakemachine import FakeMachine, wait  # noqa: E402
from machine import ROOT  # noqa: E402

MISSING = wayland.missing()


class SwayCase(unittest.TestCase):
    """The tests of both frontends; `grabbed` is what theirs call a grab."""
    module = grabbed = None

    def start(self, options=''):
        self.sway = wayland.Sway('bindsym Mod4+x exec touch pressed').__enter__()
        self.addCleanup(self.sway.stop)
        self.hands = self.sway.hands()
        self.fake = FakeMachine(self.module, self.sway.env, options)
        self.addCleanup(self.stop)
        self.fake.expect('ready', 30)
        wait(lambda: '"app_id": "' in self.sway.message('-t', 'get_tree', '-r'), 'the window')
        time.sleep(0.5)
        self.fake.lines()
        return self.fake

    def stop(self):
        error = self.fake.stop()
        self.assertEqual(self.fake.process.returncode, 0, error)
        self.assertNotIn('CRITICAL', error)

    def settle(self):
        time.sleep(0.3)

    def has_grab(self, text):
        wait(lambda: 'grab: %s;' % text in self.fake.info(), 'grab: ' + text)

    def shortcut(self):
        """Presses the compositor's shortcut; who has got it?"""
        path = self.sway.folder + '/pressed'
        self.hands.key('logo', 'x')
        lines = self.fake.lines(0.5)
        heard = ['guest'] if 'key 45 1' in lines and 'key 45 0' in lines else []
        if os.path.exists(path):
            os.unlink(path)
            heard.append('sway')
        return ' and '.join(heard)

    def shortcut_goes_to(self, name):
        wait(lambda: self.shortcut() == name, 'Mod4+x for ' + name)

    def test_shortcuts(self):
        self.start()
        self.shortcut_goes_to('sway')
        for _ in range(2):
            self.hands.key('ctrl', 'alt', 'g')
            self.has_grab(self.grabbed)
            self.shortcut_goes_to('guest')
            self.hands.key('ctrl', 'alt', 'g')
            self.has_grab('none')
            self.shortcut_goes_to('sway')

    def moved(self, count, x, y):
        for _ in range(count):
            self.hands.move(x, y)
        words = [line.split() for line in self.fake.lines(0.5)]
        self.assertEqual([w for w in words if w[0] == 'abs'], [])
        return [sum(int(w[2]) for w in words if w[:2] == ['rel', axis]) for axis in '01']

    def test_relative_pointer(self):
        self.start()
        self.hands.place(500, 400, *self.sway.SIZE)
        self.assertEqual(self.moved(2, 5, 5), [0, 0])
        self.hands.click()  # this click only grabs
        self.has_grab(self.grabbed)
        self.settle()
        self.assertEqual(self.fake.lines(), [])
        # Much further than the output is wide: the pointer stands still.
        self.assertEqual(self.moved(80, 30, -20), [2400, -1600])
        self.hands.click('right')
        self.fake.expect('button 273 1')
        self.fake.expect('button 273 0')
        self.hands.key('ctrl', 'alt', 'g')
        self.has_grab('none')
        self.settle()
        self.fake.lines()
        self.assertEqual(self.moved(3, 5, 5), [0, 0])

    def test_pointer_mode_changes(self):
        self.start()
        self.hands.place(500, 400, *self.sway.SIZE)
        self.fake.send('abs on')
        self.settle()
        self.hands.key('ctrl', 'alt', 'g')
        self.has_grab(self.grabbed)
        self.fake.send('abs off')  # a machine that is reset, say
        self.settle()
        self.fake.lines()
        self.assertEqual(self.moved(60, -30, 0), [-1800, 0])
        self.fake.send('abs on')
        self.has_grab('none')
        self.settle()  # the compositor may learn of it after us
        self.hands.place(400, 300, *self.sway.SIZE)
        self.fake.expect(r'abs 0 \d+')

    def test_killed_while_grabbed(self):
        self.start()
        self.hands.place(500, 400, *self.sway.SIZE)
        self.hands.press(True, 'a')
        self.fake.expect('key 30 1')
        self.hands.click()
        self.has_grab(self.grabbed)
        self.sway.process.kill()
        self.fake.expect('key 30 0')  # no key stays down
        wait(lambda: self.fake.stats()['active'] == 0, 'a closed frontend')


@unittest.skipIf(MISSING, MISSING)
@unittest.skipUnless(os.environ.get('VITRINE_GTK', 'default'), 'built without GTK')
class GtkTest(SwayCase):
    module = os.environ.get('VITRINE_GTK', ROOT + '/build/ui/gtk/libvitrine-ui-gtk.so')
    grabbed = 'keyboard and pointer'

    def test_shortcuts_on_hover(self):
        self.start('grab-on-hover=on')
        self.fake.send('abs on')
        self.hands.place(500, 400, *self.sway.SIZE)
        self.hands.move(1, 1)
        self.has_grab('keyboard (hover)')
        self.shortcut_goes_to('guest')
        self.hands.place(500, 5, *self.sway.SIZE)  # the menubar
        self.has_grab('none')
        self.shortcut_goes_to('sway')


@unittest.skipIf(MISSING, MISSING)
@unittest.skipUnless(os.environ.get('VITRINE_SDL', 'default'), 'built without SDL')
class SdlTest(SwayCase):
    module = os.environ.get('VITRINE_SDL', ROOT + '/build/ui/sdl/libvitrine-ui-sdl.so')
    grabbed = 'VGA'


del SwayCase  # no tests of its own


if __name__ == '__main__':
    tap.main()
