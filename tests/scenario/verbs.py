"""What many tests do: expect an error, wait for events, clean up after themselves."""
import contextlib
import subprocess

import libvirt
import pytest

from daemon import PATIENCE, PRESET, TOP

libvirt.virEventRegisterDefaultImpl()


def fails(code, call, *arguments):
    """The call fails with that error; its message is for tests that look closer."""
    # Nothing may keep the exception: what it refers to would be freed during some later call, which forgets its error.
    try:
        call(*arguments)
    except libvirt.libvirtError as error:
        got, message, words = error.get_error_code(), error.get_error_message(), str(error)
    else:
        pytest.fail("it did not fail")
    assert got == code, "%s, not %d: %s" % (got, code, words)
    return message


def validates(text, schema, work):
    """xmllint with the schema that is installed as /usr/share/libvirt/schemas/… (virt-xml-validate asks just this)."""
    file = work / "dumped.xml"
    file.write_text(text)
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", TOP / "build" / PRESET / "schemas" / schema,
                           file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout[-2000:] + text


def names(things):
    return sorted(thing.name() for thing in things)


def run_loop_until(condition):
    """Runs the client's event loop until it holds; the loop sleeps in the kernel, and an alarm ends a wait in vain."""
    late = []
    alarm = libvirt.virEventAddTimeout(PATIENCE * 1000, lambda *arguments: late.append(1), None)
    try:
        while not condition():
            assert not late, "it never held"
            libvirt.virEventRunDefaultImpl()
    finally:
        libvirt.virEventRemoveTimeout(alarm)


class Heard:
    """Events in the order of their arrival: each what the callback got after connection (and object, as its name)."""

    def __init__(self):
        self.events = []

    def __call__(self, connection, *arguments):
        told = [a.name() if hasattr(a, "name") else a.UUIDString() if hasattr(a, "UUIDString") else a for a in arguments[:-1]]
        self.events.append(tuple(told))

    def wait(self, count):
        run_loop_until(lambda: len(self.events) >= count)
        return self.events


def everything(connection):
    """name or UUID → object of all that a test can make, guests first: the others may be in use by them."""
    found = {}
    for kind, listing in (("domain", connection.listAllDomains), ("network", connection.listAllNetworks),
                          ("pool", connection.listAllStoragePools), ("filter", connection.listAllNWFilters)):
        found.update({(kind, thing.name()): thing for thing in listing()})
    found.update({("secret", thing.UUIDString()): thing for thing in connection.listAllSecrets()})
    return found


def remove(kind, thing):
    if kind in ("domain", "network", "pool") and thing.isActive():
        thing.destroy()
    # What was transient is gone by now.
    with contextlib.suppress(libvirt.libvirtError):
        if kind == "domain":
            thing.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                                libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA |
                                libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
        else:
            thing.undefine()
