#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files dragged from another program's window and dropped on the GTK window, under Xvfb."""
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
import xserver  # noqa: E402
from fakemachine import wait  # noqa: E402
from machine import Machine  # noqa: E402

PYTHON = '/usr/bin/python3'
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib', 'dragsource.py')


def missing():
    has_gi = shutil.which(PYTHON) and subprocess.run(
        [PYTHON, '-c', 'import gi; gi.require_version("Gtk", "3.0")'], check=False,
        stderr=subprocess.DEVNULL).returncode == 0
    return xserver.missing() or (None if has_gi else 'not installed: python3-gi, gir1.2-gtk-3.0')


MISSING = missing()


@unittest.skipIf(MISSING, MISSING)
class DropTest(unittest.TestCase):
    def start(self, *options):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)
        self.m = Machine('-name', 'drop', *options, accel='qtest', display='gtk')
        self.addCleanup(self.m.stop)
        env = {**self.x.env, 'XDG_DATA_HOME': self.m.path('data'), 'TMPDIR': self.m.dir}
        self.m.env = env
        self.m.start()
        self.window = self.x.window('drop')
        self.x.do('windowmove', self.window, 300, 100)

    def drag(self, *uris):
        """Drags these from another window onto the picture."""
        source = subprocess.Popen([PYTHON, SOURCE, *uris], env={**os.environ, **self.x.env},
                                  stdout=subprocess.PIPE, text=True)
        with source:
            try:
                self.assertEqual(source.stdout.readline(), 'ready\n')
                self.carry()
                self.assertEqual(source.stdout.readline(), 'dropped\n')
            finally:
                source.kill()

    def carry(self):
        window = self.x.window('files')
        self.x.do('windowmove', window, 0, 0)
        time.sleep(0.3)
        self.x.do('mousemove', '--window', window, 60, 40)
        self.x.do('mousedown', 1)
        for x, y in ((80, 60), (150, 150), (400, 300), (500, 350), (502, 352)):
            self.x.do('mousemove', x, y)
            time.sleep(0.15)
        self.x.do('mouseup', 1)

    def file(self, name, data=b'text\n'):
        return 'file://' + self.m.file(name, data)

    def iso(self, name):
        data = bytearray(64 * 1024)
        data[0x8000:0x8006] = b'\1CD001'  # a volume descriptor (ECMA-119, 8)
        return self.file(name, bytes(data))

    def block(self):
        return self.m.hmp.command('info block')

    def says(self, text):
        wait(lambda: text in self.m.hmp.command('info gtk'), 'the message ' + text + ': ' +
             self.m.hmp.command('info gtk'))

    def test_iso(self):
        self.start('-drive', 'if=ide,index=2,media=cdrom,id=cd')
        self.assertIn('not inserted', self.block())
        self.drag(self.iso('disc%20one.img').replace('%', '%25'))
        wait(lambda: 'disc%20one.img' in self.block(), 'the disc in the drive: ' + self.block())
        self.says('message: disc%20one.img is in cd now')

    def test_replaces_a_disc(self):
        self.start('-drive', 'if=ide,index=2,media=cdrom,id=cd')
        for name in 'one.iso', 'two.iso':
            self.drag(self.iso(name))
            wait(lambda: name in self.block(), name + ' in the drive')

    def listed(self):
        """What is on the disc in the drive, read from the machine's own open file."""
        fds = '/proc/%d/fd/' % self.m.pid
        path = next(fds + fd for fd in os.listdir(fds)
                    if os.readlink(fds + fd).endswith('.iso (deleted)'))
        return subprocess.run(['xorriso', '-indev', 'stdio:' + path, '-find', '/', '-type', 'f'],
                              check=True, capture_output=True, text=True).stdout

    @unittest.skipUnless(shutil.which('xorriso'), 'not installed: xorriso')
    def test_other_files(self):
        self.start('-drive', 'if=ide,index=2,media=cdrom,id=cd')
        os.makedirs(self.m.path('folder/inner'))
        self.file('folder/inner/deep file.txt')
        self.drag(self.file('a=b.txt', b'first'), 'file://' + self.m.path('folder'))
        self.says('A CD with the files is in cd now')
        self.assertNotIn('not inserted', self.block())
        self.assertEqual(sorted(self.listed().split('\n')),
                         ['', "'/a=b.txt'", "'/folder/inner/deep file.txt'"])
        self.assertEqual([n for n in os.listdir(self.m.dir) if n.startswith('vitrine-')], [])

    def test_same_names(self):
        self.start('-drive', 'if=ide,index=2,media=cdrom,id=cd')
        os.mkdir(self.m.path('other'))
        self.drag(self.file('a.txt'), self.file('other/a.txt'))
        self.says('No CD image could be made of the files: a.txt: ')
        self.assertIn('not inserted', self.block())

    def test_no_drive(self):
        self.start('-nodefaults', '-vga', 'std')
        self.drag(self.iso('disc.iso'))
        self.says('This machine has no CD drive')

    def test_not_a_file_here(self):
        self.start('-drive', 'if=ide,index=2,media=cdrom,id=cd')
        self.drag('https://example.org/disc.iso')
        self.says('Only files of this computer')
        self.drag('file:///nowhere/disc.iso')
        self.says('No such file or directory')
        self.assertIn('not inserted', self.block())

    def sockets(self):
        fds = '/proc/%d/fd/' % self.m.pid
        return sum(os.readlink(fds + fd).startswith('socket:') for fd in os.listdir(fds))

    def close(self):
        self.m.hmp.command('display_del gtk')
        self.x.gone(self.window)

    def test_closed_afterwards(self):
        """What GTK keeps for another drop does not keep the connection."""
        self.start('-nodefaults', '-vga', 'std')
        self.close()
        time.sleep(0.5)
        without = self.sockets()
        self.assertEqual(self.m.hmp.command('display_add gtk'), 'gtk')
        self.window = self.x.window('drop')
        self.x.do('windowmove', self.window, 300, 100)
        self.drag('https://example.org/disc.iso')
        self.says('Only files of this computer')
        self.close()
        wait(lambda: self.sockets() == without, 'a closed connection')


if __name__ == '__main__':
    tap.main()
