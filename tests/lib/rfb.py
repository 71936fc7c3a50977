# SPDX-License-Identifier: GPL-2.0-or-later
"""A small RFB 3.8 client (RFC 6143): enough to look, to type, and to misbehave."""

import socket
import struct

RAW = 0
DESKTOP_SIZE = -223


class RfbError(Exception):
    """The server broke the protocol, or refused us."""


def connect(address, timeout=20):
    """A socket to ('127.0.0.1', 5900) or to the path of a unix socket."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX)
    else:
        sock = socket.socket(socket.AF_INET)
    sock.settimeout(timeout)
    sock.connect(address)
    return sock


class Rfb:
    """A viewer that has shaken hands. `pixels` is the picture, bytes B, G, R, X."""

    def __init__(self, address, password=None, shared=True, encrypt=None, timeout=20):
        self.sock = connect(address, timeout)
        if self.recv(12)[:4] != b'RFB ':
            raise RfbError('no RFB greeting')
        self.sock.sendall(b'RFB 003.008\n')
        self.authenticate(password, encrypt)
        self.sock.sendall(bytes([1 if shared else 0]))
        self.width, self.height = struct.unpack('>HH', self.recv(4))
        self.recv(16)
        self.name = self.recv(struct.unpack('>I', self.recv(4))[0]).decode()
        self.sock.sendall(struct.pack('>BxxxBBBBHHHBBBxxx', 0, 32, 24, 0, 1, 255, 255, 255,
                                      16, 8, 0))
        self.sock.sendall(struct.pack('>BxHii', 2, 2, RAW, DESKTOP_SIZE))
        self.pixels = bytearray(self.width * self.height * 4)

    def authenticate(self, password, encrypt):
        count = self.recv(1)[0]
        if count == 0:
            raise RfbError(self.reason())
        kinds = self.recv(count)
        self.security = list(kinds)
        if password is None:
            self.sock.sendall(b'\1')
        else:
            self.sock.sendall(b'\2')
            self.sock.sendall(encrypt(self.recv(16), password))
        if struct.unpack('>I', self.recv(4))[0]:
            raise RfbError(self.reason())

    def reason(self):
        return self.recv(struct.unpack('>I', self.recv(4))[0]).decode()

    def recv(self, length):
        data = bytearray(length)
        self.recv_into(memoryview(data))
        return bytes(data)

    def recv_into(self, view):
        done = 0
        while done < len(view):
            got = self.sock.recv_into(view[done:])
            if got == 0:
                raise RfbError('the server closed the connection')
            done += got

    def request(self, incremental=True):
        self.sock.sendall(struct.pack('>BBHHHH', 3, incremental, 0, 0, self.width, self.height))

    def update(self):
        """Takes one FramebufferUpdate into `pixels`; returns how many pixels it brought."""
        while True:
            kind = self.recv(1)[0]
            if kind == 0:
                break
            if kind == 2:  # bell
                continue
            if kind == 3:  # cut text
                self.recv(3)
                self.recv(struct.unpack('>I', self.recv(4))[0])
                continue
            raise RfbError('message %d' % kind)
        changed = 0
        for _ in range(struct.unpack('>xH', self.recv(3))[0]):
            x, y, w, h, encoding = struct.unpack('>HHHHi', self.recv(12))
            if encoding == DESKTOP_SIZE:
                self.width, self.height = w, h
                self.pixels = bytearray(w * h * 4)
            elif encoding == RAW:
                self.rectangle(x, y, w, h)
                changed += w * h
            else:
                raise RfbError('encoding %d, which we did not ask for' % encoding)
        return changed

    def rectangle(self, x, y, w, h):
        view = memoryview(self.pixels)
        if w == self.width:
            self.recv_into(view[y * w * 4:(y + h) * w * 4])
            return
        data = self.recv(w * h * 4)
        for row in range(h):
            at = ((y + row) * self.width + x) * 4
            view[at:at + w * 4] = data[row * w * 4:(row + 1) * w * 4]

    def key(self, keysym, down):
        self.sock.sendall(struct.pack('>BBxxI', 4, down, keysym))

    def press(self, keysym):
        self.key(keysym, 1)
        self.key(keysym, 0)

    def pointer(self, x, y, mask=0):
        self.sock.sendall(struct.pack('>BBHH', 5, mask, x, y))

    def ppm(self):
        """The picture as the bytes of a PPM file."""
        rgb = bytearray(self.width * self.height * 3)
        rgb[0::3] = self.pixels[2::4]
        rgb[1::3] = self.pixels[1::4]
        rgb[2::3] = self.pixels[0::4]
        return b'P6\n%d %d\n255\n' % (self.width, self.height) + bytes(rgb)

    def close(self):
        self.sock.close()
