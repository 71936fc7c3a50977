#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints the text in the clipboard of the X server in DISPLAY; with a file's name, saves its
picture there as PNG instead. Fails if there is none."""
import sys

import gi

gi.require_version('Gtk', '3.0')
gi.require_version('Gdk', '3.0')
from gi.repository import Gdk, Gtk  # noqa: E402

clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
if len(sys.argv) > 1:
    picture = clipboard.wait_for_image()
    if not picture:
        sys.exit('no picture')
    picture.savev(sys.argv[1], 'png', [], [])
else:
    text = clipboard.wait_for_text()
    if text is None:
        sys.exit('no text')
    sys.stdout.write(text)
