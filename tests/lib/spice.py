# SPDX-License-Identifier: GPL-2.0-or-later
"""A small SPICE client (the SPICE protocol, version 2.2): enough to look, to type and to
misbehave. Channels are connections; `Viewer` opens main, display, inputs and cursor."""

import hashlib
import os
import socket
import ssl
import struct
import time

MAGIC = b'REDQ'
MAIN, DISPLAY, INPUTS, CURSOR = 1, 2, 3, 4
OK, ERR_INVALID_MAGIC, ERR_INVALID_DATA, ERR_VERSION_MISMATCH = 0, 2, 3, 4
ERR_NEED_SECURED, ERR_NEED_UNSECURED, ERR_PERMISSION_DENIED = 5, 6, 7
ERR_BAD_CONNECTION_ID, ERR_CHANNEL_NOT_AVAILABLE = 8, 9

# Messages that all channels have.
SET_ACK, PING = 3, 4
ACK_SYNC, ACK, PONG = 1, 2, 3
MAIN_INIT, MAIN_CHANNELS, MAIN_MOUSE_MODE = 103, 104, 105
ATTACH_CHANNELS, MOUSE_MODE_REQUEST = 104, 105
MODE_SERVER, MODE_CLIENT = 1, 2
DISPLAY_INIT = 101
DRAW_COPY, SURFACE_CREATE, SURFACE_DESTROY = 304, 314, 315
KEY_DOWN, KEY_UP, KEY_MODIFIERS, MOUSE_MOTION, MOUSE_POSITION, MOUSE_PRESS, MOUSE_RELEASE = \
    101, 102, 103, 111, 112, 113, 114
INPUTS_INIT, INPUTS_MODIFIERS = 101, 102
CURSOR_INIT, CURSOR_RESET, CURSOR_SET, CURSOR_MOVE, CURSOR_HIDE = 101, 102, 103, 104, 105
LINK_REPLY = 178  # with the public key, without capabilities
# Common capabilities: authentication is chosen, SPICE's own, short headers.
CAPS = 1 << 0 | 1 << 1 | 1 << 3
IMAGE_BITMAP = 0


class SpiceError(Exception):
    """The server broke the protocol, or refused us: `code` is the link error."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.code = code


def connect(address, timeout=20, tls=None):
    """A socket to ('127.0.0.1', 5930) or to the path of a unix socket; tls: an SSLContext."""
    sock = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    sock.settimeout(timeout)
    sock.connect(address)
    return tls.wrap_socket(sock, server_hostname='localhost') if tls else sock


def read(sock, count):
    """So many bytes, or what comes before the server is silent for a second or ends."""
    data = b''
    sock.settimeout(1)
    try:
        while len(data) < count and (more := sock.recv(count - len(data))):
            data += more
    except (socket.timeout, ConnectionError):
        pass
    return data


def trusting(certificate):
    """An SSLContext that trusts this authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    return context


# ---- the ticket: RSA-OAEP with SHA-1 (RFC 8017, 7.1) ----

def _mask(seed, length):
    data = b''.join(hashlib.sha1(seed + struct.pack('>I', i)).digest()
                    for i in range(length // 20 + 1))
    return data[:length]


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def encrypt(key, message):
    """`key`: a SubjectPublicKeyInfo of 1024 bits, as the server sends it."""
    at = key.index(b'\x02\x81\x81\x00') + 4  # INTEGER of 129 bytes, the first is 0
    modulus, exponent = int.from_bytes(key[at:at + 128], 'big'), 65537
    if key[at + 128:at + 133] != b'\x02\x03\x01\x00\x01':
        raise SpiceError('a public key we do not know')
    block = hashlib.sha1(b'').digest() + bytes(128 - len(message) - 42) + b'\1' + message
    seed = os.urandom(20)
    block = _xor(block, _mask(seed, len(block)))
    seed = _xor(seed, _mask(block, 20))
    plain = int.from_bytes(b'\0' + seed + block, 'big')
    return pow(plain, exponent, modulus).to_bytes(128, 'big')


def link_message(kind, channel=0, session=0, common=(CAPS,), caps=(0,), magic=MAGIC,
                 version=(2, 2), size=None, counts=None, offset=18):
    """What a client says first. The last arguments are for liars."""
    words = struct.pack('<%dI' % (len(common) + len(caps)), *common, *caps)
    body = struct.pack('<IBBIII', session, kind, channel, *(counts or (len(common), len(caps))),
                       offset) + words
    return struct.pack('<4sIII', magic, *version, len(body) if size is None else size) + body


class Channel:
    """A connection that has shaken hands."""

    def __init__(self, address, kind, channel=0, session=0, password='', tls=None, timeout=20,
                 caps=(0,)):
        self.sock = connect(address, timeout, tls)
        self.kind = kind
        self.acks = None  # messages until an acknowledgement is due
        self.window = 0
        self.buffer = bytearray()
        self.sock.sendall(link_message(kind, channel, session, caps=caps))
        self.key = self.link_reply()
        self.sock.sendall(struct.pack('<I', 1))  # SPICE's own authentication
        self.sock.sendall(encrypt(self.key, password.encode() + b'\0'))
        code, = struct.unpack('<I', self.recv(4))
        if code != OK:
            self.close()
            raise SpiceError('refused with error %d' % code, code)

    def link_reply(self):
        magic, major, _, size = struct.unpack('<4sIII', self.recv(16))
        if magic != MAGIC or major != 2 or not 178 <= size <= 4096:
            raise SpiceError('no link reply: %r %d %d' % (magic, major, size))
        body = self.recv(size)
        code, key = struct.unpack('<I162s', body[:166])
        if code != OK:
            self.close()
            raise SpiceError('refused with error %d' % code, code)
        return key

    def recv(self, count):
        data = b''
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise SpiceError('the server closed the connection')
            data += more
        return data

    def send(self, kind, data=b''):
        self.sock.sendall(struct.pack('<HI', kind, len(data)) + data)

    def next(self, timeout):
        """The next message of all: (type, data); None if it has not come whole in time."""
        end = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= 6:
                kind, size = struct.unpack_from('<HI', self.buffer)
                if len(self.buffer) >= 6 + size:
                    data = bytes(self.buffer[6:6 + size])
                    del self.buffer[:6 + size]
                    return kind, data
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                more = self.sock.recv(1 << 20)
            except socket.timeout:
                return None
            if not more:
                raise SpiceError('the server closed the connection')
            self.buffer += more

    def message(self, timeout=20):
        """The next message that is not about the connection itself: (type, data); None if none
        came in time."""
        end = time.monotonic() + timeout
        while got := self.next(max(0, end - time.monotonic())):
            kind, data = got
            if kind == SET_ACK:
                generation, self.window = struct.unpack('<II', data)
                self.acks = self.window
                self.send(ACK_SYNC, struct.pack('<I', generation))
                continue
            if self.acks is not None:
                self.acks -= 1
                if self.acks <= 0:
                    self.acks = self.window
                    self.send(ACK)
            if kind == PING:
                self.send(PONG, data[:12])
                continue
            return kind, data
        return None

    def until(self, wanted):
        """The data of the next message of this type."""
        while got := self.message():
            if got[0] == wanted:
                return got[1]
        raise SpiceError('no message %d came' % wanted)

    def close(self):
        self.sock.close()


class Picture:
    """What a display channel draws, without compression: bytes B, G, R, X."""

    def __init__(self, channel):
        self.channel = channel
        self.width = self.height = 0
        self.pixels = bytearray()
        channel.send(DISPLAY_INIT, struct.pack('<BqBi', 1, 0, 1, 0))

    def step(self, timeout=20):
        """Handles one message; returns its type, None if none came."""
        got = self.channel.message(timeout)
        if not got:
            return None
        kind, data = got
        if kind == SURFACE_CREATE:
            number, self.width, self.height, self.format, _ = struct.unpack('<5I', data)
            if number:
                raise SpiceError('a surface beside the primary one')
            self.pixels = bytearray(self.width * self.height * 4)
        elif kind == DRAW_COPY:
            self.draw(data)
        elif 300 < kind < 320 and kind != SURFACE_DESTROY and kind != 317:
            raise SpiceError('drawing message %d' % kind)
        return kind

    def catch_up(self, quiet=0.2):
        """Handles what comes, until nothing has come for so long."""
        while self.step(quiet):
            pass

    def draw(self, data):
        surface, top, left, bottom, right, clip = struct.unpack_from('<IiiiiB', data)
        image, _, _, _, _, rop = struct.unpack_from('<IiiiiH', data, 21)
        if surface or clip:
            raise SpiceError('surface %d, clip %d' % (surface, clip))
        _, kind, _, width, height = struct.unpack_from('<QBBII', data, image)
        form, flags, x, y, stride, _ = struct.unpack_from('<BBIIII', data, image + 18)
        if (kind, form, rop, width, height) != (IMAGE_BITMAP, 8, 8, x, y) or \
                (right - left, bottom - top) != (width, height):
            raise SpiceError('an image of type %d, format %d' % (kind, form))
        start = image + 36
        for row in range(height):
            source = row if flags & 4 else height - 1 - row
            line = data[start + source * stride:start + source * stride + width * 4]
            at = ((top + row) * self.width + left) * 4
            self.pixels[at:at + width * 4] = line

    def rgb(self):
        out = bytearray(self.width * self.height * 3)
        for channel in range(3):
            out[channel::3] = self.pixels[2 - channel::4]
        return bytes(out)


class Viewer:
    """Main channel, and on demand the others."""

    def __init__(self, address, **more):
        self.address, self.more = address, more
        self.channels = []
        self.main = self.add(Channel(address, MAIN, **more))
        init = self.main.until(MAIN_INIT)
        self.session, _, self.modes, self.mode = struct.unpack_from('<IIII', init)
        self.main.send(ATTACH_CHANNELS)
        listed = self.main.until(MAIN_CHANNELS)
        count, = struct.unpack_from('<I', listed)
        self.listed = sorted(struct.unpack_from('<BB', listed, 4 + 2 * i) for i in range(count))

    def add(self, channel):
        self.channels.append(channel)
        return channel

    def open(self, kind, channel=0):
        return self.add(Channel(self.address, kind, channel, self.session, **self.more))

    def display(self, channel=0):
        return Picture(self.open(DISPLAY, channel))

    def close(self):
        for channel in self.channels:
            channel.close()
