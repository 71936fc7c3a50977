# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures for tests: reads PPM and (8-bit RGB) PNG, writes PNG, compares."""

import os
import struct
import zlib

REFERENCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'reference')


class Image:
    """width, height and `rgb`, three bytes a pixel."""

    def __init__(self, width, height, rgb):
        assert len(rgb) == width * height * 3
        self.width = width
        self.height = height
        self.rgb = rgb

    def __eq__(self, other):
        return (self.width, self.height, self.rgb) == (other.width, other.height, other.rgb)

    def pixel(self, x, y):
        """00RRGGBBh."""
        i = (y * self.width + x) * 3
        return int.from_bytes(self.rgb[i:i + 3], 'big')

    def difference(self, other):
        """None if equal, else what differs first."""
        if (self.width, self.height) != (other.width, other.height):
            return '%dx%d against %dx%d' % (self.width, self.height, other.width, other.height)
        if self.rgb == other.rgb:
            return None
        first = next(i for i in range(len(self.rgb)) if self.rgb[i] != other.rgb[i]) // 3
        x, y = first % self.width, first // self.width
        return 'pixel %d,%d: %06x against %06x' % (x, y, self.pixel(x, y), other.pixel(x, y))

    def save_png(self, path):
        def chunk(kind, data):
            body = kind + data
            return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))
        row = self.width * 3
        raw = b''.join(b'\0' + self.rgb[y * row:(y + 1) * row] for y in range(self.height))
        with open(path, 'wb') as f:
            f.write(b'\x89PNG\r\n\x1a\n')
            f.write(chunk(b'IHDR', struct.pack('>IIBBBBB', self.width, self.height, 8, 2, 0, 0, 0)))
            f.write(chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b''))


def _paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def _unfilter(kind, line, above):
    """Undoes a PNG filter (PNG specification, section 9) on a row of RGB pixels."""
    out = bytearray(line)
    if kind == 2:
        return bytearray((x + y) & 255 for x, y in zip(line, above))
    for i in range(len(out) if kind else 0):
        left = out[i - 3] if i >= 3 else 0
        corner = above[i - 3] if i >= 3 else 0
        guess = {1: left, 3: (left + above[i]) // 2, 4: _paeth(left, above[i], corner)}[kind]
        out[i] = (out[i] + guess) & 255
    return out


def _read_png(data):
    at, idat, width, height = 8, b'', 0, 0
    while at < len(data):
        length, kind = struct.unpack_from('>I4s', data, at)
        body = data[at + 8:at + 8 + length]
        if kind == b'IHDR':
            width, height, depth, color = struct.unpack_from('>IIBB', body)
            if (depth, color) != (8, 2):
                raise ValueError('PNG is not 8-bit RGB')
        elif kind == b'IDAT':
            idat += body
        at += length + 12
    raw, row = zlib.decompress(idat), width * 3
    above, out = bytes(row), bytearray()
    for y in range(height):
        start = y * (row + 1)
        above = _unfilter(raw[start], raw[start + 1:start + 1 + row], above)
        out += above
    return Image(width, height, bytes(out))


def read(path):
    """Reads a PPM (P6) or PNG file."""
    with open(path, 'rb') as f:
        data = f.read()
    if data.startswith(b'\x89PNG\r\n\x1a\n'):
        return _read_png(data)
    magic, size, depth, rest = data.split(b'\n', 3)
    if magic != b'P6' or depth != b'255':
        raise ValueError('%s is no picture we know' % path)
    width, height = (int(n) for n in size.split())
    return Image(width, height, rest)


def reference(name):
    """Path of tests/reference/NAME.png."""
    return os.path.join(REFERENCE, name + '.png')
