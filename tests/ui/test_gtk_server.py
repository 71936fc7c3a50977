#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The GTK window when the X server hangs (SIGSTOP) and is not to be waited for: closing it, and GTK
itself asking the server. Windows that come back, and killed servers, are in test_gtk.py."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from fakemachine import wait  # noqa: E402
from fakewindow import WindowCase  # noqa: E402
from gtkwindow import MODULE  # noqa: E402


class ServerTest(WindowCase):
    module = MODULE
    env = {'XDG_RUNTIME_DIR': '/tmp'}
    patience = 15

    def setUp(self):
        super().setUp()
        self.start()

    def hang(self):
        time.sleep(1)  # it is asked nothing any more
        os.kill(self.x.server.pid, signal.SIGSTOP)

    def behind(self):
        """The window knows, and needs no pictures."""
        self.fake.send('play square')
        asked = time.monotonic()
        wait(lambda: self.fake.stats()['active'] == 0, 'a server that is behind')
        self.assertLess(time.monotonic() - asked, 3)

    def answers(self, seconds):
        """The machine does."""
        asked = time.monotonic()
        self.fake.send('stats')
        self.fake.expect('stats (.*)', seconds)
        return time.monotonic() - asked

    def comes_back(self):
        """The window has gone, and another one can be opened."""
        os.kill(self.x.server.pid, signal.SIGCONT)
        self.x.gone(self.window)
        self.fake.send('open display=' + self.x.display)
        self.fake.expect('opened', 30)
        self.window = self.x.window('fake')
        self.x.key('a')
        self.fake.expect('key 30 1')

    def test_closed(self):
        self.hang()
        self.behind()
        self.fake.send('close')
        self.assertLess(self.answers(10), 1)
        self.comes_back()

    def test_closed_unnoticed(self):
        """GTK waits for the server when it closes: not for ever."""
        self.hang()
        self.fake.send('close')
        self.assertLess(self.answers(20), 8)
        self.comes_back()

    def test_ends(self):
        self.hang()
        self.behind()
        self.fake.send('quit')
        self.fake.process.wait(5)

    def test_waiting_is_bounded(self):
        """One more window, for which GTK asks the server."""
        self.hang()
        self.fake.send('open display=' + self.x.display)
        self.fake.expect('opened', 20)
        self.assertLess(self.answers(20), 8)
        wait(lambda: self.fake.stats()['listeners'] == 0, 'frontends that have gone', 20)
        self.warning = 'display server has gone'


if __name__ == '__main__':
    tap.main()
