# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal for tests, on a pseudo-terminal: it keeps cells, modes and images, and answers what a
terminal of its kind answers.

    t = Terminal(90, 30, kitty=True)
    ... run a program on t.name (or t.slave) ...
    t.wait(lambda: 'login:' in t.text())
"""

import base64
import codecs
import fcntl
import os
import pty
import re
import select
import struct
import termios
import threading
import time
import zlib

CSI = re.compile(rb'\x1b\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])')
STRING = re.compile(rb'\x1b([P_\]X^])(.*?)(?:\x1b\\|\x07)', re.S)
PLAIN = (' ', None, None, ())


class Terminal:
    """columns x rows cells of cell (width, height) pixels, told by TIOCGWINSZ. `kitty`: its
    graphics; `kitty_keys`: its keyboard protocol; `sixel`; `modes`: private modes that DECRQM
    knows; `silent`: answers nothing at all."""

    def __init__(self, columns=90, rows=30, cell=(8, 16), kitty=False, kitty_keys=False,
                 sixel=False, modes=(), silent=False):
        self.columns, self.rows, self.cell = columns, rows, cell
        self.kitty, self.kitty_keys, self.sixel = kitty, kitty_keys, sixel
        self.known_modes, self.silent = modes, silent
        self.master, self.slave = pty.openpty()
        self.name = os.ttyname(self.slave)
        self.before = termios.tcgetattr(self.slave)
        self.lock = threading.RLock()
        self.paused = threading.Event()
        self.rest = b''
        self.decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self.received = 0
        self.modes, self.sequences = {}, []
        self.kitty_pushed = 0
        self.look = PLAIN[1:]
        self.images, self.pending, self.canvas = {}, None, {}
        self.row = self.column = 0
        self.cells = {}
        self.main = {}, 0, 0
        self.set_size(columns, rows)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def set_size(self, columns, rows):
        with self.lock:
            self.columns, self.rows = columns, rows
            fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                        struct.pack('HHHH', rows, columns, columns * self.cell[0],
                                    rows * self.cell[1]))

    def send(self, data):
        os.write(self.master, data if isinstance(data, bytes) else data.encode())

    def close(self):
        """Hangs up."""
        for fd in (self.slave, self.master):
            if fd >= 0:
                os.close(fd)
        self.slave = self.master = -1

    def restored(self):
        """What is not as it was before; [] if all is."""
        wrong = [m for m, on in self.modes.items() if on != (m in ('7', '25'))]
        if termios.tcgetattr(self.slave) != self.before:
            wrong.append('termios')
        if self.kitty_pushed > 0:
            wrong.append('kitty keys')
        return wrong

    # ---- what is seen ----

    def line(self, row):
        with self.lock:
            return ''.join(self.cells.get((row, c), PLAIN)[0] for c in range(self.columns)).rstrip()

    def lines(self):
        with self.lock:
            return [self.line(row) for row in range(self.rows)]

    def text(self):
        return '\n'.join(self.lines())

    def cell_at(self, column, row):
        """(character, foreground, background, flags)"""
        with self.lock:
            return self.cells.get((row, column), PLAIN)

    def find(self, text):
        """(column, row) of a text, or None."""
        for row, line in enumerate(self.lines()):
            if text in line:
                return line.index(text), row
        return None

    def picture(self, width, height):
        """The pixels of a picture of this size that images make up: (x, y, rgb), or None."""
        with self.lock:
            if self.images:
                parts = [(c * self.cell[0], r * self.cell[1], w, h, rgb)
                         for r, c, w, h, rgb in self.images.values()]
                left, top = min(p[0] for p in parts), min(p[1] for p in parts)
                out = bytearray(width * height * 3)
                for x, y, w, h, rgb in parts:
                    for i in range(h):
                        at = ((y - top + i) * width + x - left) * 3
                        out[at:at + w * 3] = rgb[i * w * 3:(i + 1) * w * 3]
                return left, top, bytes(out)
            if self.canvas:
                left = min(x for x, y in self.canvas)
                top = min(y for x, y in self.canvas)
                out = bytearray(width * height * 3)
                for (x, y), color in self.canvas.items():
                    if x - left < width and y - top < height:
                        at = ((y - top) * width + x - left) * 3
                        out[at:at + 3] = color
                return left, top, bytes(out)
        return None

    def wait(self, condition, seconds=10, what='the terminal to change'):
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError('waited in vain for %s (not restored: %s); the terminal '
                                     'shows:\n%s' % (what, self.restored(), self.text()))
            time.sleep(0.02)

    # ---- the program's output ----

    def _read(self):
        while True:
            while self.paused.is_set():
                time.sleep(0.01)
            try:
                # A read that waits would keep the terminal open beyond close().
                if not select.select([self.master], [], [], 0.05)[0]:
                    continue
                data = os.read(self.master, 65536)
            except (OSError, ValueError):
                if self.master < 0:
                    return
                time.sleep(0.02)  # nobody has the other end open
                continue
            with self.lock:
                self.received += len(data)
                self._feed(data)

    def _reply(self, data):
        if not self.silent:
            try:
                os.write(self.master, data)
            except OSError:
                pass

    def _feed(self, data):
        data = self.rest + data
        at = 0
        while at < len(data):
            if data[at] != 0x1b:
                end = data.find(b'\x1b', at)
                end = len(data) if end < 0 else end
                self._print(data[at:end])
                at = end
                continue
            match = CSI.match(data, at)
            if match:
                self._csi(*match.groups())
            elif data[at + 1:at + 2] in (b'P', b'_', b']', b'X', b'^'):
                match = STRING.match(data, at)
                if match:
                    self._string(*match.groups())
            elif data[at + 1:at + 2] == b'\\':
                at += 2
                continue
            if not match:
                break
            at = match.end()
        self.rest = data[at:]

    def _print(self, data):
        for ch in self.decoder.decode(data):
            if ch == '\r':
                self.column = 0
            elif ch == '\n':
                self.row = min(self.row + 1, self.rows - 1)
            elif ch >= ' ':
                self.cells[self.row, self.column] = (ch,) + self.look
                self.column += 1

    def _csi(self, lead, params, middle, final):
        numbers = [int(n) if n.isdigit() else 0 for n in params.split(b';')]
        key = lead + middle + final
        if key == b'H':
            self.row = (numbers[0] or 1) - 1
            self.column = (numbers[1] if len(numbers) > 1 else 1) - 1
        elif key == b'm':
            self._sgr(numbers)
        elif key == b'J':
            self.cells = {}
            self.canvas = {}
        elif key in (b'?h', b'?l'):
            for mode in params.decode().split(';'):
                self.modes[mode] = final == b'h'
                if mode == '1049':  # the alternate screen, and the cursor's place
                    if final == b'h':
                        self.main, self.cells = (self.cells, self.row, self.column), {}
                    else:
                        self.cells, self.row, self.column = self.main
        elif key == b'n':
            self._reply(b'\x1b[0n')
        elif key == b'c':
            self._reply(b'\x1b[?62;4c' if self.sixel else b'\x1b[?62c')
        elif key == b'?u' and self.kitty_keys:
            self._reply(b'\x1b[?0u')
        elif key == b'>u':
            self.kitty_pushed += 1
        elif key == b'<u':
            self.kitty_pushed = max(self.kitty_pushed - 1, 0)
        elif key == b'?$p':
            self._reply(b'\x1b[?%d;%d$y' % (numbers[0], 2 if numbers[0] in self.known_modes else 0))
        else:
            self.sequences.append(lead + params + middle + final)

    def _sgr(self, numbers):
        fg, bg, flags = self.look
        while numbers:
            n = numbers.pop(0)
            if n == 0:
                fg, bg, flags = PLAIN[1:]
            elif n in (38, 48):
                kind = numbers.pop(0)
                color = tuple(numbers[:3]) if kind == 2 else numbers[0]
                del numbers[:3 if kind == 2 else 1]
                fg, bg = (color, bg) if n == 38 else (fg, color)
            elif n in (1, 5, 7):
                flags += (n,)
            elif 30 <= n <= 37 or 90 <= n <= 97:
                fg = n
            elif 40 <= n <= 47 or 100 <= n <= 107:
                bg = n
        self.look = (fg, bg, flags)

    def _string(self, kind, body):
        if kind == b'_' and body[:1] == b'G':
            self._kitty(body[1:])
        elif kind == b'P' and body[:2] == b'+q':
            self._reply(b'\x1bP0+r\x1b\\')
        elif kind == b'P' and b'q' in body[:12]:
            self._sixel(body[body.index(b'q') + 1:])
        elif kind == b']' and body.startswith(b'1337;File='):
            self._iterm(body[10:])

    # ---- images ----

    def _kitty(self, body):
        head, _, payload = body.partition(b';')
        keys = dict(item.split('=') for item in head.decode().split(',') if '=' in item)
        if keys.get('a') == 'q':
            if self.kitty:
                self._reply(b'\x1b_Gi=%s;OK\x1b\\' % keys['i'].encode())
        elif keys.get('a') == 'd':
            self.images = {}
        else:
            if 's' in keys:
                self.pending = (keys, b'', self.row, self.column)
            first, data, row, column = self.pending
            data += payload
            self.pending = (first, data, row, column)
            if keys.get('m', '0') == '0':
                rgb = zlib.decompress(base64.b64decode(data))
                width, height = int(first['s']), int(first['v'])
                assert len(rgb) == width * height * 3, 'an image of the wrong length'
                self.images[first['i']] = (row, column, width, height, rgb)
                self.pending = None
            if keys.get('q') != '2':
                self._reply(b'\x1b_Gi=%s;OK\x1b\\' % first['i'].encode())

    def _iterm(self, body):
        """An inline image: a little-endian TIFF whose pixels, R, G, B and alpha, lie between its
        head and its directory, as libchafa makes it; shown in so many cells, which it fills."""
        head, _, payload = body.partition(b':')
        keys = dict(item.split('=') for item in head.decode().split(';'))
        data = base64.b64decode(payload)
        assert data[:4] == b'II*\0' and keys['inline'] == '1', data[:4]
        width, height = (int(keys[name]) * size for name, size in zip(('width', 'height'),
                                                                     self.cell))
        assert struct.unpack_from('<I', data, 4)[0] == 8 + width * height * 4, 'another size'
        left, top = self.column * self.cell[0], self.row * self.cell[1]
        for i in range(width * height):
            r, g, b, alpha = data[8 + i * 4:12 + i * 4]
            if alpha:
                self.canvas[left + i % width, top + i // width] = bytes((r, g, b))

    def _sixel(self, body):
        """Decodes by DEC's Graphics Interchange Format: registers, repeats, $ and -."""
        palette, color, x, y = {}, b'\0\0\0', 0, 0
        left, top = self.column * self.cell[0], self.row * self.cell[1]
        token = re.compile(rb'#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|"[\d;]*|([?-~])|([$-])')
        for match in token.finditer(body):
            number, r, g, b, count, repeated, single, move = match.groups()
            if number is not None:
                if r is not None:
                    palette[number] = bytes(int(int(v) * 255 / 100 + 0.5) for v in (r, g, b))
                color = palette.get(number, color)
            elif move:
                x, y = 0, y + (6 if move == b'-' else 0)
            elif repeated or single:
                bits = (repeated or single)[0] - 63
                for _ in range(int(count or 1)):
                    for i in range(6):
                        if bits >> i & 1:
                            self.canvas[left + x, top + y + i] = color
                    x += 1
