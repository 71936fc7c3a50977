# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual X server for tests of windows: started on a free display, driven with xdotool, its
windows read with xwd.

    with XServer() as x:
        w = x.window('Vitrine')
        x.key('ctrl+alt+g')
        picture = x.picture(w)      # an image.Image
"""

import os
import shutil
import struct
import subprocess
import time

from image import Image

READY = 'VITRINE_TEST_READY'  # a property of the root window
NEEDED = ('Xvfb', 'xdotool', 'xwd', 'xprop', 'openbox')


def missing(*others):
    """What is not installed, as a reason to skip; None if all is there."""
    absent = [name for name in NEEDED + others if not shutil.which(name)]
    return 'not installed: ' + ', '.join(absent) if absent else None


def read_xwd(data):
    """A window dump of 24 or 32 bits a pixel (X11's XWDFile.h, version 7)."""
    head = struct.unpack('>25I', data[:100])
    size, version, width, height, order = head[0], head[1], head[4], head[5], head[7]
    stride, colors = head[12], head[19]
    # Of windows that overlap others xwd says 24 bits a pixel, but stores 32.
    if version != 7 or stride != width * 4 or order != 0:
        raise ValueError('a window dump we do not know: %r' % (head,))
    start = size + colors * 12
    out = bytearray(width * height * 3)
    for y in range(height):
        row = data[start + y * stride:start + y * stride + width * 4]
        for channel in range(3):
            out[y * width * 3 + channel:(y + 1) * width * 3:3] = row[2 - channel::4]
    return Image(width, height, bytes(out))


class XServer:
    def __init__(self, size='1280x1024x24', options=()):
        self.size = size
        self.options = options
        self.server = self.manager = None

    def __enter__(self):
        read, write = os.pipe()
        # Without -noreset it starts anew when xprop goes before openbox has come.
        self.server = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write), '-screen', '0', self.size, '-nolisten', 'tcp',
             '-noreset', *self.options],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            self.stop()
            raise RuntimeError('Xvfb did not start')
        self.display = ':' + number
        # XTEST's keys must have evdev's codes, whatever session the test runs in.
        self.env = {'DISPLAY': self.display, 'GDK_BACKEND': 'x11', 'NO_AT_BRIDGE': '1',
                    'WAYLAND_DISPLAY': '', 'GTK_THEME': '', 'XDG_CONFIG_HOME': '/proc/nonexistent'}
        self.manager = subprocess.Popen(
            ['openbox', '--startup', f'xprop -root -f {READY} 8s -set {READY} yes'],
            env={**os.environ, **self.env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_for_manager()
        return self

    def wait_for_manager(self, timeout=30):
        """A window that is mapped while the window manager starts may never be managed by it.
        It has started when it runs the command that it was given."""
        end = time.monotonic() + timeout
        while b'yes' not in self.run('xprop', '-root', READY):
            if time.monotonic() > end:
                self.stop()
                raise RuntimeError('openbox did not start')
            time.sleep(0.05)

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        for process in (self.manager, self.server):
            if process and process.poll() is None:
                process.kill()
            if process:
                process.wait()

    def run(self, *command):
        return subprocess.run(command, env={**os.environ, **self.env}, check=True,
                              capture_output=True, timeout=20).stdout

    def do(self, *words):
        return self.run('xdotool', *(str(word) for word in words)).decode()

    def key(self, *keys):
        self.do('key', *keys)

    def type(self, text):
        self.do('type', '--delay', '15', text)

    def window(self, name, timeout=20):
        """The visible window whose title has `name`, once there is one and it has the focus."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                found = self.do('search', '--onlyvisible', '--name', name).split()
                if found and self.has_focus(found[0]):
                    return found[0]
            except subprocess.CalledProcessError:
                pass
            time.sleep(0.1)
        raise AssertionError('no window is called ' + name)

    def focus(self, window, timeout=20):
        """Raises the window and waits until keys go to it."""
        end = time.monotonic() + timeout
        while not self.has_focus(window):
            if time.monotonic() > end:
                raise AssertionError('the window does not take the focus')
            self.do('windowactivate', window)
            time.sleep(0.1)

    def gone(self, window, timeout=20):
        """Waits until there is no such window."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.run('xprop', '-id', window, 'WM_NAME')
            except subprocess.CalledProcessError:
                return
            if time.monotonic() > end:
                raise AssertionError('the window is still there')
            time.sleep(0.1)

    def has_focus(self, window):
        """Keys go to it, those for the window manager too: it hears of the focus a moment later."""
        try:
            return (self.do('getwindowfocus').strip() == window and
                    self.do('getactivewindow').strip() == window)
        except subprocess.CalledProcessError:  # no window has it
            return False

    def title(self, window):
        return self.do('getwindowname', window).strip()

    def geometry(self, window):
        """(x, y, width, height)"""
        lines = self.do('getwindowgeometry', '--shell', window).split()
        values = dict(line.split('=') for line in lines)
        return tuple(int(values[name]) for name in ('X', 'Y', 'WIDTH', 'HEIGHT'))

    def click(self, window, x, y, button=1):
        self.do('mousemove', '--window', window, x, y)
        self.do('click', button)

    def picture(self, window):
        return read_xwd(self.run('xwd', '-silent', '-id', window))
