# SPDX-License-Identifier: GPL-2.0-or-later
"""A test case with a machine of its own under qtest: self.machine, and its client self.q."""

import unittest

from machine import Machine


class HwTest(unittest.TestCase):
    """Subclasses set `args`, the program's arguments, and `monitor` if they want self.machine.hmp.
    A test that needs other arguments calls self.start(...) itself, and sets `args` to None."""

    args = ('-machine', 'pc')
    monitor = False

    def setUp(self):
        if self.args is not None:
            self.start(*self.args)

    def start(self, *args, **kwargs):
        """Starts a machine that is stopped with the test; a crash makes the test fail."""
        kwargs.setdefault('monitor', self.monitor)
        machine = Machine(*args, **kwargs)
        self.addCleanup(machine.stop)
        machine.start()
        self.machine, self.q = machine, machine.qtest
        return machine

    def ports(self, *values, base=0):
        """Writes (port, value) pairs, bytes."""
        for port, value in values:
            self.q.outb(base + port, value)
