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


def network(name, more=""):
    return "<network><name>%s</name>%s</network>" % (name, more)


def test_networks_run_in_name_alone(daemon):
    world = open_world(daemon)
    default = world.networkLookupByName("default")
    assert (default.isActive(), default.bridgeName()) == (1, "virbr0")
    assert "still running" in fails(libvirt.VIR_ERR_OPERATION_INVALID, default.undefine)
    one = world.networkDefineXML(network("n-one"))
    assert "<mac" not in one.XMLDesc() and "<bridge stp='on' delay='0'/>" in one.XMLDesc()
    assert one.destroy() == 0 and one.create() == 0
    assert "already running" in fails(libvirt.VIR_ERR_OPERATION_INVALID, one.create)
    assert sorted(world.listNetworks()) == ["default", "n-one"]
    one.destroy()
    one.undefine()
    fails(libvirt.VIR_ERR_NO_SUPPORT, default.DHCPLeases)
    fails(libvirt.VIR_ERR_NO_SUPPORT, default.listAllPorts)


def test_a_transient_network_ends_with_its_end(daemon):
    world = open_world(daemon)
    one = world.networkCreateXML(network("n-one"))
    assert (one.isActive(), one.isPersistent()) == (1, 0)
    assert [n.name() for n in world.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_TRANSIENT)] == ["n-one"]
    one.update(3, libvirt.VIR_NETWORK_SECTION_DNS_TXT, -1, "<txt name='a' value='b'/>", 0)
    assert "<txt name='a' value='b'/>" in one.XMLDesc()
    assert "transient" in fails(libvirt.VIR_ERR_OPERATION_INVALID, one.update, 3, libvirt.VIR_NETWORK_SECTION_DNS_TXT, -1,
                                "<txt name='c' value='d'/>", libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG)
    one.destroy()
    fails(libvirt.VIR_ERR_NO_NETWORK, world.networkLookupByName, "n-one")


def test_what_runs_and_what_will_run_are_changed_apart(daemon):
    world = open_world(daemon)
    one = world.networkDefineXML(network("n-one"))
    one.create()
    text = libvirt.VIR_NETWORK_SECTION_DNS_TXT
    one.update(3, text, -1, "<txt name='live' value='b'/>", libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE)
    one.update(3, text, -1, "<txt name='config' value='b'/>", libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG)
    assert "name='live'" in one.XMLDesc() and "name='config'" not in one.XMLDesc()
    one.destroy()
    # The peer's test driver forgets the change of the configuration here and keeps the other one.
    assert "name='live'" not in one.XMLDesc() and "name='config'" in one.XMLDesc()


VOLUME = "<volume><name>%s</name><capacity>1000000</capacity>%s</volume>"


def pool(name, path=None):
    return "<pool type='dir'><name>%s</name><target><path>%s</path></target></pool>" % (name, path or "/nowhere/" + name)


def test_pools_have_room_and_no_folder(daemon):
    world = open_world(daemon)
    default = world.storagePoolLookupByName("default-pool")
    assert default.info() == [libvirt.VIR_STORAGE_POOL_RUNNING, 100 << 30, 0, 100 << 30]
    assert "is active" in fails(libvirt.VIR_ERR_OPERATION_INVALID, default.undefine)
    one = world.storagePoolDefineXML(pool("p-one"), 0)
    assert one.build(0) == 0 and one.create(0) == 0
    fails(libvirt.VIR_ERR_INVALID_ARG, one.create, libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD)
    fails(libvirt.VIR_ERR_NO_SUPPORT, world.storagePoolLookupByTargetPath, "/nowhere/p-one")
    assert "conflict" in fails(libvirt.VIR_ERR_OPERATION_FAILED, world.storagePoolDefineXML, pool("p-two", "/nowhere/p-one"), 0)
    one.destroy()
    one.undefine()


def test_volumes_are_kept_while_their_pool_rests(daemon):
    world = open_world(daemon)
    one = world.storagePoolDefineXML(pool("p-one"), 0)
    one.create(0)
    volume = one.createXML(VOLUME % ("v1", ""), 0)
    assert (volume.path(), volume.info()) == ("/nowhere/p-one/v1", [libvirt.VIR_STORAGE_VOL_FILE, 1000000, 1000000])
    assert one.info()[2:] == [1000000, (100 << 30) - 1000000]
    copy = one.createXMLFrom(VOLUME % ("v2", "<allocation>5</allocation>"), volume, 0)
    assert copy.info()[2] == 5 and "timestamps" not in copy.XMLDesc()
    assert "already exists" in fails(libvirt.VIR_ERR_OPERATION_FAILED, one.createXML, VOLUME % ("v1", ""), 0)
    assert "Not enough free space" in fails(libvirt.VIR_ERR_INTERNAL_ERROR, one.createXML,
                                            VOLUME % ("v3", "<allocation unit='T'>1</allocation>"), 0)
    fails(libvirt.VIR_ERR_XML_ERROR, one.createXML, "<volume><name>v3</name><backingStore><path>/x</path></backingStore></volume>", 0)
    for call in (lambda: volume.resize(5, 0), lambda: volume.wipe(0), lambda: volume.upload(world.newStream(0), 0, 0)):
        fails(libvirt.VIR_ERR_NO_SUPPORT, call)
    one.destroy()
    fails(libvirt.VIR_ERR_NO_STORAGE_VOL, world.storageVolLookupByPath, "/nowhere/p-one/v1")
    one.create(0)
    assert sorted(one.listVolumes()) == ["v1", "v2"]
    one.storageVolLookupByName("v1").delete(0)
    assert one.info()[2] == 5


def test_sources_of_pools_are_made_up(daemon):
    world = open_world(daemon)
    assert "<name>testvg2</name>" in world.findStoragePoolSources("logical", None, 0)
    assert "<host name='h'/>" in world.findStoragePoolSources("netfs", "<source><host name='h'/></source>", 0)
    fails(libvirt.VIR_ERR_INVALID_ARG, world.findStoragePoolSources, "netfs", None, 0)
    fails(libvirt.VIR_ERR_NO_SUPPORT, world.findStoragePoolSources, "fs", None, 0)


def test_a_world_has_the_networks_and_pools_of_its_file(daemon):
    path = daemon.root / "node.xml"
    path.write_text("<node>%s<pool type='dir'><name>p-file</name><target><path>/nowhere</path></target>"
                    "<volume><name>v-file</name><capacity>10</capacity></volume></pool></node>" % network("n-file"))
    world = open_world(daemon, path)
    assert world.listNetworks() == ["n-file"] and world.listStoragePools() == ["p-file"]
    assert world.storagePoolLookupByName("p-file").listVolumes() == ["v-file"]
