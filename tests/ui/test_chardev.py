#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Character devices of the real program: the command line, one terminal for serial port and
monitor, devices that are exchanged under a serial port, and sockets of all kinds."""
import json
import os
import pty
import select
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402

COM1 = 0x3f8


def connect(family, address):
    end = time.monotonic() + 10
    while True:
        sock = socket.socket(family)
        sock.settimeout(10)
        try:
            sock.connect(address)
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def read_until(fd, text):
    data = b''
    while text not in data:
        assert select.select([fd], [], [], 30)[0], data
        part = os.read(fd, 4096)
        assert part, data
        data += part
    return data


class Serial(unittest.TestCase):
    def machine(self, *args, **more):
        m = Machine('-nodefaults', *args, cwd=True, **more).start()
        self.addCleanup(m.stop)
        return m

    def send(self, m, text):
        for byte in text:
            m.qtest.outb(COM1, byte)

    def hmp(self, m, line):
        return m.hmp.command(line)

    def test_exchange(self):
        m = self.machine('-chardev', 'ringbuf,id=c,logfile=log', '-serial', 'chardev:c')
        self.send(m, b'one')
        self.assertIn('one', self.hmp(m, 'ringbuf_read c 100'))
        self.assertIn('is busy', self.hmp(m, 'chardev-remove c'))
        self.assertIn('cannot open', self.hmp(m, 'chardev-change c file,path=/no/such/file'))
        self.assertEqual('', self.hmp(m, 'chardev-change c file,path=out').strip())
        self.send(m, b'two')
        with open(m.path('out'), 'rb') as f:
            self.assertEqual(f.read(), b'two')
        with open(m.path('log'), 'rb') as f:
            self.assertEqual(f.read(), b'one')
        self.assertEqual('', self.hmp(m, 'chardev-change c socket,path=s,server=on').strip())
        with connect(socket.AF_UNIX, m.path('s')) as peer:
            time.sleep(0.2)
            self.send(m, b'three')
            self.assertEqual(peer.recv(5, socket.MSG_WAITALL), b'three')
            self.hmp(m, 'chardev-send-break c')
            self.assertTrue(m.qtest.inb(COM1 + 5) & 0x10)

    def test_plug(self):
        m = self.machine('-qmp', 'unix:q,server=on,wait=off')
        self.assertIn('redirected to /dev/pts/', self.hmp(m, 'chardev-add pty,id=p,path=link'))
        self.assertTrue(os.path.islink(m.path('link')))
        self.assertIn("there is a character device 'p'", self.hmp(m, 'chardev-add null,id=p'))
        self.assertIn('p: filename=pty:/dev/pts/', self.hmp(m, 'info chardev'))
        self.hmp(m, 'chardev-remove p')
        self.assertFalse(os.path.islink(m.path('link')))
        self.assertIn("'p' not found", self.hmp(m, 'chardev-remove p'))
        # What QMP is served on is in use.
        qmp = [line.split(':')[0] for line in self.hmp(m, 'info chardev').splitlines()
               if line.startswith('qmp')][0]
        self.assertIn('is busy', self.hmp(m, 'chardev-remove ' + qmp))
        self.assertIn('cannot go to another', self.hmp(m, 'chardev-change %s null' % qmp))

    def test_sockets(self):
        name = 'vitrine-test-%d' % os.getpid()
        with socket.socket(socket.AF_UNIX) as given, socket.socket() as taken:
            taken.bind(('127.0.0.1', 5970))
            taken.listen(1)
            given.bind('\0' + name + '-given')
            given.listen(1)
            os.set_inheritable(given.fileno(), True)
            command = [binary(), '-M', 'none', '-accel', 'qtest', '-display', 'none',
                       '-monitor', 'stdio',
                       '-chardev', 'socket,id=a,path=%s,abstract=on,server=on,wait=off' % name,
                       '-chardev', 'socket,id=f,fd=%d,server=on,wait=off' % given.fileno(),
                       '-chardev', 'socket,id=t,host=127.0.0.1,port=5970,to=5973,server=on,'
                       'wait=off', '-chardev', 'socket,id=6,host=::1,port=0,ipv6=on,server=on,'
                       'wait=off', '-chardev', 'vc,id=v,cols=100,rows=30',
                       '-chardev', 'socket,id=r,host=127.0.0.1,port=1,reconnect=1']
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, close_fds=False) as process:
                for address in ('\0' + name, '\0' + name + '-given'):
                    connect(socket.AF_UNIX, address).close()
                warning = process.stderr.readline()
                out, err = process.communicate(b'info chardev\nquit\n', timeout=20)
        self.assertEqual(process.returncode, 0, err)
        for text in (b'a: filename=', b'abstract=on', b'127.0.0.1:597', b'tcp:[::1]:', b'v: '):
            self.assertIn(text, out)
        self.assertIn(b"'r' cannot connect to tcp:127.0.0.1:1", warning)

    def test_terminal_shared_with_the_monitor(self):
        """-nographic: what QEMU's keys do, with another escape character."""
        for option, key in (((), b'\x01'), (('-echr', '0x14'), b'\x14')):
            with self.subTest(key=key):
                master, slave = pty.openpty()
                m = Machine('-nodefaults', '-serial', 'mon:stdio', *option, monitor=False,
                            tty=slave, cwd=True).start()
                self.addCleanup(m.stop)
                os.close(slave)
                m.qtest.outb(COM1 + 3, 3)
                os.write(master, b'a' + key + key + key + b'c')
                read_until(master, b'(qemu) ')
                self.assertEqual(m.qtest.inb(COM1), ord('a'))
                os.write(master, b'info chardev\r')
                text = read_until(master, b'(qemu) ')
                self.assertIn(b'serial0: filename=mux', text)
                self.assertIn(b'serial0-base: filename=stdio', text)
                os.write(master, key + b'h')
                read_until(master, b'ends the machine')
                os.write(master, key + b'x')
                read_until(master, b'terminated')
                self.assertEqual(m.process.wait(10), 0)
                os.close(master)

    def test_errors_name_the_option(self):
        for args, words in (
                (('-chardev', 'socket,id=c,path=x,websocket=on'), ('websocket', 'not supported')),
                (('-chardev', 'socket,id=c,path=x,tls-creds=t'), ('tls-creds', 'ssh')),
                (('-chardev', 'socket,id=c'), ("'c' needs path=",)),
                (('-chardev', 'socket,id=c,path=x,port=1'), ('not several',)),
                (('-chardev', 'socket,id=c,fd=77,server=on'), ("fd '77' is no socket",)),
                (('-chardev', 'socket,id=c,path=x,to=5'), ("'to' is for TCP servers",)),
                (('-chardev', 'parallel,id=c,path=/dev/parport0'), ('file,path=/dev/lp0',)),
                (('-chardev', 'serial,id=c,path=/dev/null'), ("'/dev/null' is no serial port",)),
                (('-chardev', 'null,id=c,mux=maybe'), ('mux', 'maybe')),
                (('-chardev', 'mux,id=c,chardev=nobody'), ('mux needs chardev=ID',)),
                (('-chardev', 'null'), ('id is missing',)), (('-chardev', 'id=x'), ('type',)),
                (('-chardev', 'null,id=c', '-chardev', 'null,id=c'), ("'c' already",)),
                (('-serial', 'vc:80by24'), ('WIDTHxHEIGHT',)),
                (('-serial', 'udp:1.2.3.4'), ('udp:HOST:PORT',)),
                (('-echr', '300'), ('-echr 300', '0 to 255')),
                (('-serial', 'chardev:nobody'), ("no character device 'nobody'",))):
            with self.subTest(args=args):
                status, _, err = run('-accel', 'qtest', '-display', 'none', '-nodefaults', *args)
                self.assertEqual(status, 1, err)
                for word in (args[0],) + words:
                    self.assertIn(word, err)

    def test_options_as_qemu_has_them(self):
        """One terminal, two monitors and a port, by -chardev mux=on."""
        out = subprocess.run(
            [binary(), '-accel', 'qtest', '-display', 'none', '-nodefaults', '-chardev',
             'stdio,mux=on,id=c,signal=off', '-mon', 'chardev=c,mode=readline', '-serial',
             'chardev:c', '-mon', 'chardev=c,mode=control'],
            input=b'\x01c(info chardev\r\x01c{"execute": "qmp_capabilities"}\x01c\x01x'
            .replace(b'(', b''), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn(b'c: filename=mux', out.stdout)
        self.assertIn(b'{"return": {}}', out.stdout)
        line = next(text for text in out.stdout.splitlines() if b'{"QMP"' in text)
        self.assertIn('QMP', json.loads(line[line.index(b'{'):]))


if __name__ == '__main__':
    tap.main()
