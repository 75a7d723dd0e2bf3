"""SIGHUP: definitions that people or programs put on the disk are taken up, broken ones change nothing."""
import signal

from daemon import guest_xml, wait_until

NETWORK = "<network><name>%s</name><uuid>5ce00000-0000-4000-8000-0000000000%s</uuid><bridge name='ikbr%s'/></network>\n"
SECRET = """<secret ephemeral='no' private='no'><uuid>5ce00000-0000-4000-8000-000000000099</uuid>
<usage type='ceph'><name>hand made</name></usage></secret>\n"""


def reload(daemon):
    daemon.process.send_signal(signal.SIGHUP)


def put(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_what_appeared_on_disk_is_taken_up(daemon):
    assert daemon.virsh("list", "--all", "--name").split() == []
    put(daemon.config / "qemu", "late.xml", guest_xml("late", "5ce00000-0000-4000-8000-000000000001"))
    put(daemon.config / "qemu" / "networks", "hand.xml", NETWORK % ("hand", "11", "1"))
    put(daemon.config / "storage", "heap.xml", "<pool type='dir'><name>heap</name>"
        "<uuid>5ce00000-0000-4000-8000-000000000021</uuid><target><path>/nowhere</path></target></pool>")
    put(daemon.config / "secrets", "5ce00000-0000-4000-8000-000000000099.xml", SECRET)
    reload(daemon)
    connection = daemon.connect()
    wait_until(lambda: [d.name() for d in connection.listAllDomains()] == ["late"])
    assert [n.name() for n in connection.listAllNetworks()] == ["hand"]
    assert [p.name() for p in connection.listAllStoragePools()] == ["heap"]
    assert [s.usageID() for s in connection.listAllSecrets()] == ["hand made"]
    # What it left open has been decided: it can be started.
    domain = connection.lookupByName("late")
    assert "<emulator>" in domain.XMLDesc()
    domain.create()
    domain.destroy()


def test_what_changed_on_disk_is_seen(daemon):
    connection = daemon.connect()
    domain = connection.defineXML(guest_xml("web", memory=16))
    path = daemon.config / "qemu" / "web.xml"
    path.write_text(path.read_text().replace("16384", "32768"))
    reload(daemon)
    wait_until(lambda: domain.maxMemory() == 32768)


def test_a_broken_file_changes_nothing_and_is_named(daemon):
    connection = daemon.connect()
    domain = connection.defineXML(guest_xml("web"))
    before = domain.XMLDesc()
    (daemon.config / "qemu" / "web.xml").write_text("<domain type='qemu'><name>web</name")
    put(daemon.config / "qemu", "next.xml", guest_xml("next"))
    reload(daemon)
    wait_until(lambda: len(connection.listAllDomains()) == 2)
    assert domain.XMLDesc() == before
    assert "web.xml" in daemon.log.read_text()


def test_running_guests_run_on(daemon):
    connection = daemon.connect()
    domain = connection.defineXML(guest_xml("web"))
    domain.create()
    (pid,) = daemon.qemus()
    put(daemon.config / "qemu", "next.xml", guest_xml("next"))
    reload(daemon)
    wait_until(lambda: len(connection.listAllDomains()) == 2)
    assert list(daemon.qemus()) == [pid] and domain.isActive()
    domain.destroy()
