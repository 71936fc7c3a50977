# SPDX-License-Identifier: GPL-2.0-or-later
"""Decoders for a viewer's rectangles (RFC 6143, 7.7, and the community's RFB protocol page), for
32 bits a pixel, little endian, red at 16: plain and slow. `Decoder(viewer).update()` takes one
FramebufferUpdate into viewer.pixels."""

import struct
import zlib

RAW, COPYRECT, RRE, CORRE, HEXTILE, ZLIB, TIGHT, ZRLE = 0, 1, 2, 4, 5, 6, 7, 16
DESKTOP_SIZE, LAST_RECT = -223, -224


class Decoder:
    def __init__(self, viewer, encodings):
        self.viewer = viewer
        self.recv = viewer.recv
        self.zlib = zlib.decompressobj()
        self.zrle = zlib.decompressobj()
        self.tight = [zlib.decompressobj() for _ in range(4)]
        self.count = {}  # rectangles by encoding
        self.others = {}  # pseudo-encodings: what to call with the rectangle
        viewer.sock.sendall(struct.pack('>BxH%di' % len(encodings), 2, len(encodings), *encodings))

    def fetch(self, incremental=True):
        self.viewer.request(incremental)
        return self.update()

    def update(self):
        """Takes messages up to and with an update; returns how many pixels it brought."""
        kind = self.recv(1)[0]
        if kind != 0:
            raise AssertionError('message %d' % kind)
        changed, count = 0, struct.unpack('>xH', self.recv(3))[0]
        while count:
            count -= 1
            x, y, w, h, encoding = struct.unpack('>HHHHi', self.recv(12))
            self.count[encoding] = self.count.get(encoding, 0) + 1
            if encoding == LAST_RECT:
                break
            if encoding in self.others:
                self.others[encoding](x, y, w, h)
            elif encoding == DESKTOP_SIZE:
                self.viewer.width, self.viewer.height = w, h
                self.viewer.pixels = bytearray(w * h * 4)
            else:
                {RAW: self.raw, COPYRECT: self.copy, RRE: self.rre, CORRE: self.corre,
                 HEXTILE: self.hextile, ZLIB: self.zlib_raw, TIGHT: self.tight_rectangle,
                 ZRLE: self.zrle_rectangle}[encoding](x, y, w, h)
                changed += w * h
        return changed

    # ---- the picture ----

    def put(self, x, y, w, h, data):
        width, pixels = self.viewer.width, self.viewer.pixels
        assert len(data) == w * h * 4, (w, h, len(data))
        assert x + w <= width and y + h <= self.viewer.height
        for row in range(h):
            at = ((y + row) * width + x) * 4
            pixels[at:at + w * 4] = data[row * w * 4:(row + 1) * w * 4]

    def fill(self, x, y, w, h, pixel):
        self.put(x, y, w, h, pixel * (w * h))

    # ---- encodings ----

    def raw(self, x, y, w, h):
        self.put(x, y, w, h, self.recv(w * h * 4))

    def copy(self, x, y, w, h):
        from_x, from_y = struct.unpack('>HH', self.recv(4))
        width, pixels = self.viewer.width, self.viewer.pixels
        rows = [bytes(pixels[((from_y + row) * width + from_x) * 4:][:w * 4]) for row in range(h)]
        self.put(x, y, w, h, b''.join(rows))

    def rre(self, x, y, w, h, size='>HHHH'):
        count = struct.unpack('>I', self.recv(4))[0]
        self.fill(x, y, w, h, self.recv(4))
        for _ in range(count):
            pixel = self.recv(4)
            sx, sy, sw, sh = struct.unpack(size, self.recv(struct.calcsize(size)))
            self.fill(x + sx, y + sy, sw, sh, pixel)

    def corre(self, x, y, w, h):
        self.rre(x, y, w, h, '>BBBB')

    def hextile(self, x, y, w, h):
        background = foreground = bytes(4)
        for ty in range(y, y + h, 16):
            for tx in range(x, x + w, 16):
                tw, th = min(16, x + w - tx), min(16, y + h - ty)
                kind = self.recv(1)[0]
                if kind & 1:
                    self.raw(tx, ty, tw, th)
                    continue
                background = self.recv(4) if kind & 2 else background
                foreground = self.recv(4) if kind & 4 else foreground
                self.fill(tx, ty, tw, th, background)
                for _ in range(self.recv(1)[0] if kind & 8 else 0):
                    pixel = self.recv(4) if kind & 16 else foreground
                    place, size = self.recv(2)
                    self.fill(tx + (place >> 4), ty + (place & 15), (size >> 4) + 1,
                              (size & 15) + 1, pixel)

    def zlib_raw(self, x, y, w, h):
        data = self.recv(struct.unpack('>I', self.recv(4))[0])
        self.put(x, y, w, h, self.zlib.decompress(data))

    def zrle_rectangle(self, x, y, w, h):
        data = self.recv(struct.unpack('>I', self.recv(4))[0])
        data = memoryview(self.zrle.decompress(data))
        for ty in range(y, y + h, 64):
            for tx in range(x, x + w, 64):
                tw, th = min(64, x + w - tx), min(64, y + h - ty)
                data, tile = zrle_tile(data, tw, th)
                self.put(tx, ty, tw, th, tile)
        assert not data, 'more than the tiles'

    def tight_rectangle(self, x, y, w, h):
        control = self.recv(1)[0]
        for stream in range(4):
            if control >> stream & 1:
                self.tight[stream] = zlib.decompressobj()
        kind = control >> 4
        if kind == 8:
            self.fill(x, y, w, h, self.recv(3)[::-1] + b'\0')
            return
        assert kind < 8, 'tight kind %d' % kind
        filters = self.recv(1)[0] if kind & 4 else 0
        if filters == 1:
            self.tight_palette(x, y, w, h, kind & 3)
            return
        data = self.tight_data(kind & 3, w * h * 3)
        assert filters == 0, 'filter %d' % filters
        self.put(x, y, w, h, rgb_to_pixels(data))

    def tight_palette(self, x, y, w, h, stream):
        count = self.recv(1)[0] + 1
        colours = [self.recv(3)[::-1] + b'\0' for _ in range(count)]
        if count == 2:
            stride = (w + 7) // 8
            data = self.tight_data(stream, stride * h)
            indices = [data[row * stride + i // 8] >> (7 - i % 8) & 1
                       for row in range(h) for i in range(w)]
        else:
            indices = self.tight_data(stream, w * h)
        self.put(x, y, w, h, b''.join([colours[i] for i in indices]))

    def tight_data(self, stream, size):
        if size < 12:
            return self.recv(size)
        length = shift = 0
        while shift < 21:
            byte = self.recv(1)[0]
            length |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        return self.tight[stream].decompress(self.recv(length))


def rgb_to_pixels(data):
    pixels = bytearray(len(data) // 3 * 4)
    pixels[2::4], pixels[1::4], pixels[0::4] = data[0::3], data[1::3], data[2::3]
    return bytes(pixels)


def cpixels(data, count):
    """`count` compressed pixels (B, G, R), and what follows."""
    pixels = bytearray(count * 4)
    for i in range(3):
        pixels[i::4] = data[i:count * 3:3]
    return bytes(pixels), data[count * 3:]


def run_length(data):
    length = 1
    while data[0] == 255:
        length, data = length + 255, data[1:]
    return length + data[0], data[1:]


def zrle_tile(data, w, h):
    kind, data = data[0], data[1:]
    if kind == 0:
        pixels, data = cpixels(data, w * h)
        return data, pixels
    if kind == 1:
        pixel, data = cpixels(data, 1)
        return data, pixel * (w * h)
    if kind == 128:
        out = bytearray()
        while len(out) < w * h * 4:
            pixel, data = cpixels(data, 1)
            length, data = run_length(data)
            out += pixel * length
        return data, out
    count = kind if kind < 128 else kind - 128
    table, data = cpixels(data, count)
    colours = [table[i * 4:i * 4 + 4] for i in range(count)]
    out = bytearray()
    if kind > 128:
        while len(out) < w * h * 4:
            index, data = data[0], data[1:]
            length = 1
            if index & 128:
                length, data = run_length(data)
            out += colours[index & 127] * length
        return data, out
    bits = 1 if count == 2 else 2 if count <= 4 else 4
    stride = (w * bits + 7) // 8
    for row in range(h):
        for i in range(w):
            byte = data[row * stride + i * bits // 8]
            out += colours[byte >> (8 - bits - i * bits % 8) & ((1 << bits) - 1)]
    return data[stride * h:], out
