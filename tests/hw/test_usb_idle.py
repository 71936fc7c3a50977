#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A tablet whose schedule the guest has suspended costs no wake-up of the host, and one that is
polled and does not move few. A wake-up is a timer that comes due."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import ehci  # noqa: E402
import tap  # noqa: E402
import uhci  # noqa: E402
import xhci  # noqa: E402
from hwtest import HwTest  # noqa: E402

SECONDS = 10
SECOND_NS = 1000000000


class Idle(HwTest):
    args = None

    def start_board(self, *args):
        self.start('-machine', 'pc', '-m', '16', *args)

    def wakeups(self):
        """Timers that come due in 10 seconds."""
        now = self.q.clock()
        end, count = now + SECONDS * SECOND_NS, 0
        while True:
            due = self.q.clock_step_next()
            if due == now or due > end:
                return count
            now, count = due, count + 1

    def rest(self):
        """Of a board without USB."""
        self.start_board()
        count = self.wakeups()
        self.machine.stop()
        return count

    def test_uhci(self):
        rest = self.rest()
        self.start_board('-usb', '-device', 'usb-tablet')
        hc = uhci.Uhci(self.q)
        hc.configure(0, 1)
        hc.control(1, 0x21, 10, 0)
        self.assertIsNone(hc.poll(1))
        hc.put(0, uhci.IN, 1, 1, 8, last=True)
        hc.start()
        self.assertLessEqual(self.wakeups() - rest, 64 * SECONDS)
        self.q.outw(uhci.PORT, 0x0008)  # stopped, and in global suspend
        self.assertEqual(self.wakeups(), rest)

    def test_ehci(self):
        rest = self.rest()
        self.start_board('-device', 'usb-ehci', '-device', 'usb-tablet')
        hc = ehci.Ehci(self.q)
        hc.configure(0, 1)
        hc.control(1, 0x21, 10, 0)
        self.assertIsNone(hc.poll(1))
        hc.queue(ehci.POLL, None, 1, 1, 8, mask=1)
        hc.put(0, ehci.IN, 8, last=True)
        hc.start(ehci.POLL)
        self.assertLessEqual(self.wakeups() - rest, 64 * SECONDS)
        hc.set_port(0, hc.port(0) | 0x80)  # the port sleeps, and then both lists
        hc.write(ehci.CMD, ehci.RUN)
        self.assertEqual(self.wakeups(), rest)
        hc.write(ehci.CMD, 0)
        self.assertEqual(self.wakeups(), rest)

    def test_xhci(self):
        rest = self.rest()
        self.start_board('-device', 'qemu-xhci', '-device', 'usb-tablet')
        hc = xhci.Xhci(self.q)
        slot = hc.attach(1)
        self.assertEqual(hc.add_endpoint(slot, 3, 7), xhci.SUCCESS)
        hc.control(slot, 0, 9, 1)
        hc.control(slot, 0x21, 10, 0)
        hc.events()
        hc.transfer(slot, 3, 8)
        self.assertEqual(self.wakeups(), rest)
        hc.set_link(1, xhci.U3)
        self.assertEqual(self.wakeups(), rest)
        self.q.writel(xhci.USBCMD, 0)
        self.assertEqual(self.wakeups(), rest)


if __name__ == '__main__':
    tap.main()
