"""Volumes of a folder: made, copied, resized, wiped, filled and read through streams."""
import os
import pathlib
import shutil
import tempfile

import libvirt
import pytest

from verbs import fails, names

MIB = 1 << 20


@pytest.fixture
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="ik-vol-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def pool(connection, folder):
    return connection.storagePoolCreateXML("<pool type='dir'><name>t-pool</name><target><path>%s</path></target></pool>" % folder)


def volume_xml(name, capacity=MIB, allocation=None, format="raw", more=""):
    return "<volume><name>%s</name><capacity>%d</capacity>%s<target><format type='%s'/></target>%s</volume>" % (
        name, capacity, "" if allocation is None else "<allocation>%d</allocation>" % allocation, format, more)


def upload(volume, data, offset=0, length=0):
    stream = volume.connect().newStream()
    volume.upload(stream, offset, length)
    view = memoryview(data)
    while view:
        view = view[stream.send(bytes(view[:65536])):]
    stream.finish()


def download(volume, offset=0, length=0):
    stream = volume.connect().newStream()
    volume.download(stream, offset, length)
    data = b""
    while piece := stream.recv(65536):
        data += piece
    stream.finish()
    return data


def test_a_volume_is_made_found_and_deleted(connection, pool, folder):
    volume = pool.createXML(volume_xml("one.img", allocation=0))
    assert (volume.name(), volume.path(), volume.key()) == ("one.img", "%s/one.img" % folder, "%s/one.img" % folder)
    assert volume.info() == [libvirt.VIR_STORAGE_VOL_FILE, MIB, 0]
    assert volume.infoFlags() == volume.info()
    assert volume.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL) == [libvirt.VIR_STORAGE_VOL_FILE, MIB, MIB]
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.infoFlags, 1 << 20)
    assert os.stat(volume.path()).st_size == MIB
    assert (pool.numOfVolumes(), pool.listVolumes(), names(pool.listAllVolumes())) == (1, ["one.img"], ["one.img"])
    assert pool.storageVolLookupByName("one.img").key() == volume.key()
    assert connection.storageVolLookupByKey(volume.key()).name() == "one.img"
    assert connection.storageVolLookupByPath(volume.path()).name() == "one.img"
    assert volume.storagePoolLookupByVolume().name() == "t-pool"
    volume.delete()
    assert not (folder / "one.img").exists()
    assert pool.numOfVolumes() == 0
    fails(libvirt.VIR_ERR_NO_STORAGE_VOL, pool.storageVolLookupByName, "one.img")
    fails(libvirt.VIR_ERR_NO_STORAGE_VOL, connection.storageVolLookupByKey, "%s/one.img" % folder)
    fails(libvirt.VIR_ERR_NO_STORAGE_VOL, connection.storageVolLookupByPath, "%s/one.img" % folder)
    for call in (volume.info, volume.XMLDesc, volume.path, volume.delete, volume.wipe, lambda: volume.resize(2 * MIB)):
        fails(libvirt.VIR_ERR_NO_STORAGE_VOL, call)


def test_the_description(pool, folder):
    volume = pool.createXML(volume_xml("one.img", allocation=0))
    status = os.stat(volume.path())
    text = volume.XMLDesc()
    assert text.startswith("""<volume type='file'>
  <name>one.img</name>
  <key>%s/one.img</key>
  <capacity unit='bytes'>1048576</capacity>
  <allocation unit='bytes'>0</allocation>
  <physical unit='bytes'>1048576</physical>
  <target>
    <path>%s/one.img</path>
    <format type='raw'/>
    <permissions>
      <mode>0600</mode>
      <owner>%d</owner>
      <group>%d</group>
    </permissions>
""" % (folder, folder, status.st_uid, status.st_gid)), text
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.XMLDesc, 1 << 20)


def test_other_formats_and_backing_images(pool, folder):
    base = pool.createXML(volume_xml("base.qcow2", 4 * MIB, format="qcow2"))
    assert "<format type='qcow2'/>" in base.XMLDesc()
    assert base.info()[1] == 4 * MIB
    top = pool.createXML(volume_xml("top.qcow2", 8 * MIB, format="qcow2", more="<backingStore><path>%s</path><format type='qcow2'/>"
                                    "</backingStore>" % base.path()))
    text = top.XMLDesc()
    assert "<backingStore>\n    <path>%s</path>\n    <format type='qcow2'/>" % base.path() in text
    pool.refresh()
    assert "<path>%s</path>" % base.path() in pool.storageVolLookupByName("top.qcow2").XMLDesc()


def test_a_volume_is_copied(pool):
    source = pool.createXML(volume_xml("one.img"))
    upload(source, b"abc" * 1000)
    copy = pool.createXMLFrom(volume_xml("two.img"), source)
    assert download(copy) == download(source)
    other = pool.createXMLFrom(volume_xml("two.qcow2", format="qcow2"), source)
    assert "<format type='qcow2'/>" in other.XMLDesc()
    assert other.info()[1] == MIB
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, pool.createXMLFrom, volume_xml("two.img"), source)
    assert sorted(pool.listVolumes()) == ["one.img", "two.img", "two.qcow2"]


def test_a_volume_is_resized(pool):
    volume = pool.createXML(volume_xml("one.img", allocation=0))
    volume.resize(2 * MIB)
    assert volume.info()[1] == os.stat(volume.path()).st_size == 2 * MIB
    volume.resize(MIB, libvirt.VIR_STORAGE_VOL_RESIZE_DELTA)
    assert volume.info()[1] == 3 * MIB
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.resize, MIB)
    volume.resize(MIB, libvirt.VIR_STORAGE_VOL_RESIZE_SHRINK)
    assert volume.info()[1] == MIB
    volume.resize(4 * MIB, libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE)
    assert volume.info()[1:] == [4 * MIB, os.stat(volume.path()).st_blocks * 512]
    assert volume.info()[2] >= 3 * MIB
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.resize, MIB, 1 << 20)
    image = pool.createXML(volume_xml("one.qcow2", format="qcow2"))
    image.resize(2 * MIB)
    assert image.info()[1] == 2 * MIB


def test_a_volume_is_wiped(pool):
    volume = pool.createXML(volume_xml("one.img"))
    upload(volume, b"secret" * 1000)
    volume.wipe()
    assert download(volume) == b"\0" * MIB
    upload(volume, b"secret" * 1000)
    volume.wipePattern(libvirt.VIR_STORAGE_VOL_WIPE_ALG_ZERO)
    assert download(volume) == b"\0" * MIB
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.wipePattern, 99)
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.wipe, 1)


def test_bytes_go_in_and_out(pool):
    volume = pool.createXML(volume_xml("one.img"))
    data = os.urandom(300000)
    upload(volume, data, 1000)
    assert download(volume, 1000, len(data)) == data
    assert download(volume, 0, 1000) == b"\0" * 1000
    assert download(volume) == b"\0" * 1000 + data + b"\0" * (MIB - 1000 - len(data))
    assert download(volume, MIB - 5) == b"\0" * 5


def test_streams_end_where_they_must(connection, pool):
    volume = pool.createXML(volume_xml("one.img"))
    stream = connection.newStream()
    volume.upload(stream, 0, 10)
    stream.send(b"x" * 10)
    stream.finish()
    assert download(volume, 0, 12) == b"x" * 10 + b"\0" * 2
    stream = connection.newStream()
    volume.upload(stream, 0, 0)
    stream.send(b"y" * 10)
    stream.abort()
    fails(libvirt.VIR_ERR_INVALID_ARG, volume.download, connection.newStream(), 0, 0, 1 << 20)
    # Neither has done harm to the connection.
    assert volume.info()[1] == MIB


@pytest.mark.parametrize("xml, code", [
    ("<volume", libvirt.VIR_ERR_XML_DETAIL),
    ("<pool/>", libvirt.VIR_ERR_XML_ERROR),
    ("<volume/>", libvirt.VIR_ERR_XML_ERROR),
    ("<volume><name>x</name></volume>", libvirt.VIR_ERR_XML_ERROR),
    ("<volume><name>../x</name><capacity>1</capacity></volume>", libvirt.VIR_ERR_OPERATION_INVALID),
    ("<volume><name>x</name><capacity>much</capacity></volume>", libvirt.VIR_ERR_XML_ERROR),
    (volume_xml("x", format="nonsense"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
])
def test_definitions_that_are_wrong(pool, folder, xml, code):
    fails(code, pool.createXML, xml)
    assert list(folder.iterdir()) == []


def test_what_is_there_is_not_made_again(pool, folder):
    pool.createXML(volume_xml("one.img"))
    fails(libvirt.VIR_ERR_STORAGE_VOL_EXIST, pool.createXML, volume_xml("one.img"))
    (folder / "two.img").write_bytes(b"precious")
    with pytest.raises(libvirt.libvirtError):
        pool.createXML(volume_xml("two.img"))
    assert (folder / "two.img").read_bytes() == b"precious"


def test_folders_are_volumes_too(pool, folder):
    (folder / "sub").mkdir()
    pool.refresh()
    volume = pool.storageVolLookupByName("sub")
    assert volume.info()[0] == libvirt.VIR_STORAGE_VOL_DIR
    assert volume.XMLDesc().startswith("<volume type='dir'>\n  <name>sub</name>\n")
    volume.delete()
    assert not (folder / "sub").exists()


def test_virsh_has_its_way(house, pool, folder):
    house.virsh("vol-create-as", "t-pool", "v.img", "1M")
    (folder.parent / (folder.name + ".data")).write_bytes(b"hello")
    try:
        house.virsh("vol-upload", "v.img", "%s.data" % folder, "--pool", "t-pool")
    finally:
        os.unlink("%s.data" % folder)
    house.virsh("vol-clone", "v.img", "w.img", "--pool", "t-pool")
    assert (folder / "w.img").read_bytes()[:5] == b"hello"
    house.virsh("vol-delete", "v.img", "--pool", "t-pool")
    assert house.virsh("vol-list", "t-pool").split()[-2:] == ["w.img", "%s/w.img" % folder]
    house.virsh("vol-info", "v.img", "--pool", "t-pool", status=1)


def test_read_only_clients_change_nothing(connection, house, pool):
    if not house.system:
        pytest.skip("an ordinary user has no read-only socket")
    pool.createXML(volume_xml("one.img"))
    reader = libvirt.openReadOnly(house.uri)
    there = reader.storagePoolLookupByName("t-pool").storageVolLookupByName("one.img")
    for call in (there.delete, there.wipe, lambda: there.resize(2 * MIB), lambda: there.upload(reader.newStream(), 0, 0),
                 lambda: there.download(reader.newStream(), 0, 0),
                 lambda: reader.storagePoolLookupByName("t-pool").createXML(volume_xml("two.img"))):
        fails(libvirt.VIR_ERR_OPERATION_DENIED, call)
    reader.close()
