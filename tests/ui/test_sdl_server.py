#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SDL's windows when the X server hangs (SIGSTOP) or dies: the machine goes on, and the window
comes back where it can."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
import xserver  # noqa: E402
from fakemachine import wait  # noqa: E402
from fakewindow import WindowCase  # noqa: E402
from machine import ROOT  # noqa: E402

MODULE = os.environ.get('VITRINE_SDL', ROOT + '/build/ui/sdl/libvitrine-ui-sdl.so')


class ServerTest(WindowCase):
    module = MODULE
    env = {'SDL_VIDEODRIVER': '', 'XDG_RUNTIME_DIR': '/tmp'}
    patience = 15

    def setUp(self):
        super().setUp()
        self.start()

    def hang(self):
        os.kill(self.x.server.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.x.server.pid, signal.SIGCONT)

    def answers(self, seconds=1):
        """The machine does, at once; returns its statistics."""
        asked = time.monotonic()
        stats = self.fake.stats()
        self.assertLess(time.monotonic() - asked, seconds)
        return stats

    def hang_while(self, *commands):
        """The machine answers all the time, and nobody looks."""
        for command in commands:
            self.fake.send(command)
        time.sleep(0.5)
        self.hang()
        end = time.monotonic() + 4
        while time.monotonic() < end:
            self.answers()
            time.sleep(0.1)
        self.assertEqual(self.answers()['active'], 0)
        self.assertEqual(self.answers()['clock'], 0)

    def same_picture(self):
        return self.fake.dump().difference(self.x.picture(self.window)) is None

    def test_hangs(self):
        self.hang_while('mode 800 600', 'play full')
        spent = self.answers()['cpu_us']
        scans = self.answers()['scans']
        time.sleep(1)
        self.assertLess(self.answers()['cpu_us'] - spent, 20000)  # nothing runs
        self.assertEqual(self.answers()['scans'], scans)
        self.fake.send('mode 640 400')  # nobody sees that now
        self.go_on()
        wait(lambda: self.fake.stats()['active'] == 1, 'a window that goes on')
        self.fake.send('play still')
        wait(lambda: self.x.geometry(self.window)[2:] == (640, 400), 'the size of the picture')
        wait(self.same_picture, 'the picture')
        self.x.key('a')
        self.fake.expect('key 30 1')

    def test_still_while_it_hangs(self):
        """Nothing is drawn: what is wanted then waits for the server, and nobody else does."""
        self.hang()
        self.fake.send('pause')  # the title changes
        self.fake.send('cursor 16 16')
        self.fake.send('mode 320 200')
        for _ in range(20):
            self.answers()
            time.sleep(0.05)
        self.fake.send('cont')
        self.fake.send('cursor off')
        self.go_on()
        wait(lambda: self.x.geometry(self.window)[2:] == (320, 200), 'the size of the picture')
        wait(self.same_picture, 'the picture')
        self.assertEqual(self.x.title(self.window), 'fake - Vitrine')

    def test_closed_while_it_hangs(self):
        self.hang_while('play square')
        self.fake.send('close')
        self.answers(3)
        self.go_on()
        self.x.gone(self.window)
        self.fake.send('open full-screen=off')  # and again
        self.fake.expect('opened', 30)
        self.window = self.x.window('fake')
        self.fake.send('play still')
        self.answers()
        wait(self.same_picture, 'the picture')

    def test_closed_while_it_hangs_unnoticed(self):
        self.hang()
        self.fake.send('close')
        self.answers(4)
        self.go_on()
        self.x.gone(self.window)

    def test_ends_while_it_hangs(self):
        self.hang_while('play full')
        self.fake.send('quit')
        self.fake.process.wait(5)

    def test_killed_while_it_hangs(self):
        self.hang_while('play full')
        self.x.server.kill()
        wait(lambda: self.answers()['listeners'] == 0, 'a closed frontend')
        self.warning = 'display server has gone'

    def test_killed(self):
        for play in 'still', 'square', 'full':
            with self.subTest(play):
                self.fake.send('play ' + play)
                self.x.do('keydown', 'b')
                self.fake.expect('key 48 1')
                self.x.server.kill()
                self.fake.expect('key 48 0')
                wait(lambda: self.answers()['listeners'] == 0, 'a closed frontend')
                self.x = xserver.XServer().__enter__()
                self.addCleanup(self.x.stop)
                self.fake.send('open display=' + self.x.display)
                self.fake.expect('opened', 30)
                self.window = self.x.window('fake')
                self.fake.send('play still')
                self.answers()
                wait(self.same_picture, 'the picture on another server')


if __name__ == '__main__':
    tap.main()
