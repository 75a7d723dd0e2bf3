"""Storage pools: definitions, their life, lists, what is told of them."""
import os
import pathlib
import shutil
import tempfile

import libvirt
import pytest

from verbs import Heard, fails, names

UUID = "41111111-2222-3333-4444-555555555551"


@pytest.fixture
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="ik-pool-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def pool_xml(name, path, uuid=UUID, more=""):
    return "<pool type='dir'><name>%s</name>%s<target><path>%s</path>%s</target></pool>" % (
        name, "<uuid>%s</uuid>" % uuid if uuid else "", path, more)


def test_a_pool_lives(connection, folder):
    defined, active = connection.numOfDefinedStoragePools(), connection.numOfStoragePools()
    where = folder / "new"
    pool = connection.storagePoolDefineXML(pool_xml("t-one", where))
    assert (pool.name(), pool.UUIDString(), pool.isActive(), pool.isPersistent(), pool.autostart()) == ("t-one", UUID, 0, 1, 0)
    assert connection.numOfDefinedStoragePools() == defined + 1
    assert "t-one" in connection.listDefinedStoragePools()
    assert not where.exists()
    pool.build()
    assert where.is_dir()
    pool.create()
    assert pool.isActive() == 1
    assert (connection.numOfDefinedStoragePools(), connection.numOfStoragePools()) == (defined, active + 1)
    assert "t-one" in connection.listStoragePools()
    pool.destroy()
    assert pool.isActive() == 0
    pool.delete()
    assert not where.exists()
    pool.undefine()
    fails(libvirt.VIR_ERR_NO_STORAGE_POOL, connection.storagePoolLookupByName, "t-one")
    for call in (pool.XMLDesc, pool.info, pool.create, pool.build, pool.destroy, pool.delete, pool.undefine, pool.refresh,
                 pool.autostart, pool.isActive, pool.isPersistent, pool.numOfVolumes, pool.listVolumes, pool.listAllVolumes):
        fails(libvirt.VIR_ERR_NO_STORAGE_POOL, call)


def test_look_ups(connection, folder):
    pool = connection.storagePoolDefineXML(pool_xml("t-one", folder))
    assert connection.storagePoolLookupByName("t-one").UUIDString() == UUID
    assert connection.storagePoolLookupByUUIDString(UUID).name() == "t-one"
    fails(libvirt.VIR_ERR_NO_STORAGE_POOL, connection.storagePoolLookupByTargetPath, str(folder))
    pool.create()
    assert connection.storagePoolLookupByTargetPath(str(folder)).name() == "t-one"
    fails(libvirt.VIR_ERR_NO_STORAGE_POOL, connection.storagePoolLookupByTargetPath, str(folder) + "-not")
    fails(libvirt.VIR_ERR_NO_STORAGE_POOL, connection.storagePoolLookupByUUIDString, UUID[:-1] + "9")


def test_the_description(connection, folder):
    folder.chmod(0o750)
    pool = connection.storagePoolDefineXML(pool_xml("t-one", folder, more="<permissions><mode>0750</mode></permissions>"))
    assert pool.XMLDesc() == """<pool type='dir'>
  <name>t-one</name>
  <uuid>%s</uuid>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>0</available>
  <source>
  </source>
  <target>
    <path>%s</path>
    <permissions>
      <mode>0750</mode>
    </permissions>
  </target>
</pool>
""" % (UUID, folder)
    assert pool.info() == [libvirt.VIR_STORAGE_POOL_INACTIVE, 0, 0, 0]
    pool.create()
    state, capacity, allocation, available = pool.info()
    assert state == libvirt.VIR_STORAGE_POOL_RUNNING
    disk = os.statvfs(folder)
    assert capacity == disk.f_frsize * disk.f_blocks
    assert capacity - allocation == available
    assert "<capacity unit='bytes'>%d</capacity>" % capacity in pool.XMLDesc()


def test_transient_pools_vanish_when_they_stop(connection, folder):
    pool = connection.storagePoolCreateXML(pool_xml("t-one", folder))
    assert (pool.isActive(), pool.isPersistent()) == (1, 0)
    assert "t-one" in names(connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_TRANSIENT))
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, lambda: pool.setAutostart(1))
    pool.destroy()
    fails(libvirt.VIR_ERR_NO_STORAGE_POOL, connection.storagePoolLookupByName, "t-one")


def test_a_pool_is_built_as_it_is_created(connection, folder):
    where = folder / "deep"
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, connection.storagePoolCreateXML, pool_xml("t-one", where))
    pool = connection.storagePoolCreateXML(pool_xml("t-one", where), libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD)
    assert where.is_dir()
    pool.destroy()
    pool = connection.storagePoolDefineXML(pool_xml("t-two", folder / "other"))
    pool.create(libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD)
    assert (folder / "other").is_dir()


def test_what_the_state_forbids(connection, folder):
    pool = connection.storagePoolDefineXML(pool_xml("t-one", folder / "not"))
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, pool.create)
    assert pool.isActive() == 0
    for call in (pool.destroy, pool.refresh, pool.numOfVolumes, pool.listVolumes, pool.listAllVolumes,
                 lambda: pool.storageVolLookupByName("x")):
        assert "storage pool 't-one' is not active" in fails(libvirt.VIR_ERR_OPERATION_INVALID, call)
    pool.build()
    pool.create()
    for call in (pool.create, pool.build, pool.delete, pool.undefine):
        fails(libvirt.VIR_ERR_OPERATION_INVALID, call)
    assert pool.isActive() == 1


def test_autostart(connection, folder):
    pool = connection.storagePoolDefineXML(pool_xml("t-one", folder))
    assert pool.autostart() == 0
    pool.setAutostart(1)
    assert pool.autostart() == 1
    pool.setAutostart(0)
    assert pool.autostart() == 0


def test_refresh_finds_what_others_put_there(connection, folder):
    pool = connection.storagePoolCreateXML(pool_xml("t-one", folder))
    (folder / "one.img").write_bytes(b"\0" * 4096)
    (folder / "sub").mkdir()
    assert pool.numOfVolumes() == 0
    pool.refresh()
    assert sorted(pool.listVolumes()) == ["one.img", "sub"]
    assert pool.numOfVolumes() == 2
    assert names(pool.listAllVolumes()) == ["one.img", "sub"]
    (folder / "one.img").unlink()
    pool.refresh()
    assert pool.listVolumes() == ["sub"]


def test_lists_have_filters(connection, folder):
    connection.storagePoolDefineXML(pool_xml("t-one", folder)).create()
    connection.storagePoolDefineXML(pool_xml("t-two", folder / "2", UUID[:-1] + "2")).setAutostart(1)
    F = "VIR_CONNECT_LIST_STORAGE_POOLS_"

    def listed(*flags):
        return [name for name in names(connection.listAllStoragePools(sum(getattr(libvirt, F + flag) for flag in flags)))
                if name.startswith("t-")]
    both = ["t-one", "t-two"]
    assert listed() == listed("ACTIVE", "INACTIVE") == listed("PERSISTENT") == listed("DIR") == listed("DIR", "FS") == both
    assert listed("ACTIVE") == ["t-one"]
    assert listed("INACTIVE") == ["t-two"]
    assert listed("AUTOSTART") == ["t-two"]
    assert listed("NO_AUTOSTART") == ["t-one"]
    for kind in ("TRANSIENT", "FS", "NETFS", "LOGICAL", "DISK", "ISCSI", "SCSI", "MPATH", "RBD", "SHEEPDOG", "GLUSTER", "ZFS",
                 "VSTORAGE", "ISCSI_DIRECT"):
        assert listed(kind) == []
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.listAllStoragePools, 1 << 30)


@pytest.mark.parametrize("xml, code", [
    ("<pool", libvirt.VIR_ERR_XML_DETAIL),
    ("<network/>", libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='nonsense'/>", libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='dir'/>", libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='dir'><name>t-bad</name></pool>", libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='dir'><name>t/bad</name><target><path>/x</path></target></pool>", libvirt.VIR_ERR_XML_ERROR),
    (pool_xml("t-bad", "/x", "nonsense"), libvirt.VIR_ERR_XML_ERROR),
])
def test_definitions_that_are_wrong(connection, xml, code):
    fails(code, connection.storagePoolDefineXML, xml)
    fails(code, connection.storagePoolCreateXML, xml)


def test_definitions_that_clash(connection, folder):
    connection.storagePoolDefineXML(pool_xml("t-one", folder))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.storagePoolDefineXML, pool_xml("t-one", folder, UUID[:-1] + "2"))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.storagePoolDefineXML, pool_xml("t-two", folder))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.storagePoolDefineXML, pool_xml("t-two", folder, UUID[:-1] + "2"))


def test_events_tell_of_the_life_of_pools(connection, folder):
    life, fresh = Heard(), Heard()
    first = connection.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, life, None)
    second = connection.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH, fresh, None)
    pool = connection.storagePoolDefineXML(pool_xml("t-one", folder / "x"))
    pool.build()
    pool.create()
    pool.refresh()
    pool.destroy()
    pool.delete()
    pool.undefine()
    kinds = [libvirt.VIR_STORAGE_POOL_EVENT_DEFINED, libvirt.VIR_STORAGE_POOL_EVENT_CREATED,
             libvirt.VIR_STORAGE_POOL_EVENT_STARTED, libvirt.VIR_STORAGE_POOL_EVENT_STOPPED,
             libvirt.VIR_STORAGE_POOL_EVENT_DELETED, libvirt.VIR_STORAGE_POOL_EVENT_UNDEFINED]
    assert life.wait(len(kinds)) == [("t-one", kind, 0) for kind in kinds]
    assert fresh.wait(1) == [("t-one",)]
    connection.storagePoolEventDeregisterAny(first)
    connection.storagePoolEventDeregisterAny(second)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.storagePoolEventDeregisterAny, first)


def test_sources_are_found_where_they_can_be(connection):
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.findStoragePoolSources, "nonsense", None)
    fails(libvirt.VIR_ERR_NO_SUPPORT, connection.findStoragePoolSources, "dir", None)


def test_read_only_clients_change_nothing(connection, house, folder):
    if not house.system:
        pytest.skip("an ordinary user has no read-only socket")
    connection.storagePoolDefineXML(pool_xml("t-one", folder))
    reader = libvirt.openReadOnly(house.uri)
    there = reader.storagePoolLookupByName("t-one")
    for call in (there.create, there.destroy, there.undefine, there.build, there.delete, lambda: there.setAutostart(1)):
        fails(libvirt.VIR_ERR_OPERATION_DENIED, call)
    reader.close()


def test_pools_outlive_the_daemon(daemon, folder):
    connection = daemon.connect()
    connection.storagePoolDefineXML(pool_xml("t-one", folder)).setAutostart(1)
    connection.storagePoolDefineXML(pool_xml("t-two", folder / "2", UUID[:-1] + "2"))
    connection.close()
    daemon.stop()
    # It starts by itself once after a boot of the host, not whenever the daemon starts.
    daemon.start()
    connection = daemon.connect()
    assert connection.storagePoolLookupByName("t-one").isActive() == 0
    connection.close()
    daemon.stop()
    (daemon.run / "storage" / "autostarted").unlink()
    daemon.start()
    connection = daemon.connect()
    heard = Heard()
    callback = connection.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, heard, None)
    # The daemon is there for its clients before the last pool runs.
    if not connection.storagePoolLookupByName("t-one").isActive():
        heard.wait(1)
    connection.storagePoolEventDeregisterAny(callback)
    assert connection.storagePoolLookupByName("t-one").isActive() == 1
    assert connection.storagePoolLookupByName("t-two").isActive() == 0
    connection.close()
