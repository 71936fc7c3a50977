# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest shows: its picture, its text screen, and where both are to be found."""

import time

import image

TEXT = 0xb8000
COLUMNS, ROWS = 80, 25


def wait(condition, what, timeout=60):
    """Until condition() is true; returns what it returned."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError('did not happen in %d s: %s' % (timeout, what))
        time.sleep(0.1)


class Screen:
    """The first display of a running machine, as its monitor tells."""

    def __init__(self, machine):
        self.machine = machine
        self.hmp = machine.hmp

    def dump(self):
        """The picture, by `screendump`."""
        path = self.machine.path('screen.ppm')
        answer = self.hmp.command('screendump ' + path)
        if answer:
            raise AssertionError(answer)
        return image.read(path)

    def cells(self):
        """80x25 cells: character, attribute."""
        answer = self.hmp.command('xp /%dxh 0x%x' % (COLUMNS * ROWS, TEXT))
        words = [int(word, 16) for line in answer.split('\n')
                 for word in line.split(':', 1)[1].split()]
        return [(word & 0xff, word >> 8) for word in words]

    def rows(self):
        """The text, a string a row, without the blanks at its end."""
        cells = self.cells()
        return [bytes(c for c, _ in cells[at:at + COLUMNS]).decode('cp437').rstrip('\0 ')
                for at in range(0, COLUMNS * ROWS, COLUMNS)]

    def attribute(self, row, column):
        return self.cells()[row * COLUMNS + column][1]

    def wait_text(self, text, timeout=90):
        """Until a row has the text; returns all rows."""
        rows = []

        def there():
            rows[:] = self.rows()
            return any(text in row for row in rows)
        try:
            wait(there, text, timeout)
        except AssertionError as error:
            raise AssertionError('%s; the screen:\n%s' % (error, '\n'.join(rows))) from None
        return rows

    def numbers(self):
        """(scans, frames) since the start, by `info display`."""
        words = self.hmp.command('info display').replace(',', '').split()
        return int(words[words.index('scans') - 1]), int(words[words.index('frames') - 1])


def text_rows(picture, first, end, height=16):
    """The pixels of some rows of text."""
    line = picture.width * 3 * height
    return picture.rgb[first * line:end * line]


def find(whole, part):
    """Where `part` is in a larger picture: (x, y), or None."""
    width, row = part.width * 3, whole.width * 3
    lines = [part.rgb[at:at + width] for at in range(0, len(part.rgb), width)]
    key = max(range(part.height), key=lambda y: len(set(lines[y])))  # says most of the place
    for y in range(key, whole.height - (part.height - key) + 1):
        line = whole.rgb[y * row:(y + 1) * row]
        x = line.find(lines[key])
        while x >= 0:
            top = (y - key) * row + x
            if x % 3 == 0 and all(whole.rgb[top + i * row:top + i * row + width] == lines[i]
                                  for i in range(part.height)):
                return x // 3, y - key
            x = line.find(lines[key], x + 1)
    return None
