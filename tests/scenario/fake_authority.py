"""Stands where polkit stands, as a person would decide: `fake_authority.py ADDRESS dismissed|typed`."""
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

INTERFACE = "org.freedesktop.PolicyKit1.Authority"
ANSWERS = {"dismissed": (False, False, {"polkit.dismissed": "true"}), "typed": (True, False, {"polkit.retains_authorization_after_challenge": "1"})}


class Authority(dbus.service.Object):
    @dbus.service.method(INTERFACE, in_signature="(sa{sv})sa{ss}us", out_signature="(bba{ss})")
    def CheckAuthorization(self, subject, action, details, flags, cancellation):
        # A person can only be asked where that is allowed, and taken back where the question has a name.
        assert flags == 1 and cancellation
        authorized, challenge, words = ANSWERS[sys.argv[2]]
        return authorized, challenge, dbus.Dictionary(words, signature="ss")


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
name = dbus.service.BusName("org.freedesktop.PolicyKit1", bus)
Authority(bus, "/org/freedesktop/PolicyKit1/Authority")
GLib.MainLoop().run()
