"""`test:///`: a machine in memory, without any hypervisor."""
import libvirt
import pytest

from verbs import fails

NODE = """<node>
  <domain type='test'><name>t-%s</name><memory>8192</memory><os><type>hvm</type></os></domain>
  <domain file='other.xml'/>
</node>
"""
OTHER = "<domain type='test'><name>t-other</name><memory>8192</memory><os><type>hvm</type></os></domain>"


def open_world(house, path="/default"):
    return libvirt.open("test+unix://%s?socket=%s" % (path, house.socket))


def names(connection):
    return [domain.name() for domain in connection.listAllDomains()]


def test_the_default_world_is_the_same_for_all_and_stays(daemon):
    first = open_world(daemon)
    assert first.getType() == "TEST"
    assert names(first) == ["test"]
    assert first.lookupByName("test").isActive()
    first.defineXML(OTHER)
    second = open_world(daemon)
    assert sorted(names(second)) == ["t-other", "test"]
    first.close()
    second.close()
    third = open_world(daemon)
    assert sorted(names(third)) == ["t-other", "test"]
    assert not list(daemon.config.rglob("t-other*")) and not list(daemon.run.rglob("test.xml"))


def test_a_world_from_a_file_is_each_connections_own(daemon):
    path = daemon.root / "node.xml"
    path.write_text(NODE % "one")
    (daemon.root / "other.xml").write_text(OTHER)
    first, second = open_world(daemon, path), open_world(daemon, path)
    assert sorted(names(first)) == ["t-one", "t-other"]
    first.lookupByName("t-one").destroy()
    assert second.lookupByName("t-one").isActive()
    first.close()
    assert sorted(names(second)) == ["t-one", "t-other"]


def test_bad_paths_and_documents_are_refused(daemon):
    fails(libvirt.VIR_ERR_INVALID_ARG, open_world, daemon, "/")
    fails(libvirt.VIR_ERR_XML_ERROR, open_world, daemon, "/nonexistent/node.xml")
    path = daemon.root / "node.xml"
    path.write_text("<domain/>")
    fails(libvirt.VIR_ERR_XML_ERROR, open_world, daemon, path)
    path.write_text("<node><domain file='missing.xml'/></node>")
    fails(libvirt.VIR_ERR_XML_ERROR, open_world, daemon, path)
    path.write_text("<node>")
    with pytest.raises(libvirt.libvirtError):
        open_world(daemon, path)


def test_nothing_of_the_real_machine_is_reached(daemon):
    connection = open_world(daemon)
    for call in (connection.listAllSecrets, connection.listAllNWFilters, lambda: connection.getMemoryStats(-1),
                 connection.getMemoryParameters, lambda: connection.domainXMLToNative("qemu-argv", OTHER)):
        fails(libvirt.VIR_ERR_NO_SUPPORT, call)
