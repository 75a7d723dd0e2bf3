"""The main job with the real client: define, start, watch, stop."""
import os

import libvirt
import pytest

from daemon import guest_xml, wait_until


def define(daemon, tmp_path, *arguments, **more):
    path = tmp_path / "guest.xml"
    path.write_text(guest_xml(*arguments, **more))
    return daemon.virsh("define", path)


def test_a_guest_is_defined_started_listed_and_destroyed(daemon, tmp_path):
    define(daemon, tmp_path, "web")
    assert "web" in daemon.virsh("list", "--all", "--name")
    daemon.virsh("start", "web")
    assert daemon.virsh("domstate", "web", "--reason").strip() == "running (booted)"
    assert list(daemon.qemus().values()) == ["web"]
    daemon.virsh("destroy", "web")
    assert daemon.virsh("domstate", "web", "--reason").strip() == "shut off (destroyed)"
    assert not daemon.qemus()
    daemon.virsh("undefine", "web")
    assert daemon.virsh("list", "--all", "--name").strip() == ""


def test_what_is_on_disk_can_be_read_by_the_other_daemon(daemon, tmp_path):
    define(daemon, tmp_path, "web")
    text = (daemon.config / "qemu" / "web.xml").read_text()
    assert text.startswith("<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.")
    assert "\n  <name>web</name>\n" in text   # alone on its line: cluster agents look for that


def test_definitions_are_found_again(daemon, tmp_path):
    define(daemon, tmp_path, "web")
    daemon.virsh("autostart", "web")
    before = daemon.virsh("dumpxml", "web")
    daemon.stop()
    daemon.start()
    assert daemon.virsh("dumpxml", "web") == before
    assert "enable" in next(l for l in daemon.virsh("dominfo", "web").splitlines() if l.startswith("Autostart"))


def test_a_broken_definition_is_named_skipped_and_kept(daemon, tmp_path):
    define(daemon, tmp_path, "good")
    daemon.stop()
    broken = daemon.config / "qemu" / "broken.xml"
    broken.write_text("<domain type='qemu'><name>broken</name")
    daemon.start()
    assert daemon.virsh("list", "--all", "--name").split() == ["good"]
    assert broken.read_text() == "<domain type='qemu'><name>broken</name"
    assert "broken.xml" in daemon.log.read_text()


def test_qemus_death_is_noticed_and_its_last_words_are_kept(daemon):
    connection = daemon.connect()
    with pytest.raises(libvirt.libvirtError) as failure:
        connection.createXML(guest_xml("bad", more="<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                                                   "<qemu:arg value='-nosuchoption'/></qemu:commandline>"), 0)
    assert "nosuchoption" in str(failure.value)
    assert not daemon.qemus()
    domain = connection.defineXML(guest_xml("web"))
    domain.create()
    (pid,) = daemon.qemus()
    os.kill(pid, 9)
    daemon_sees = lambda: domain.state()[0] == libvirt.VIR_DOMAIN_SHUTOFF
    wait_until(daemon_sees)
    assert domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED]
    domain.undefine()


def test_a_full_disk_leaves_nothing_half_done(daemon, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    import subprocess
    connection = daemon.connect()
    connection.defineXML(guest_xml("kept"))
    folder = daemon.config / "qemu"
    kept = (folder / "kept.xml").read_text()
    # In the mount namespace of the daemon nothing changes while it runs, so the test gives it a small disk at start.
    daemon.stop()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], check=True)
    try:
        (folder / "kept.xml").write_text(kept)
        daemon.start()
        (folder / "filler").write_bytes(b"x" * (64 * 1024 - 2 * 4096))
        connection = daemon.connect()
        with pytest.raises(libvirt.libvirtError) as failure:
            for i in range(8):
                connection.defineXML(guest_xml("more%d" % i, more="<description>%s</description>" % ("d" * 3000)))
        assert "No space left on device" in str(failure.value)
        names = {d.name() for d in connection.listAllDomains()}
        assert {p.stem for p in folder.glob("*.xml")} == names
        assert not list(folder.glob("*.new"))
        connection.close()
        daemon.stop()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
