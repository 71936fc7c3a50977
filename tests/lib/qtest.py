# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the qtest protocol: the test plays the guest's processor.

Ports: inb/inw/inl, outb/outw/outl. Memory: readb..readq, writeb..writeq, read, write, memset.
Time: clock_step, clock_step_next, clock_set (nanoseconds). Interrupts: irq_intercept_in/out, then
irq(n) is the level of line n as last reported, and irq_events the list of all changes.
"""

import base64
import socket
import time


class QtestError(Exception):
    pass


class Qtest:
    """Speaks qtest over a connected stream socket, which it owns."""

    def __init__(self, sock, timeout=20):
        self.sock = sock
        self.timeout = timeout
        self.buffer = b''
        self.irq_levels = {}
        self.irq_events = []  # of (line, level)
        self.messages = []    # of (address, data), after msi_intercept()

    def _line(self):
        end = time.monotonic() + self.timeout
        while b'\n' not in self.buffer:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                chunk = self.sock.recv(1 << 16)
            except socket.timeout:
                raise QtestError('no answer from qtest') from None
            except ConnectionError as e:
                raise QtestError('qtest connection lost: %s' % e) from None
            if not chunk:
                raise QtestError('qtest closed the connection')
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.decode('ascii')

    def raw(self, command):
        """Sends a command line and returns the answer line, "OK ..." or "FAIL ..."."""
        try:
            self.sock.sendall(command.encode('ascii') + b'\n')
        except OSError as e:
            raise QtestError('qtest connection lost: %s' % e) from None
        while True:
            line = self._line()
            words = line.split()
            if words and words[0] == 'IRQ':
                level = 1 if words[1] == 'raise' else 0
                self.irq_levels[int(words[2])] = level
                self.irq_events.append((int(words[2]), level))
            elif words and words[0] == 'MSI':
                self.messages.append((int(words[1], 0), int(words[2], 0)))
            else:
                return line

    def command(self, command):
        """Sends a command; returns the words after OK, raises QtestError on FAIL."""
        line = self.raw(command)
        words = line.split()
        if not words or words[0] != 'OK':
            raise QtestError('%s: %s' % (command[:100], line))
        return words[1:]

    # ---- ports ----

    def outb(self, port, value):
        self.command('outb 0x%x 0x%x' % (port, value))

    def outw(self, port, value):
        self.command('outw 0x%x 0x%x' % (port, value))

    def outl(self, port, value):
        self.command('outl 0x%x 0x%x' % (port, value))

    def inb(self, port):
        return int(self.command('inb 0x%x' % port)[0], 16)

    def inw(self, port):
        return int(self.command('inw 0x%x' % port)[0], 16)

    def inl(self, port):
        return int(self.command('inl 0x%x' % port)[0], 16)

    # ---- memory ----

    def writeb(self, addr, value):
        self.command('writeb 0x%x 0x%x' % (addr, value))

    def writew(self, addr, value):
        self.command('writew 0x%x 0x%x' % (addr, value))

    def writel(self, addr, value):
        self.command('writel 0x%x 0x%x' % (addr, value))

    def writeq(self, addr, value):
        self.command('writeq 0x%x 0x%x' % (addr, value))

    def readb(self, addr):
        return int(self.command('readb 0x%x' % addr)[0], 16)

    def readw(self, addr):
        return int(self.command('readw 0x%x' % addr)[0], 16)

    def readl(self, addr):
        return int(self.command('readl 0x%x' % addr)[0], 16)

    def readq(self, addr):
        return int(self.command('readq 0x%x' % addr)[0], 16)

    def read(self, addr, size):
        """`size` bytes of guest physical memory."""
        return base64.b64decode(self.command('b64read 0x%x 0x%x' % (addr, size))[0])

    def write(self, addr, data):
        """Writes bytes to guest physical memory."""
        if data:
            text = base64.b64encode(data).decode('ascii')
            self.command('b64write 0x%x 0x%x %s' % (addr, len(data), text))

    def memset(self, addr, size, value):
        self.command('memset 0x%x 0x%x 0x%x' % (addr, size, value))

    # ---- time ----

    def clock_step(self, ns):
        """Moves the guest clock on by `ns`, running what is due; returns the new time."""
        return int(self.command('clock_step %d' % ns)[0])

    def clock_step_next(self):
        """Moves the guest clock to the next timer; returns the new time."""
        return int(self.command('clock_step')[0])

    def clock_set(self, ns):
        return int(self.command('clock_set %d' % ns)[0])

    def clock(self):
        """The guest clock's time."""
        return self.clock_step(0)

    # ---- interrupts ----

    def irq_intercept_in(self, device):
        """Watches the input lines of a device: an id, or a type's name such as "ioapic"."""
        self.command('irq_intercept_in ' + device)

    def irq_intercept_out(self, device):
        self.command('irq_intercept_out ' + device)

    def set_irq_in(self, device, n, level):
        """Sets input `n` of a device; the name "unnamed-gpio-in" is QEMU's for plain inputs."""
        self.command('set_irq_in %s unnamed-gpio-in %d %d' % (device, n, level))

    def msi_intercept(self):
        """From now on interrupt messages are kept in self.messages (our own command)."""
        self.command('msi_intercept')

    def irq(self, n):
        """Last reported level of line n, after whatever the machine has sent so far."""
        self.command('endianness')
        return self.irq_levels.get(n, 0)

    def sync(self):
        """Waits until the machine has carried out all that was sent."""
        self.command('endianness')

    def close(self):
        self.sock.close()
