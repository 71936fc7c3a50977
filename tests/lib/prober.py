# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of QMP that waits for the socket to be there, and asks people's questions, too."""

import time

from qmp import Client


class Prober(Client):
    def __init__(self, path, timeout=20):
        end = time.monotonic() + timeout
        while True:
            try:
                super().__init__(path)
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def told(self, name):
        """The data of the next event of that name."""
        return self.event(name).get('data', {})

    def hmp(self, line):
        return self.value('human-monitor-command', command_line=line)
