"""What a client asks of the machine."""
import os
import socket
import xml.etree.ElementTree as ET

import libvirt
import pytest

from verbs import fails


def memory_total():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemTotal:"))


def test_the_machine_in_short(connection):
    model, memory, cpus, mhz, nodes, sockets, cores, threads = connection.getInfo()
    assert model == os.uname().machine
    # Of those cells of memory that the kernel tells of: below a virtual machine manager that may be less than there is.
    assert 0 < memory <= memory_total() // 1024
    assert cpus == os.cpu_count()
    assert nodes * sockets * cores * threads >= cpus
    assert connection.getHostname() == socket.gethostname() or connection.getHostname().startswith(socket.gethostname())


def test_processors(connection):
    present, online, count = connection.getCPUMap()
    assert present == len(online)
    assert count == sum(online)
    total = connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS)
    assert set(total) == {"kernel", "user", "idle", "iowait"}
    one = connection.getCPUStats(0)
    assert set(one) == set(total)
    assert 0 < one["idle"] + one["user"] <= total["idle"] + total["user"]
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getCPUStats, 100000)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getCPUStats, 0, 1)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getCPUMap, 1)


def test_memory(connection):
    stats = connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
    assert set(stats) == {"total", "free", "buffers", "cached"}
    assert stats["total"] == memory_total()
    assert 0 < stats["free"] < stats["total"]
    assert 0 < connection.getFreeMemory() < memory_total() * 1024
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getMemoryStats, 1000)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getMemoryStats, -1, 1)


def test_memory_cells(connection):
    caps = ET.fromstring(connection.getCapabilities())
    cells = caps.findall("./host/topology/cells/cell")
    (free,) = connection.getCellsFreeMemory(0, 1)
    assert 0 < free < memory_total() * 1024
    assert len(connection.getCellsFreeMemory(0, 100)) == max(1, len(cells))
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.getCellsFreeMemory, 1000, 1)
    pages = connection.getFreePages([4], 0, 1)
    assert list(pages) == [0]
    assert list(pages[0]) == [4]
    assert 0 < pages[0][4] * 4 < memory_total()
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.getFreePages, [5], 0, 1)


def test_page_merging(connection):
    if not os.path.exists("/sys/kernel/mm/ksm"):
        pytest.skip("the kernel merges no pages")
    found = connection.getMemoryParameters()
    with open("/sys/kernel/mm/ksm/sleep_millisecs") as file:
        assert found["shm_sleep_millisecs"] == int(file.read())
    assert {"shm_pages_to_scan", "shm_pages_shared", "shm_pages_sharing", "shm_full_scans"} <= set(found)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getMemoryParameters, 1 << 20)


def test_processor_models(connection):
    models = connection.getCPUModelNames("x86_64")
    assert len(models) > 50
    assert {"qemu64", "Nehalem", "EPYC", "Skylake-Server"} <= set(models)
    assert "qemu64" in connection.getCPUModelNames("i686")
    assert "POWER8" in connection.getCPUModelNames("ppc64")
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getCPUModelNames, "nonsense")
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getCPUModelNames, "x86_64", 1)


def test_capabilities(connection):
    caps = ET.fromstring(connection.getCapabilities())
    assert caps.tag == "capabilities"
    assert caps.findtext("./host/cpu/arch") == os.uname().machine
    assert len(caps.findtext("./host/uuid")) == 36
    guest = next(guest for guest in caps.findall("guest") if guest.find("arch").get("name") == "x86_64")
    assert guest.findtext("os_type") == "hvm"
    assert guest.findtext("./arch/wordsize") == "64"
    assert "qemu" in [domain.get("type") for domain in guest.findall("./arch/domain")]
    assert {"pc", "q35"} <= {machine.text for machine in guest.findall("./arch/machine")}
    assert connection.getMaxVcpus("qemu") > 0
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getMaxVcpus, "nonsense")


def test_capabilities_of_a_guest(connection):
    caps = ET.fromstring(connection.getDomainCapabilities(None, "x86_64", "q35", "qemu"))
    assert caps.tag == "domainCapabilities"
    assert caps.findtext("domain") == "qemu"
    assert caps.findtext("arch") == "x86_64"
    assert caps.findtext("machine").startswith("pc-q35-")
    assert "virtio" in [value.text for value in caps.findall("./devices/disk/enum[@name='bus']/value")]
    assert ET.fromstring(connection.getDomainCapabilities()).findtext("arch") == "x86_64"
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getDomainCapabilities, None, "nonsense", None, None)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getDomainCapabilities, None, "x86_64", "nonsense", "qemu")
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getDomainCapabilities, None, "x86_64", None, "nonsense")
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getDomainCapabilities, None, None, None, None, 1)


def test_capabilities_of_pools(connection):
    caps = ET.fromstring(connection.getStoragePoolCapabilities())
    assert caps.tag == "storagepoolCapabilities"
    kinds = {pool.get("type"): pool.get("supported") for pool in caps.findall("pool")}
    assert kinds["dir"] == "yes"
    assert {"fs", "netfs", "logical", "disk", "iscsi", "scsi", "mpath", "rbd", "gluster", "zfs"} <= set(kinds)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.getStoragePoolCapabilities, 1)


def test_names_and_versions(connection, house):
    assert connection.getType() == "QEMU"
    assert connection.getURI() == house.uri
    assert connection.getLibVersion() == 9000000
    qemu = connection.getVersion()
    assert "%d.%d.%d" % (qemu // 1000000, qemu // 1000 % 1000, qemu % 1000) in os.popen("qemu-system-x86_64 --version").read()
    assert "Running hypervisor: QEMU" in house.virsh("version")


def test_the_security_model(connection):
    assert connection.getSecurityModel() == ["", ""] or connection.getSecurityModel()[0] in ("none", "apparmor", "selinux", "dac")
