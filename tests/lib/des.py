# SPDX-License-Identifier: GPL-2.0-or-later
"""DES (FIPS 46-3) as VNC authentication uses it (RFC 6143, 7.2.2): for clients in tests."""

IP = [58 - 8 * (i % 8) + 2 * (i // 8) if i < 32 else 57 - 8 * (i % 8) + 2 * (i // 8 - 4)
      for i in range(64)]
FP = [IP.index(i + 1) + 1 for i in range(64)]
E = [(4 * (i // 6) + i % 6 - 1) % 32 + 1 for i in range(48)]
P = [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
     2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25]
PC1 = [57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3,
       60, 52, 44, 36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45,
       37, 29, 21, 13, 5, 28, 20, 12, 4]
PC2 = [14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
       41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29,
       32]
ROTATED_BY_ONE = (0, 1, 8, 15)
S = [[int(digit, 16) for digit in box] for box in (
    'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
    'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
    'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
    '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
    '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
    'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
    '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
    'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b')]


def _permute(value, width, table):
    out = 0
    for bit in table:
        out = out << 1 | value >> (width - bit) & 1
    return out


def _keys(key):
    halves = _permute(key, 64, PC1)
    c, d = halves >> 28, halves & 0xfffffff
    for i in range(16):
        for _ in range(1 if i in ROTATED_BY_ONE else 2):
            c = (c << 1 | c >> 27) & 0xfffffff
            d = (d << 1 | d >> 27) & 0xfffffff
        yield _permute(c << 28 | d, 56, PC2)


def _function(half, key):
    mixed = _permute(half, 32, E) ^ key
    out = 0
    for i in range(8):
        six = mixed >> (42 - 6 * i) & 63
        row = six >> 4 & 2 | six & 1
        out = out << 4 | S[i][row * 16 + (six >> 1 & 15)]
    return _permute(out, 32, P)


def encrypt_block(key, block):
    """Eight bytes with a key of eight bytes."""
    value = _permute(int.from_bytes(block, 'big'), 64, IP)
    left, right = value >> 32, value & 0xffffffff
    for key_part in _keys(int.from_bytes(key, 'big')):
        left, right = right, left ^ _function(right, key_part)
    return _permute(right << 32 | left, 64, FP).to_bytes(8, 'big')


def vnc_response(challenge, password):
    """The answer to a VNC challenge: each byte of the password with its bits turned around."""
    padded = password.encode('latin-1')[:8].ljust(8, b'\0')
    key = bytes(int('{:08b}'.format(byte)[::-1], 2) for byte in padded)
    return encrypt_block(key, challenge[:8]) + encrypt_block(key, challenge[8:])
