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
