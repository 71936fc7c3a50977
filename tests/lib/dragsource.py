# SPDX-License-Identifier: GPL-2.0-or-later
"""A program with a window from which files can be dragged, as from a file manager's.

    dragsource.py URI...    prints "ready", then "dropped" or "refused" after each drag

It needs GTK's bindings, which are the system's python's.
"""
import sys

import gi

gi.require_version('Gdk', '3.0')
gi.require_version('Gtk', '3.0')
from gi.repository import Gdk, Gtk  # noqa: E402


def say(text):
    print(text, flush=True)


def main(uris):
    window = Gtk.Window(title='files')
    window.set_default_size(120, 80)
    box = Gtk.EventBox()
    box.add(Gtk.Label(label='drag me'))
    box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
    box.drag_source_add_uri_targets()
    failed = []

    def on_end(*ignored):
        say('refused' if failed else 'dropped')
        failed.clear()

    def on_failed(*ignored):
        failed.append(True)
        return True  # no animation of the icon flying back

    box.connect('drag-data-get', lambda w, c, data, i, t: data.set_uris(uris))
    box.connect('drag-failed', on_failed)
    box.connect('drag-end', on_end)
    window.add(box)
    window.connect('map-event', lambda *ignored: say('ready'))
    window.connect('destroy', Gtk.main_quit)
    window.show_all()
    Gtk.main()


if __name__ == '__main__':
    main(sys.argv[1:])
