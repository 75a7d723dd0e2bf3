"""What the daemon says follows the schemas that it brings along, and what a client has validated really is."""
import shutil
import xml.etree.ElementTree as ET

import libvirt
import pytest

from verbs import fails, validates

needs_xmllint = pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")

CPU = "<cpu match='exact' mode='custom'><model fallback='forbid'>qemu64</model>%s</cpu>"


@pytest.fixture(scope="module")
def test_driver(house):
    connection = libvirt.open("test+unix:///default?socket=%s" % (house.run / "libvirt-sock"))
    yield connection
    connection.close()


@needs_xmllint
def test_what_is_told_of_the_machine(connection, test_driver, tmp_path):
    for each in (connection, test_driver):
        capabilities = each.getCapabilities()
        validates(capabilities, "capability.rng", tmp_path)
        for device in each.listAllDevices():
            validates(device.XMLDesc(), "nodedev.rng", tmp_path)
        for interface in each.listAllInterfaces():
            validates(interface.XMLDesc(), "interface.rng", tmp_path)
    validates(connection.getStoragePoolCapabilities(), "storagepoolcaps.rng", tmp_path)
    host = ET.fromstring(connection.getCapabilities()).find("host/cpu")
    validates(ET.tostring(host, encoding="unicode"), "cpu.rng", tmp_path)


@needs_xmllint
def test_what_is_told_of_emulators(connection, tmp_path):
    for arch in ET.fromstring(connection.getCapabilities()).findall("guest/arch"):
        text = connection.getDomainCapabilities(arch.findtext("emulator"), arch.get("name"), None, "qemu")
        validates(text, "domaincaps.rng", tmp_path)
    host = ET.fromstring(connection.getDomainCapabilities(None, "x86_64", "pc", "qemu")).find("cpu/mode[@name='host-model']")
    everything = "<cpu>%s</cpu>" % "".join(ET.tostring(child, encoding="unicode") for child in host)
    baseline = connection.baselineHypervisorCPU(None, "x86_64", None, "qemu", [everything])
    validates(baseline, "cpu.rng", tmp_path)


def refused(call, *arguments):
    """The schema's own words come along, whichever schema it is."""
    message = fails(libvirt.VIR_ERR_XML_INVALID_SCHEMA, call, *arguments)
    assert message.startswith("XML document failed to validate against schema: Unable to validate doc against "), message


def test_cpus_that_are_validated(connection):
    flag = libvirt.VIR_CONNECT_COMPARE_CPU_VALIDATE_XML
    place = (None, "x86_64", None, "qemu")
    assert connection.compareHypervisorCPU(*place, CPU % "", flag) == libvirt.VIR_CPU_COMPARE_SUPERSET
    connection.compareCPU(CPU % "", flag)
    for wrong in ("<bogus/>", "<feature name='aes' bogus='1'/>", "<topology sockets='1' cores='0' threads='1'/>"):
        refused(connection.compareCPU, CPU % wrong, flag)
        refused(connection.compareHypervisorCPU, *place, CPU % wrong, flag)
    assert connection.compareHypervisorCPU(*place, CPU % "<bogus/>", 0) == libvirt.VIR_CPU_COMPARE_SUPERSET
    for other in ("<domain/>", "<capabilities><cpu/></capabilities>"):
        fails(libvirt.VIR_ERR_XML_ERROR, connection.compareCPU, other, flag)
    fails(libvirt.VIR_ERR_XML_DETAIL, connection.compareCPU, "<cpu", flag)


def test_devices_that_are_validated(connection, test_driver):
    flag = libvirt.VIR_NODE_DEVICE_CREATE_XML_VALIDATE
    wrong = "<device><parent>computer</parent><capability type='mdev'><type id='t'/></capability><bogus/></device>"
    refused(connection.nodeDeviceCreateXML, wrong, flag)
    refused(connection.nodeDeviceDefineXML, wrong, libvirt.VIR_NODE_DEVICE_DEFINE_XML_VALIDATE)
    refused(test_driver.nodeDeviceCreateXML, wrong, flag)


def test_interfaces_that_are_validated(test_driver):
    text = "<interface type='ethernet' name='eth77'>%s</interface>"
    refused(test_driver.interfaceDefineXML, text % "<bogus/>", libvirt.VIR_INTERFACE_DEFINE_VALIDATE)
    interface = test_driver.interfaceDefineXML(text % "", libvirt.VIR_INTERFACE_DEFINE_VALIDATE)
    interface.undefine()
