# SPDX-License-Identifier: GPL-2.0-or-later
"""The pair of 8259A interrupt controllers (Intel datasheet 231468)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest

MASTER, SLAVE, ELCR = 0x20, 0xa0, 0x4d0


class I8259(HwTest):
    def setUp(self):
        super().setUp()
        self.q.irq_intercept_out('isa-i8259')
        self.init()

    def init(self, icw4=0x01):
        self.ports((0, 0x11), (1, 0x08), (1, 0x04), (1, icw4), (1, 0), base=MASTER)
        self.ports((0, 0x11), (1, 0x70), (1, 0x02), (1, icw4), (1, 0), base=SLAVE)

    def line(self, n, level):
        self.q.set_irq_in('isa-i8259', n, level)

    def pulse(self, *lines):
        for n in lines:
            self.line(n, 1)
            self.line(n, 0)

    def ack(self):
        return int(self.q.command('pic_acknowledge')[0], 16)

    def eoi(self, *values, port=MASTER):
        for v in values or (0x20,):
            self.q.outb(port, v)

    def register(self, port, which):
        self.q.outb(port, 0x0a if which == 'irr' else 0x0b)
        return self.q.inb(port)

    @property
    def intr(self):
        return self.q.irq(0)

    def test_priorities(self):
        self.pulse(7, 4, 3, 0)
        self.assertEqual(self.register(MASTER, 'irr'), 0x99)
        self.assertEqual(self.intr, 1)
        for n in (0, 3, 4, 7):
            self.assertEqual(self.ack(), 8 + n)
            self.assertEqual(self.register(MASTER, 'isr'), 1 << n)
            self.assertEqual(self.intr, 0)
            self.eoi()
        self.assertEqual(self.register(MASTER, 'irr'), 0)
        self.assertEqual(self.intr, 0)

    def test_nesting(self):
        self.pulse(5)
        self.ack()
        self.pulse(6)
        self.assertEqual(self.intr, 0)
        self.pulse(1)
        self.assertEqual(self.intr, 1)
        self.assertEqual(self.ack(), 9)
        self.assertEqual(self.register(MASTER, 'isr'), 0x22)
        self.eoi()
        self.assertEqual(self.register(MASTER, 'isr'), 0x20)
        self.assertEqual(self.intr, 0)
        self.eoi()
        self.assertEqual(self.ack(), 14)

    def test_mask(self):
        self.q.outb(MASTER + 1, 0x10)
        self.assertEqual(self.q.inb(MASTER + 1), 0x10)
        self.pulse(4)
        self.assertEqual(self.intr, 0)
        self.assertEqual(self.register(MASTER, 'irr'), 0x10)
        self.q.outb(MASTER + 1, 0)
        self.assertEqual(self.intr, 1)
        self.assertEqual(self.ack(), 12)

    def test_edge_needs_an_edge(self):
        self.line(4, 1)
        self.ack()
        self.eoi()
        self.assertEqual(self.intr, 0)
        self.line(4, 1)
        self.assertEqual(self.intr, 0)
        self.line(4, 0)
        self.line(4, 1)
        self.assertEqual(self.intr, 1)

    def test_icw1_forgets(self):
        self.pulse(4)
        self.ack()
        self.pulse(3)
        self.q.outb(MASTER + 1, 0xff)
        self.q.outb(MASTER, 0x11)
        self.assertEqual(self.q.inb(MASTER + 1), 0)
        self.assertEqual(self.q.inb(MASTER), 0, 'ICW1 selects IRR, which is empty')
        self.assertEqual(self.register(MASTER, 'isr'), 0)

    def test_single(self):
        """SNGL: no ICW3; without IC4 no ICW4 either."""
        self.ports((0, 0x13), (1, 0x40), (1, 0x01), (1, 0x55), base=MASTER)
        self.assertEqual(self.q.inb(MASTER + 1), 0x55)
        self.ports((0, 0x12), (1, 0x48), (1, 0xaa), base=MASTER)
        self.assertEqual(self.q.inb(MASTER + 1), 0xaa)
        self.pulse(0)
        self.assertEqual(self.ack(), 0x48)

    def test_vector_base_ignores_low_bits(self):
        self.ports((0, 0x11), (1, 0x57), (1, 4), (1, 1), base=MASTER)
        self.pulse(1)
        self.assertEqual(self.ack(), 0x51)

    def test_elcr(self):
        self.q.outw(ELCR, 0xffff)
        self.assertEqual(self.q.inw(ELCR), 0xdef8)
        self.q.outw(ELCR, 0x0820)
        self.line(5, 1)
        self.assertEqual(self.ack(), 13)
        self.assertEqual(self.register(MASTER, 'irr'), 0x20, 'a level goes on asking')
        self.assertEqual(self.intr, 0)
        self.eoi()
        self.assertEqual(self.intr, 1)
        self.line(5, 0)
        self.assertEqual(self.intr, 0)
        self.line(11, 1)
        self.assertEqual(self.ack(), 0x73)
        self.line(11, 0)
        self.eoi(port=SLAVE)
        self.eoi()
        self.assertEqual(self.intr, 0)

    def test_elcr_takes_over_a_line(self):
        self.line(9, 1)
        self.ack()
        self.eoi(port=SLAVE)
        self.eoi()
        self.assertEqual(self.intr, 0)
        self.q.outb(ELCR + 1, 0x02)
        self.assertEqual(self.intr, 1)
        self.assertEqual(self.ack(), 0x71)

    def test_specific_eoi(self):
        self.pulse(6)
        self.ack()
        self.pulse(2 + 1)
        self.ack()
        self.assertEqual(self.register(MASTER, 'isr'), 0x48)
        self.eoi(0x66)
        self.assertEqual(self.register(MASTER, 'isr'), 0x08)
        self.eoi(0x61)
        self.assertEqual(self.register(MASTER, 'isr'), 0x08, 'not in service: nothing happens')

    def test_rotation(self):
        self.pulse(0, 1, 4)
        self.assertEqual(self.ack(), 8)
        self.eoi(0xa0)      # rotate on non-specific EOI: 0 is the lowest
        self.pulse(0)
        self.assertEqual(self.ack(), 9)
        self.eoi(0xe1)      # rotate on specific EOI
        self.assertEqual(self.ack(), 12)
        self.eoi()
        self.assertEqual(self.ack(), 8)
        self.eoi()

    def test_set_priority(self):
        self.eoi(0xc4)      # 4 is the lowest, 5 the highest
        self.pulse(0, 4, 5, 7)
        for n in (5, 7, 0, 4):
            self.assertEqual(self.ack(), 8 + n)
            self.eoi()

    def test_auto_eoi(self):
        self.init(0x03)
        self.pulse(3, 12)
        self.assertEqual(self.ack(), 0x74)
        self.assertEqual(self.register(MASTER, 'isr'), 0)
        self.assertEqual(self.register(SLAVE, 'isr'), 0)
        self.assertEqual(self.ack(), 11)
        self.assertEqual(self.intr, 0)

    def test_special_mask(self):
        self.pulse(3)
        self.ack()
        self.pulse(6)
        self.assertEqual(self.intr, 0)
        self.q.outb(MASTER + 1, 0x08)
        self.assertEqual(self.intr, 0, 'masked but in service: still blocks')
        self.q.outb(MASTER, 0x68)
        self.assertEqual(self.intr, 1, 'special mask mode')
        self.assertEqual(self.ack(), 14)
        self.eoi()
        self.assertEqual(self.register(MASTER, 'isr'), 0x08, 'EOI leaves the masked level alone')
        self.q.outb(MASTER, 0x28)   # without ESMM: no change
        self.pulse(7)
        self.assertEqual(self.intr, 1)
        self.q.outb(MASTER, 0x48)
        self.assertEqual(self.intr, 0)

    def test_poll(self):
        self.q.outb(MASTER, 0x0c)
        self.assertEqual(self.q.inb(MASTER), 0)
        self.pulse(6)
        self.q.outb(MASTER, 0x0c)
        self.assertEqual(self.q.inb(MASTER), 0x86)
        self.assertEqual(self.register(MASTER, 'isr'), 0x40)
        self.assertEqual(self.intr, 0)
        self.eoi()
        self.pulse(13)
        self.q.outb(MASTER, 0x0c)
        self.assertEqual(self.q.inb(MASTER + 1), 0x82, 'from either port')
        self.q.outb(SLAVE, 0x0c)
        self.assertEqual(self.q.inb(SLAVE), 0x85)
        self.assertEqual(self.q.inb(SLAVE + 1), 0, 'then the mask again')

    def test_spurious(self):
        self.assertEqual(self.ack(), 15)
        self.assertEqual(self.register(MASTER, 'isr'), 0)
        self.q.outb(ELCR + 1, 0x08)
        self.line(11, 1)
        self.assertEqual(self.intr, 1)
        self.line(11, 0)
        self.assertEqual(self.intr, 0)
        self.assertEqual(self.ack(), 15)

    def test_cascade_order(self):
        """Slave requests rank between IRQ 1 and IRQ 3."""
        self.pulse(3, 15, 8, 1)
        self.assertEqual(self.ack(), 9)
        self.eoi()
        self.assertEqual(self.ack(), 0x70)
        self.eoi(port=SLAVE)
        self.eoi()
        self.assertEqual(self.ack(), 0x77)
        self.eoi(port=SLAVE)
        self.eoi()
        self.assertEqual(self.ack(), 11)

    def test_cascade_input_is_the_slaves(self):
        self.line(2, 1)
        self.assertEqual(self.intr, 0)

    def test_slave_masked_in_master(self):
        self.q.outb(MASTER + 1, 0x04)
        self.pulse(10)
        self.assertEqual(self.intr, 0)
        self.q.outb(MASTER + 1, 0)
        self.assertEqual(self.ack(), 0x72)

    def test_words(self):
        """A 16-bit write reaches both ports, low first."""
        self.q.outw(MASTER, 0xaa0a)
        self.assertEqual(self.q.inw(MASTER) >> 8, 0xaa)


class Info(HwTest):
    monitor = True

    def test_info_pic(self):
        self.q.outb(0x4d0, 0x20)
        self.q.set_irq_in('isa-i8259', 5, 1)
        text = self.machine.hmp.command('info pic')
        self.assertIn('pic0: irr=20 imr=ff isr=00 hprio=0 irq_base=00 rr_sel=0 elcr=20 fnm=0', text)
        self.assertIn('pic1: irr=00', text)


if __name__ == '__main__':
    tap.main()
