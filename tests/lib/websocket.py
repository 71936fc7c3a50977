# SPDX-License-Identifier: GPL-2.0-or-later
"""WebSockets from the client's side (RFC 6455), as a viewer in a browser has them."""

import struct

UPGRADE = ('GET /websockify HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n'
           'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
           'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\nOrigin: %s\r\n\r\n')


class WebSocket:
    """The client's side of RFC 6455: binary frames, whole messages."""

    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile('rb')
        self.data = b''

    def read(self, length):
        data = self.file.read(length)
        if len(data) < length:
            raise ConnectionError('the end')
        return data

    def frame(self):
        head = self.read(2)
        length = head[1] & 127
        if length == 126:
            length = struct.unpack('>H', self.read(2))[0]
        elif length == 127:
            length = struct.unpack('>Q', self.read(8))[0]
        return head[0] & 15, self.read(length)

    def recv(self, length):
        while len(self.data) < length:
            self.data += self.frame()[1]
        got, self.data = self.data[:length], self.data[length:]
        return got

    def send(self, data, opcode=2):
        mask = b'\x11\x22\x33\x44'
        size = struct.pack('>B', 128 | len(data)) if len(data) < 126 else \
            struct.pack('>BH', 128 | 126, len(data))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.sock.sendall(bytes((128 | opcode,)) + size + mask + masked)
