#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's SPICE viewers - remote-viewer, spicy, spicy-screenshot - against `screendump`,
and the demonstration disk seen and driven through one. The machine runs under qtest, the disk
under whatever accelerator there is."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import tap  # noqa: E402
import xserver  # noqa: E402
from guestinput import GuestInput  # noqa: E402
from screen import find, wait  # noqa: E402
from served_machine import LFB, ServedCase  # noqa: E402



def missing(*programs):
    absent = [name for name in programs if not shutil.which(name)]
    return 'not installed: ' + ', '.join(absent) if absent else None


class ViewerTest(ServedCase):
    def environment(self, x=None):
        return {**os.environ, **(x.env if x else {}), 'HOME': self.m.dir,
                'XDG_RUNTIME_DIR': self.m.dir, 'XDG_CACHE_HOME': self.m.dir, 'LC_ALL': 'C.UTF-8'}


@unittest.skipIf(missing('spicy-screenshot'), missing('spicy-screenshot'))
class Screenshots(ViewerTest):
    """What the client library of all viewers decodes."""

    def screenshot(self, *words):
        """Its picture, or None if it was not let in."""
        path = self.m.path('shot.ppm')
        if os.path.exists(path):
            os.unlink(path)
        done = subprocess.run(['spicy-screenshot', '--out-file=' + path, *words], timeout=30,
                              env=self.environment(), capture_output=True)
        self.said = (done.stdout + done.stderr).decode('utf-8', 'replace')
        return image.read(path) if os.path.exists(path) else None

    def assert_same(self, *words):
        shot, dump = self.screenshot(*words), self.screen.dump()
        self.assertIsNotNone(shot, self.said)
        self.assertEqual((shot.width, shot.height), (dump.width, dump.height))
        self.assertTrue(shot.rgb == dump.rgb, 'the pictures differ')

    def test_compressions(self):
        for name in ('auto_glz', 'auto_lz', 'quic', 'glz', 'lz', 'lz4', 'off'):
            with self.subTest(name):
                with socket.socket() as probe:
                    probe.bind(('127.0.0.1', 0))
                    port = probe.getsockname()[1]
                # Over a unix socket spice-server compresses nothing.
                self.serve('-spice',
                           'port=%d,disable-ticketing=on,image-compression=%s' % (port, name))
                self.show_picture()
                self.assert_same('--host=127.0.0.1', '--port=%d' % port)
                self.assertEqual(self.m.quit(), 0)
                self.assertEqual(self.m.stderr(), '')

    def test_password(self):
        self.serve('-spice', 'unix=on,addr=spice,password=secret')
        uri = '--uri=spice+unix://' + self.m.path('spice')
        self.assert_same(uri, '--password=secret')
        self.assertIsNone(self.screenshot(uri, '--password=other'))
        self.m.hmp.command('expire_password spice now')
        self.assertIsNone(self.screenshot(uri, '--password=secret'))


@unittest.skipIf(xserver.missing(), xserver.missing())
class Windows(ViewerTest):
    VIEWERS = {
        'remote-viewer': (['spice+unix://{path}'], 'Vitrine'),
        'spicy': (['--uri=spice+unix://{path}'], 'spice'),
    }

    def open_viewer(self, x, name):
        words, title = self.VIEWERS[name]
        command = [name] + [word.format(path=self.m.path('spice')) for word in words]
        with open(self.m.path('viewer.log'), 'wb') as log:
            process = subprocess.Popen(command, env=self.environment(x), stdout=log, stderr=log)

        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)
        return process, x.window(title, 60)

    def assert_shown(self, x, window, what):
        wait(lambda: find(x.picture(window), self.screen.dump()), what, 40)

    def show(self, x, name):
        self.show_picture(640, 480, 5)
        process, window = self.open_viewer(x, name)
        self.assert_shown(x, window, 'the picture in ' + name)
        self.m.qtest.memset(LFB + 10 * 640 * 4, 64, random.randrange(256))
        self.assert_shown(x, window, 'the change in ' + name)
        self.use(x, window, name)
        if name == 'remote-viewer':  # whose window follows the size; spicy scales
            self.show_picture(1024, 768, 6)
            self.assert_shown(x, window, 'another mode in ' + name)
        process.kill()
        wait(lambda: 'Channels: none' in self.m.hmp.command('info spice'), 'a killed viewer leaves')

    def use(self, x, window, name):
        """A key typed and the pointer moved, which the guest gets."""
        guest = GuestInput(self.m)
        width, height = x.geometry(window)[2:]
        x.focus(window)
        x.click(window, width // 2, height // 2)  # takes keyboard and mouse
        guest.expect_key(lambda: x.key('q'), name)
        steps = [7, -5]

        def move():
            steps.reverse()
            x.do('mousemove_relative', '--', steps[0], steps[0])
        guest.expect_motion(move, name)

    def test_show_the_same(self):
        for name in self.VIEWERS:
            if missing(name):
                continue
            with self.subTest(name), xserver.XServer() as x:
                self.serve('-spice', 'unix=on,addr=spice')
                self.show(x, name)
                self.assertEqual(self.m.quit(), 0)

    @unittest.skipIf(missing('remote-viewer'), missing('remote-viewer'))
    def test_demonstration_disk(self):
        """Text, a typed key, the mouse, and 1024x768 in true colour."""
        self.serve('-spice', 'unix=on,addr=spice', '-m', '64', accel=None)
        self.screen.wait_text('Type something')
        x = self.enterContext(xserver.XServer())
        process, window = self.open_viewer(x, 'remote-viewer')
        wait(lambda: 'channel name: inputs' in self.m.hmp.command('info spice'), 'inputs', 30)
        time.sleep(1)
        geometry = x.geometry(window)
        x.click(window, geometry[2] // 2, geometry[3] // 2)  # takes keyboard and mouse
        x.type('spice')
        wait(lambda: any('spice' in row for row in self.screen.rows()), 'what was typed', 20)
        before = [row for row in self.screen.rows() if 'Mouse' in row]

        def moved():
            x.do('mousemove_relative', '--', 7, 5)
            return [row for row in self.screen.rows() if 'Mouse' in row] != before
        wait(moved, 'the mouse moves', 20)
        x.key('Tab')
        wait(lambda: self.screen.dump().width == 1024, '1024x768', 20)
        wait(lambda: x.picture(window).width >= 1024, 'the window follows', 20)
        process.kill()
        wait(lambda: 'Channels: none' in self.m.hmp.command('info spice'), 'a killed viewer leaves')
        self.assertTrue(self.m.running())


if __name__ == '__main__':
    tap.main()
