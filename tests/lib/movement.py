# SPDX-License-Identifier: GPL-2.0-or-later
"""Movements of a tablet at a steady rate, and what came of them in a guest.

Movement n puts the pointer at a place that no other one does, so that a report tells its number.
"""

import select
import struct
import time

RATE = 1000
ROW = 600     # places in a row, for viewers, who know pixels only
ABS_MAX = 0x7fff


class Qmp:
    """A client of QMP that moves; answers are not waited for."""

    def __init__(self, client):
        self.client = client

    def move(self, n):
        self.client.send('{"execute": "input-send-event", "arguments": {"events": [{"type": "abs",'
                         '"data": {"axis": "x", "value": %d}}, {"type": "abs", "data": {"axis": '
                         '"y", "value": %d}}]}}\n' % (n, ABS_MAX - n))
        if n % 64 == 63:
            for _ in range(64):
                assert 'return' in self.client.answer()

    def close(self):
        self.client.close()

    def number(self, x, y):
        return x if x + y == ABS_MAX else None


class Viewer:
    """A VNC viewer's pointer."""

    def __init__(self, viewer):
        self.viewer = viewer

    def move(self, n):
        self.viewer.pointer(n % ROW, n // ROW)

    def close(self):
        self.viewer.close()

    def number(self, x, y):
        column = round(x * (self.viewer.width - 1) / ABS_MAX)
        row = round(y * (self.viewer.height - 1) / ABS_MAX)
        return row * ROW + column if column < ROW else None


def play(hand, count, rate=RATE):
    """Movements 0 to count - 1, each at its time; returns by how many seconds the latest was."""
    begin, late = time.monotonic(), 0
    for n in range(count):
        wait = begin + n / rate - time.monotonic()
        if wait > 0:
            select.select([], [], [], wait)
        else:
            late = max(late, -wait)
        hand.move(n)
    return late


def numbers(hand, reports):
    """Which movements the reports tell; None is a place where nobody was."""
    return [hand.number(*struct.unpack('<HH', report[1:5])) for report in reports
            if len(report) >= 5]
