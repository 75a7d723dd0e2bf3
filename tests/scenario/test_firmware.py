"""Firmware: which one a guest gets, the file of its variables, and what becomes of that file."""
import json
import pathlib

import libvirt
import pytest

from verbs import fails

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


@pytest.fixture
def firmware(daemon):
    """Firmware of our own, before and instead of what the host has: images that QEMU can load, if not run."""
    folder = daemon.root / "etc/qemu/firmware"
    folder.mkdir(parents=True)
    for file in pathlib.Path("/usr/share/qemu/firmware").glob("*.json"):
        (folder / file.name).touch()
    images = daemon.root / "images"
    images.mkdir()

    def describe(name, features=(), machines=("pc-q35-*",)):
        for image, byte in (("CODE", b"C"), ("VARS", b"V")):
            (images / ("%s_%s.fd" % (name, image))).write_bytes(byte * (1 << 20))
        (folder / (name + ".json")).write_text(json.dumps({
            "description": name, "interface-types": ["uefi"], "features": list(features), "tags": [],
            "mapping": {"device": "flash",
                        "executable": {"filename": str(images / (name + "_CODE.fd")), "format": "raw"},
                        "nvram-template": {"filename": str(images / (name + "_VARS.fd")), "format": "raw"}},
            "targets": [{"architecture": "x86_64", "machines": list(machines)}]}))
    describe.images = images
    return describe


def guest(os, features="<acpi/>", machine="q35"):
    return """<domain type='qemu'><name>g</name><memory unit='MiB'>64</memory>
<os%s<type arch='x86_64' machine='%s'>hvm</type>%s</os><features>%s</features>
<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>""" % (
        os.partition(">")[0] + ">", machine, os.partition(">")[2], features)


def nvram(daemon):
    return daemon.root / "var/lib/libvirt/qemu/nvram/g_VARS.fd"


def test_the_first_that_fits_is_used_and_its_variables_are_kept(daemon, firmware):
    firmware("10-secure", ["secure-boot", "requires-smm"])
    firmware("20-plain")
    dom = daemon.connect().defineXML(guest(" firmware='efi'>"))
    assert "<os firmware='efi'>" in dom.XMLDesc()
    dom.createWithFlags(PAUSED)
    live = dom.XMLDesc()
    images = firmware.images
    assert "<loader readonly='yes' secure='yes' type='pflash'>%s/10-secure_CODE.fd</loader>" % images in live
    assert "<nvram template='%s/10-secure_VARS.fd'>%s</nvram>" % (images, nvram(daemon)) in live
    assert "<smm state='on'/>" in live
    assert "<os firmware='efi'>" in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert nvram(daemon).read_bytes() == (images / "10-secure_VARS.fd").read_bytes()
    dom.destroy()

    # What the firmware wrote there stays, unless it is to be as new.
    nvram(daemon).write_bytes(b"W" * (1 << 20))
    dom.createWithFlags(PAUSED)
    assert nvram(daemon).read_bytes()[:1] == b"W"
    dom.destroy()
    dom.createWithFlags(PAUSED | libvirt.VIR_DOMAIN_START_RESET_NVRAM)
    assert nvram(daemon).read_bytes()[:1] == b"V"
    dom.destroy()

    fails(libvirt.VIR_ERR_OPERATION_INVALID, dom.undefine)
    dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
    assert not nvram(daemon).exists()


def test_features_choose(daemon, firmware):
    firmware("10-secure", ["secure-boot", "requires-smm"])
    firmware("20-plain")
    connection = daemon.connect()
    wish = "<firmware><feature enabled='no' name='secure-boot'/></firmware>"
    dom = connection.defineXML(guest(" firmware='efi'>" + wish))
    dom.createWithFlags(PAUSED)
    assert "20-plain_CODE.fd" in dom.XMLDesc()
    dom.destroy()
    dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)
    assert nvram(daemon).exists()
    argv = connection.domainXMLToNative("qemu-argv", guest(" firmware='efi'><loader secure='yes'/>"))
    assert "10-secure_CODE.fd" in argv and "smm=on" in argv and "driver=cfi.pflash01,property=secure,value=on" in argv


def test_an_image_chosen_by_hand_needs_a_template(daemon, firmware):
    firmware("10-plain")
    connection = daemon.connect()
    loader = "><loader readonly='yes' type='pflash'>%s</loader>"
    dom = connection.defineXML(guest(loader % (firmware.images / "10-plain_CODE.fd")))
    assert "<nvram>%s</nvram>" % nvram(daemon) in dom.XMLDesc()
    dom.createWithFlags(PAUSED)
    assert "<nvram template='%s/10-plain_VARS.fd'>" % firmware.images in dom.XMLDesc()
    dom.destroy()
    dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
    other = firmware.images / "other.fd"
    other.write_bytes(b"C" * (1 << 20))
    dom = connection.defineXML(guest(loader % other))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, dom.createWithFlags, PAUSED)
    assert not nvram(daemon).exists()
    dom.undefine()
    template = firmware.images / "10-plain_VARS.fd"
    dom = connection.defineXML(guest((loader % other) + "<nvram template='%s'/>" % template))
    dom.createWithFlags(PAUSED)
    assert nvram(daemon).read_bytes() == template.read_bytes()
    dom.destroy()
    dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)


@pytest.mark.parametrize("os, features, machine, code", [
    (" firmware='bios'>", "<acpi/>", "q35", libvirt.VIR_ERR_OPERATION_FAILED),
    (" firmware='efi'>", "<acpi/>", "pc", libvirt.VIR_ERR_OPERATION_FAILED),
    (" firmware='efi'><loader stateless='yes'/>", "<acpi/>", "q35", libvirt.VIR_ERR_OPERATION_FAILED),
    (" firmware='efi'><loader secure='yes'/>", "<acpi/><smm state='off'/>", "q35", libvirt.VIR_ERR_OPERATION_INVALID),
    (" firmware='efi'>", "", "q35", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (" firmware='efi'><loader secure='yes'/>", "<acpi/>", "pc", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (" firmware='efi'><loader secure='no'/>", "<acpi/>", "q35", libvirt.VIR_ERR_XML_DETAIL),
    (" firmware='efi'><loader readonly='yes'/>", "<acpi/>", "q35", libvirt.VIR_ERR_XML_DETAIL),
    (" firmware='efi'><nvram template='/x'/>", "<acpi/>", "q35", libvirt.VIR_ERR_XML_DETAIL),
    ("><nvram>/x</nvram>", "<acpi/>", "q35", libvirt.VIR_ERR_XML_DETAIL),
    ("><firmware><feature enabled='no' name='secure-boot'/></firmware>", "<acpi/>", "q35", libvirt.VIR_ERR_XML_DETAIL),
    (" firmware='efi'><firmware><feature enabled='no' name='x'/></firmware>", "<acpi/>", "q35", libvirt.VIR_ERR_XML_ERROR),
    ("><loader type='pflash' secure='yes'>/x</loader>", "<acpi/>", "q35", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
])
def test_what_does_not_go_together_is_refused(daemon, firmware, os, features, machine, code):
    firmware("10-secure", ["secure-boot", "requires-smm"])
    fails(code, daemon.connect().domainXMLToNative, "qemu-argv", guest(os, features, machine))


def test_a_faulty_description_is_named(daemon, firmware):
    firmware("10-plain")
    (daemon.root / "etc/qemu/firmware/20-bad.json").write_text("{")
    assert "20-bad.json" in daemon.virsh("domcapabilities", status=1)


def test_capabilities_tell_what_can_be_chosen(daemon, firmware):
    firmware("10-secure", ["secure-boot", "requires-smm"])
    q35 = daemon.connect().getDomainCapabilities(None, "x86_64", "q35", "qemu")
    assert "<enum name='firmware'>\n      <value>efi</value>\n    </enum>" in q35
    assert "<value>%s/10-secure_CODE.fd</value>" % firmware.images in q35
    assert "<enum name='secure'>\n        <value>yes</value>" in q35
    assert "<enum name='firmware'/>" in daemon.connect().getDomainCapabilities(None, "x86_64", "pc", "qemu")
