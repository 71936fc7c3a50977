# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine without a guest, with a frontend that serves viewers (VNC, SPICE)."""

from fakemachine import FakeMachine


class Fake(FakeMachine):
    def __init__(self, module, options='', cwd=None):
        super().__init__(module, {}, options, cwd)
        self.expect('ready', 30)

    def stop(self):
        """Ends it; returns its status and what it said on stderr."""
        error = super().stop(20)
        return self.process.returncode, error
