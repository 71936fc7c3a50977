# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine without a guest (qtest), with a VNC server and a picture to look at."""

import rfb
from screen import wait
from served_machine import ServedCase

WIDTH, HEIGHT = 640, 480  # of the picture


class VncTest(ServedCase):
    def start(self, *options, picture=False, **more):
        """A machine with a VNC server on the unix socket m.path('vnc')."""
        self.serve('-vnc', ','.join(('unix:vnc', *options)), **more)
        self.address = self.m.path('vnc')
        if picture:
            self.show_picture()

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
