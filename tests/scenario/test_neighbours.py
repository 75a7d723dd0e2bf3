"""What guests use of other drivers: volumes of pools, networks to listen on."""
import pathlib
import shutil
import tempfile

import libvirt
import pytest

from verbs import fails

GUEST = """<domain type='qemu'><name>t-guest</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os>
<devices>%s</devices></domain>"""
DISK = """<disk type='volume' device='%s'><driver name='qemu' type='%s'/><source pool='%s' volume='%s' %s/>
<target dev='%s'/></disk>"""


def disk(pool, volume, more="", device="disk", target="vda", kind="raw"):
    return DISK % (device, kind, pool, volume, more, target)


@pytest.fixture
def pool(connection):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ik-nb-", dir="/tmp"))
    (folder / "a.img").write_bytes(bytes(4096))
    (folder / "sub").mkdir()
    pool = connection.storagePoolCreateXML("<pool type='dir'><name>t-pool</name><target><path>%s</path></target></pool>" % folder)
    yield pool
    shutil.rmtree(folder)


def words(connection, devices):
    return connection.domainXMLToNative("qemu-argv", GUEST % devices)


def test_a_volume_is_used_where_its_pool_has_it(connection, pool):
    text = words(connection, disk("t-pool", "a.img"))
    assert '"driver":"file","filename":"%s"' % pool.storageVolLookupByName("a.img").path() in text
    assert "<source pool='t-pool' volume='a.img'/>" in connection.defineXML(GUEST % disk("t-pool", "a.img")).XMLDesc()
    assert '"driver":"vvfat","dir":"%s"' % pool.storageVolLookupByName("sub").path() in words(
        connection, disk("t-pool", "sub", kind="fat").replace("<target", "<readonly/><target"))


def test_a_volume_that_is_not_there_is_named(connection, pool):
    assert "no storage vol with matching name 'b.img'" in fails(
        libvirt.VIR_ERR_NO_STORAGE_VOL, words, connection, disk("t-pool", "b.img"))
    assert "no storage pool with matching name 't-none'" in fails(
        libvirt.VIR_ERR_NO_STORAGE_POOL, words, connection, disk("t-none", "b.img"))
    fails(libvirt.VIR_ERR_XML_ERROR, words, connection, disk("t-pool", "a.img", "mode='host'"))
    pool.destroy()
    off = connection.storagePoolDefineXML("<pool type='dir'><name>t-off</name><target><path>/tmp/t-off</path></target></pool>")
    try:
        assert "storage pool 't-off' containing volume 'b.img' is not active" in fails(
            libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words, connection, disk("t-off", "b.img"))
    finally:
        off.undefine()


def test_a_volume_that_may_be_missing_is_left_out(connection):
    assert "virtio-blk" not in words(connection, disk("t-none", "x", "startupPolicy='optional'"))
    empty = words(connection, disk("t-none", "x", "startupPolicy='optional'", "cdrom", "hdc"))
    assert "ide-cd" in empty and "-blockdev" not in empty


def test_a_device_is_not_attached_without_its_volume(connection, pool):
    guest = connection.defineXML(GUEST % "")
    assert "t-none" in fails(libvirt.VIR_ERR_NO_STORAGE_POOL, guest.attachDeviceFlags, disk("t-none", "x"),
                             libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    guest.attachDeviceFlags(disk("t-pool", "a.img"), libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    assert "volume='a.img'" in guest.XMLDesc()


def test_screens_listen_where_the_host_is_on_a_network(connection):
    listen = "<graphics type='vnc'><listen type='network' network='%s'/></graphics>"
    assert "no network with matching name 't-none'" in fails(
        libvirt.VIR_ERR_NO_NETWORK, words, connection, listen % "t-none")
    network = connection.networkDefineXML("""<network><name>t-net</name><forward mode='nat'/><bridge name='t-br0'/>
        <ip address='192.168.77.1' netmask='255.255.255.0'/></network>""")
    try:
        assert "-vnc 192.168.77.1:0" in words(connection, listen % "t-net")
    finally:
        network.undefine()
