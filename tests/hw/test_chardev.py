# SPDX-License-Identifier: GPL-2.0-or-later
"""Character devices of the whole program: waiting servers, the terminal, ports in use."""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import binary, run

QUIET = ('-machine', 'none', '-accel', 'qtest', '-display', 'none')


class Waiting(unittest.TestCase):
    """server=on without wait=off: nothing starts before somebody has come."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.path = os.path.join(self.dir.name, 's')
        self.process = subprocess.Popen(
            (binary(), *QUIET, '-serial', 'none', '-parallel', 'none', '-monitor',
             'unix:%s,server=on' % self.path), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.assertIn(b'waiting for a connection on unix:' + self.path.encode(),
                      self.process.stderr.readline())

    def test_connect(self):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(self.path)
            data = b''
            while b'(qemu) ' not in data and b'(vitrine) ' not in data:
                data += sock.recv(4096)
            sock.sendall(b'quit\n')
            self.assertEqual(self.process.wait(10), 0)
        self.assertFalse(os.path.exists(self.path))

    def test_signal(self):
        self.assertIsNone(self.process.poll())
        self.process.send_signal(signal.SIGTERM)
        self.assertNotEqual(self.process.wait(10), 0)
        self.assertFalse(os.path.exists(self.path), 'nothing is left behind')


class Terminal(unittest.TestCase):
    def start(self, *args):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        self.before = termios.tcgetattr(theirs)
        self.tty = theirs
        self.addCleanup(os.close, theirs)
        self.process = subprocess.Popen((binary(), *QUIET, *args), stdin=theirs, stdout=theirs,
                                        stderr=subprocess.DEVNULL)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        return ours

    def until(self, fd, text):
        data, end = b'', time.monotonic() + 10
        while text not in data:
            self.assertLess(time.monotonic(), end, data)
            if select.select([fd], [], [], 0.1)[0]:
                data += os.read(fd, 4096)
        return data

    def test_raw_and_back(self):
        fd = self.start('-monitor', 'stdio')
        self.until(fd, b') ')
        flags = termios.tcgetattr(self.tty)[3]
        self.assertFalse(flags & (termios.ECHO | termios.ICANON))
        self.assertTrue(flags & termios.ISIG)
        os.write(fd, b'info chardev\r')
        self.until(fd, b'stdio')
        os.write(fd, b'quit\r')
        self.assertEqual(self.process.wait(10), 0)
        self.assertEqual(termios.tcgetattr(self.tty), self.before)

    def test_signal_restores(self):
        fd = self.start('-chardev', 'stdio,id=c,signal=off', '-monitor', 'chardev:c')
        self.until(fd, b') ')
        self.assertFalse(termios.tcgetattr(self.tty)[3] & termios.ISIG)
        self.process.terminate()
        self.process.wait(10)
        self.assertEqual(termios.tcgetattr(self.tty), self.before)


class CommandLine(HwTest):
    args = None

    def refused(self, say, *options):
        status, _, err = run(*QUIET, *options)
        self.assertEqual(status, 1)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertIn(say, err)

    def test_bad(self):
        self.refused('/no/such/dir/x', '-serial', 'file:/no/such/dir/x')
        self.refused('/no/such/dir/x', '-monitor', 'unix:/no/such/dir/x,server=on,wait=off')
        self.refused('is no socket', '-monitor', 'unix:/etc/passwd,server=on,wait=off')
        self.refused("'frog'", '-chardev', 'frog,id=a')
        self.refused('id=', '-chardev', 'null')
        self.refused("'a' already", '-chardev', 'null,id=a', '-chardev', 'null,id=a')
        self.refused('used by', '-chardev', 'stdio,id=a', '-chardev', 'stdio,id=b')
        self.refused('path=', '-chardev', 'socket,id=a')
        self.refused('wiat', '-chardev', 'socket,id=a,path=/tmp/x,server=on,wiat=off')
        self.assertTrue(os.path.exists('/etc/passwd'))

    def test_port_in_use(self):
        with socket.socket() as sock:
            sock.bind(('127.0.0.1', 0))
            sock.listen(1)
            port = sock.getsockname()[1]
            self.refused('127.0.0.1:%d' % port, '-serial',
                         'tcp:127.0.0.1:%d,server=on,wait=off' % port)

    def test_stale_socket_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 's')
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(path)
            self.start('-machine', 'none', '-chardev',
                       'socket,id=a,server=on,wait=off,path=' + path)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(path)

    def test_help(self):
        status, out, _ = run('-chardev', 'help')
        self.assertEqual(status, 0)
        for name in ('null', 'stdio', 'socket', 'pty', 'vc', 'ringbuf', 'file', 'pipe'):
            self.assertIn(name, out)


if __name__ == '__main__':
    tap.main()
