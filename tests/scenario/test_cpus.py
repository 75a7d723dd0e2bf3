"""What a client asks about processors."""
import xml.etree.ElementTree as ET

import libvirt
import pytest

from verbs import fails


def cpu(model, *features):
    return "<cpu><arch>x86_64</arch><model>%s</model>%s</cpu>" % (
        model, "".join("<feature name='%s'/>" % name for name in features))


def test_names_of_models(connection):
    names = connection.getCPUModelNames("x86_64")
    assert names[0] == "486"
    assert {"qemu64", "Haswell-noTSX", "EPYC-Milan"} <= set(names)
    assert connection.getCPUModelNames("ppc64le")[0] == "POWER6"
    assert connection.getCPUModelNames("aarch64") == []
    fails(libvirt.VIR_ERR_NO_SUPPORT, connection.getCPUModelNames, "riscv64")
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getCPUModelNames, "pdp11")


def test_baseline(connection):
    common = ET.fromstring(connection.baselineCPU([cpu("Haswell", "invtsc"), cpu("Nehalem", "invtsc", "aes")]))
    assert common.findtext("model") == "Westmere"
    assert [f.get("name") for f in common.findall("feature")] == ["invtsc"]
    moved = ET.fromstring(connection.baselineCPU([cpu("Haswell", "invtsc")], libvirt.VIR_CONNECT_BASELINE_CPU_MIGRATABLE))
    assert moved.findall("feature") == []
    full = ET.fromstring(connection.baselineCPU([cpu("pentium")], libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES))
    assert len(full.findall("feature")) == 9
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.baselineCPU, [cpu("Pentagon")])
    fails(libvirt.VIR_ERR_XML_ERROR, connection.baselineCPU, ["<cpu/>"])
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.baselineCPU, [cpu("pentium")], 4)


def test_the_host_compares_equal_to_itself(connection):
    host = ET.fromstring(connection.getCapabilities()).find("host/cpu")
    if host.find("model") is None:
        pytest.skip("nothing is known of this machine's processor")
    text = ET.tostring(host, encoding="unicode")
    assert connection.compareCPU(text) == libvirt.VIR_CPU_COMPARE_IDENTICAL
    host.remove(host.find("feature"))
    assert connection.compareCPU(ET.tostring(host, encoding="unicode")) == libvirt.VIR_CPU_COMPARE_SUPERSET
    foreign = "<cpu><arch>ppc64</arch><model>POWER8</model></cpu>"
    assert connection.compareCPU(foreign) == libvirt.VIR_CPU_COMPARE_INCOMPATIBLE
    fails(libvirt.VIR_ERR_CPU_INCOMPATIBLE, connection.compareCPU, foreign,
          libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE)


def emulated(connection):
    return ET.fromstring(connection.getDomainCapabilities(None, "x86_64", "pc", "qemu")).find("cpu")


def test_the_modes_of_an_emulator(connection):
    modes = {mode.get("name"): mode for mode in emulated(connection).findall("mode")}
    assert list(modes) == ["host-passthrough", "maximum", "host-model", "custom"]
    assert modes["host-model"].find("model").get("fallback") == "forbid"
    models = {model.text: model for model in modes["custom"].findall("model")}
    assert set(models) <= set(connection.getCPUModelNames("x86_64"))
    assert models["qemu64"].get("usable") == "yes" and models["qemu64"].get("vendor") == "unknown"
    assert models["Penryn"].get("vendor") == "Intel"


def test_what_an_emulator_can_give(connection):
    host = emulated(connection).find("mode[@name='host-model']")
    everything = "<cpu>%s</cpu>" % "".join(ET.tostring(child, encoding="unicode") for child in host)
    place = (None, "x86_64", None, "qemu")
    assert connection.compareHypervisorCPU(*place, everything) == libvirt.VIR_CPU_COMPARE_IDENTICAL
    assert connection.compareHypervisorCPU(*place, cpu("Conroe")) == libvirt.VIR_CPU_COMPARE_SUPERSET
    fails(libvirt.VIR_ERR_CPU_INCOMPATIBLE, connection.compareHypervisorCPU, *place, cpu("Cooperlake"),
          libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE)
    common = ET.fromstring(connection.baselineHypervisorCPU(*place, [cpu("Conroe"), cpu("Penryn")]))
    assert common.find("model").text == "Conroe" and common.find("model").get("fallback") == "forbid"
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.baselineHypervisorCPU, *place, ["<cpu mode='host-model'/>"])


def test_a_guest_like_its_host(connection):
    guest = connection.defineXML(
        "<domain type='qemu'><name>like-host</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>"
        "<os><type arch='x86_64' machine='pc'>hvm</type></os><cpu mode='host-model'/></domain>")
    try:
        host = emulated(connection).find("mode[@name='host-model']")
        shown = ET.fromstring(guest.XMLDesc(libvirt.VIR_DOMAIN_XML_UPDATE_CPU)).find("cpu")
        assert shown.get("mode") == "custom" and shown.findtext("model") == host.findtext("model")
        guest.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        live = ET.fromstring(guest.XMLDesc()).find("cpu")
        assert (live.get("mode"), live.get("match"), live.get("check")) == ("custom", "exact", "full")
        assert live.findtext("model") == host.findtext("model")
        assert ET.fromstring(guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)).find("cpu").get("mode") == "host-model"
        guest.destroy()
    finally:
        guest.undefine()
