#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine's clipboard, shared by VNC viewers: in Latin-1, in UTF-8 by the extended clipboard,
at the monitor, typed, not shared; and viewers that lie about what they have copied."""

import os
import select
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from screen import wait  # noqa: E402
from vnc_machine import VncTest  # noqa: E402

EXTENDED = 0xc0a1e5ce - (1 << 32)
CUT_TEXT = 6  # a viewer's message; the server's is 3
TEXT, CAPS, REQUEST, PEEK, NOTIFY, PROVIDE = 1, 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 28
MANY = 'päper, π, 漢字\nand a line'


def pack(data):
    """A zlib stream that does not end, as viewers send it: libvncserver takes no other."""
    stream = zlib.compressobj()
    return stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)


def provided(text):
    """What goes after the flags of a PROVIDE."""
    data = text.replace('\n', '\r\n').encode() + b'\0'
    return pack(struct.pack('>I', len(data)) + data)


class Clipboard(VncTest):
    def cut(self, viewer, data, length=None):
        viewer.sock.sendall(struct.pack('>Bxxxi', CUT_TEXT, len(data) if length is None else length)
                            + data)

    def extend(self, viewer, flags, data=b''):
        body = struct.pack('>I', flags) + data
        self.cut(viewer, body, -len(body))

    def told(self, viewer, seconds=20):
        """The server's next cut text: (None, bytes), or (flags, bytes) of the extended clipboard;
        None if there is none. The server says nothing else here: nobody asks for pixels."""
        if not select.select([viewer.sock], [], [], seconds)[0]:
            return None
        kind, length = struct.unpack('>Bxxxi', viewer.recv(8))
        self.assertEqual(kind, 3)
        if length >= 0:
            return None, viewer.recv(length)
        return struct.unpack('>I', viewer.recv(4))[0], viewer.recv(-length - 4)

    def text_of(self, data):
        """That a PROVIDE brought."""
        raw = zlib.decompressobj().decompress(data)
        length, = struct.unpack_from('>I', raw)
        self.assertEqual(len(raw), 4 + length)
        self.assertEqual(raw[-1:], b'\0')
        text = raw[4:-1].decode()
        self.assertEqual(text.count('\n'), text.count('\r\n'))
        return text.replace('\r\n', '\n')

    def modern(self, size=1 << 20):
        """A viewer that knows the extended clipboard, and takes this much unasked."""
        viewer = self.viewer()
        viewer.sock.sendall(struct.pack('>BxHii', 2, 2, 0, EXTENDED))
        flags = None
        while flags is None:  # somebody else's copy may come before
            flags, data = self.told(viewer)
        self.assertTrue(flags & CAPS)
        for what in (TEXT, REQUEST, PROVIDE):
            self.assertTrue(flags & what, hex(flags))
        self.extend(viewer, CAPS | TEXT | REQUEST | PEEK | NOTIFY | PROVIDE,
                    struct.pack('>I', size))
        viewer.request(incremental=False)  # what came before it has been understood then
        viewer.update()
        return viewer

    def clipboard(self):
        return self.m.hmp.command('clipboard')

    def has(self, text):
        wait(lambda: self.clipboard() == text, 'clipboard %r, it is %r' % (text, self.clipboard()),
             20)

    def test_latin1(self):
        self.start()
        one, two = self.viewer(), self.viewer()
        self.assertEqual(self.m.hmp.command('info clipboard'), 'empty')
        self.cut(one, 'grün\nrot'.encode('latin-1'))
        self.has('grün\nrot')
        self.assertEqual(self.m.hmp.command('info clipboard'),
                         '8 characters from VNC viewer (unix)')
        self.assertEqual(self.told(two), (None, 'grün\nrot'.encode('latin-1')))
        self.assertIsNone(self.told(one, 0.3))  # it has it
        self.m.hmp.command('clipboard π is 3')
        for viewer in one, two:
            self.assertEqual(self.told(viewer), (None, b'? is 3'))
        late = self.viewer()  # whose own clipboard stays as it was
        self.assertIsNone(self.told(late, 0.3))

    def test_extended(self):
        self.start()
        one, two, old = self.modern(), self.modern(), self.viewer()
        self.extend(one, PROVIDE | TEXT, provided(MANY))
        self.has(MANY)
        self.assertEqual(self.told(old), (None, MANY.encode('latin-1', 'replace')))
        flags, data = self.told(two)
        if flags & NOTIFY:
            self.extend(two, REQUEST | TEXT)
            flags, data = self.told(two)
        self.assertEqual(flags, PROVIDE | TEXT)
        self.assertEqual(self.text_of(data), MANY)

    def test_asked_for(self):
        """A viewer that wants to ask itself hears that there is something."""
        self.start()
        viewer = self.modern(0)
        self.m.hmp.command('clipboard "%s"' % MANY.replace('\n', '\\n'))
        flags, data = self.told(viewer)
        self.assertEqual((flags, data), (NOTIFY | TEXT, b''))
        self.extend(viewer, REQUEST | TEXT)
        flags, data = self.told(viewer)
        self.assertEqual(flags, PROVIDE | TEXT)
        self.assertEqual(self.text_of(data), MANY)

    def test_not_shared(self):
        self.start('clipboard=off')
        viewer = self.viewer()
        viewer.sock.sendall(struct.pack('>BxHii', 2, 2, 0, EXTENDED))
        self.told(viewer)  # libvncserver offers it all the same
        self.extend(viewer, PROVIDE | TEXT, provided('mine'))
        self.cut(viewer, b'mine')
        self.m.hmp.command('clipboard ours')
        self.assertIsNone(self.told(viewer, 0.5))
        viewer.request(incremental=False)
        viewer.update()
        self.assertEqual(self.clipboard(), 'ours')

    def test_typed(self):
        self.start()
        self.assertIn('empty', self.m.hmp.command('type_clipboard'))
        self.m.hmp.command('clipboard 漢')
        self.assertIn('漢', self.m.hmp.command('type_clipboard'))  # no key makes it
        q = self.m.qtest
        for port, value in ((0x64, 0xae), (0x64, 0x60), (0x60, 0x41), (0x60, 0xf4)):
            q.outb(port, value)
        viewer = self.viewer()
        self.cut(viewer, b'aB')
        self.has('aB')
        self.assertEqual(self.m.hmp.command('type_clipboard'), '')
        got = []
        for _ in range(200):
            q.clock_step(5_000_000)
            while q.inb(0x64) & 1:
                got.append(q.inb(0x60))
                q.clock_step(2_000_000)
        self.assertEqual([code for code in got if code != 0xfa],
                         [0x1e, 0x9e, 0x2a, 0x30, 0xb0, 0xaa])

    def test_lies(self):
        """None of these changes the clipboard or harms anybody else."""
        self.start()
        self.m.hmp.command('clipboard kept')
        bomb = pack(struct.pack('>I', 1 << 30) + bytes(1 << 24))
        for flags, data in ((PROVIDE | TEXT, b''), (PROVIDE | TEXT, b'no zlib at all'),
                            (PROVIDE | TEXT, provided(MANY)[:9]), (PROVIDE | TEXT, bomb),
                            (PROVIDE | TEXT, pack(struct.pack('>I', 100) + b'few')),
                            (PROVIDE | TEXT, pack(struct.pack('>I', 3) + b'\xff\xfe\0')),
                            (PROVIDE | 0xffff, provided('x')), (0, b''), (0xffffffff, b'\0' * 9),
                            (CAPS | 0xffff, b'\1'), (REQUEST | 0xffff, b''), (PEEK, b'')):
            with self.subTest(flags=flags):
                viewer = self.modern()
                self.extend(viewer, flags, data)
                viewer.close()
        for length in (-1, -3, 0x7fffffff, -0x80000000):
            viewer = self.viewer()
            self.cut(viewer, b'', length)
            viewer.close()
        self.cut(self.viewer(), b'with\0nul')
        self.wait_clients(1)
        self.assertIn(self.clipboard(), ('kept', 'x'))
        good = self.modern()
        self.extend(good, PROVIDE | TEXT, provided('still'))
        self.has('still')


if __name__ == '__main__':
    tap.main()
