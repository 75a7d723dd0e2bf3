"""virsh on test:///default: every command as Debian's libvirtd answers it, and the events that come of them."""
import concurrent.futures
import os
import re
import shlex
import subprocess

import libvirt
import pytest

from daemon import PATIENCE, Daemon
from peer import Peer
from verbs import Heard, run_loop_until

FILES = {
    "DOM1": """<domain type='test'><name>dom1</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
<title>the first</title><memory unit='MiB'>512</memory><vcpu>3</vcpu><iothreads>2</iothreads><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>
<disk type='block' device='cdrom'><source dev='/dev/sr0'/><target dev='hdc'/></disk>
<interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/></interface>
<console type='pty'/><channel type='unix'><target type='virtio' name='x'/></channel>
<graphics type='vnc' port='5901' autoport='no'/></devices></domain>""",
    "DOM2": """<domain type='test'><name>dom3</name><uuid>11111111-2222-3333-4444-666666666666</uuid><memory>1024</memory>
<os><type>hvm</type></os></domain>""",
    "NET1": """<network><name>net1</name><uuid>11111111-2222-3333-4444-777777777777</uuid><bridge name='virbr9'/>
<ip address='10.0.0.1' netmask='255.255.255.0'/></network>""",
    "BAD": "<domain type='test'><name>x</name><memory>5</memory></domain>",
    "BAD2": "<network/>",
    "BAD3": "<domain type='test'><name>x</name>",
    "CPU": "<cpu><arch>i686</arch><model>pentium</model></cpu>",
    "CPUS": """<cpu><arch>x86_64</arch><model>Nehalem</model></cpu><cpu><arch>x86_64</arch><model>Penryn</model></cpu>""",
    "NOIMAGE": "nothing that was ever saved",
}

# Each line a command; `#` at its end: the figures in what it prints are the time's.
HOST = """
version
hostname
nodeinfo
nodecpumap
nodecpustats
nodecpustats --cpu 3
nodememstats
node-memory-tune
nodesuspend mem 60
nodesevinfo
freecell
freecell --all
freecell 1
freecell 7
allocpages 4KiB 1
maxvcpus
maxvcpus kvm
sysinfo
capabilities
domcapabilities
secret-list
nwfilter-list
nwfilter-binding-list
cpu-models x86_64
cpu-models i686
cpu-models s390x
cpu-models ppc64
cpu-models zz
cpu-baseline CPU
cpu-baseline CPUS
cpu-compare CPU
hypervisor-cpu-baseline CPU
hypervisor-cpu-compare CPU
domxml-from-native qemu-argv /dev/null
"""
QUESTIONS = """
list
list --all
list --inactive
list --transient --all
list --persistent
list --state-running --name
list --uuid
list --id
list --title
list --autostart
list --no-autostart
list --managed-save --all
list --with-snapshot --all
list --without-checkpoint
list --state-paused
list --state-shutoff --all
list --state-other --all
dominfo test #
domstate test --reason
domid test
domuuid test
domname 1
dumpxml test
dumpxml test --inactive
dumpxml test --security-info
dumpxml test --update-cpu
dumpxml test --migratable
domblklist test
domblklist test --details
domiflist test
domifstat test testnet0 #
domifstat test nonet
domif-getlink test testnet0
domifaddr test
domblkinfo test vda
domblkinfo test --all
domblkinfo test vdz
domblkstat test vda #
domblkstat test
domblkstat test vdz
domblkerror test
dommemstat test
domstats
domstats --state
domstats --cpu-total
domstats --balloon --vcpu --interface --block
domstats --enforce
domstats --list-inactive
domstats --raw
domcontrol test
domjobinfo test
domjobabort test
domdisplay test
vncdisplay test
domlaunchsecinfo test
vcpucount test
vcpucount test --maximum --config
vcpucount test --guest
vcpuinfo test #
vcpupin test
vcpupin test 0
emulatorpin test
iothreadinfo test
cpu-stats test
cpu-stats test --total
cpu-stats test --start 1
cpu-stats test --start 1 --count 2
cpu-stats test --start 9
dominfo nosuch
dominfo 77
dominfo 6695eb01-f6a4-8304-79aa-97f2502e1930
"""
INSIDE = """
domtime test
domtime test --pretty
domtime test --time 100
domtime test
domhostname test
domfsinfo test
domfsfreeze test
domfsthaw test
domfsfreeze test /
domfsthaw test /boot
domfsfreeze test /nope
domfstrim test
domfstrim test --mountpoint /nope
guestinfo test
guestvcpus test
get-user-sshkeys test root
set-user-password test root secret
set-user-password test root secret --encrypted
inject-nmi test
send-key test KEY_LEFTCTRL KEY_LEFTALT
send-key test --codeset xt 1
send-key test --codeset linux 900
send-process-signal test 1 SIGTERM
send-process-signal test 1 sigkill
send-process-signal test 2 sigkill
domstate test --reason
screenshot test SHOT
destroy test
domtime test
domhostname test
domfsinfo test
domfsfreeze test
domblkstat test vda
domifstat test testnet0
domblkinfo test vda
dommemstat test
cpu-stats test
vcpuinfo test
vcpupin test
domblkerror test
send-key test KEY_A
start test
domtime test
"""
LIMITS = """
vcpupin test 0 0-1
vcpupin test
vcpupin test 5 0
vcpupin test --config
emulatorpin test 0
emulatorpin test
emulatorpin test --config
iothreadadd test 4
iothreadadd test 4
iothreadadd test 0
iothreadpin test 4 0
iothreadinfo test
iothreadpin test 9 0
iothreadset test 4 --poll-max-ns 100
iothreadset test 9 --poll-max-ns 100
dumpxml test
iothreaddel test 4
iothreaddel test 4
iothreadinfo test
setvcpus test 1
setvcpus test 5
setvcpus test 40
setvcpus test 4 --maximum --config
setvcpus test 4 --maximum
setvcpus test 3 --config
vcpucount test
setvcpu test 1 --enable
setmem test 1000000
setmem test 99999999
setmem test 1000000 --config
setmaxmem test 9000000 --config
setmaxmem test 9000000
dommemstat test
dommemstat test --period 5
memtune test
memtune test --hard-limit 9000000
memtune test --soft-limit 10 --hard-limit 5
memtune test --hard-limit 9 --swap-hard-limit 5
memtune test
memtune test --config
blkiotune test
blkiotune test --weight 500
blkiotune test --device-weights /dev/sda,100
blkiotune test --device-read-iops-sec /dev/sda,100,/dev/sdb,7
blkiotune test --device-weights /dev/sda
blkiotune test
blkiotune test --config
blkdeviotune test vda
blkdeviotune test vda --total-bytes-sec 1000
blkdeviotune test vda --total-bytes-sec 1000 --read-bytes-sec 5
blkdeviotune test vda --total-bytes-sec-max 10000
blkdeviotune test vda --total-bytes-sec 1000
blkdeviotune test vda
blkdeviotune test vda --config
blkdeviotune test vdz
numatune test
numatune test --mode interleave
numatune test --nodeset 0
numatune test --mode interleave --config --nodeset 0-1
numatune test
numatune test --config
numatune test --nodeset x
schedinfo test
schedinfo test --set weight=10
schedinfo test --set cpu_shares=10
schedinfo test --config
perf test
perf test --enable cmt
perf test
domiftune test testnet0
domiftune test testnet0 --inbound 100,200,300
domiftune test testnet0
domiftune test testnet0 --inbound 0 --outbound 7
domiftune test aa:bb:cc:dd:ee:ff
domiftune test none
set-lifecycle-action test poweroff restart
set-lifecycle-action test crash coredump-destroy --config
set-lifecycle-action test poweroff coredump-destroy
dumpxml test
dumpxml test --inactive
"""
LIFE = """
suspend test
domstate test --reason
suspend test
list
resume test
resume test
reboot test
domstate test --reason
reset test
shutdown test
domstate test --reason
shutdown test
dominfo test #
domid test
start test
start test
domstate test --reason
destroy test
destroy test
destroy test --graceful
reboot test
reset test
start test --autodestroy
start test --paused
start test --force-boot
managedsave test
managedsave test
domstate test --reason
list --all --managed-save
undefine test
managedsave-dumpxml test
managedsave-remove test
managedsave-remove test
start test
save test SAVED
domstate test --reason
save-image-dumpxml SAVED
save-image-dumpxml NOFILE
save-image-dumpxml NOIMAGE
restore NOFILE
restore NOIMAGE
restore SAVED
restore SAVED
domstate test --reason
dump test DUMPED
dump test DUMPED --live
dump test DUMPED --reset
dump test DUMPED --memory-only
dump test DUMPED --crash
domstate test --reason
start test
set-lifecycle-action test poweroff restart
shutdown test
domstate test --reason
set-lifecycle-action test poweroff preserve
shutdown test
domstate test --reason
list --all
start test
destroy test
autostart test
dominfo test #
autostart test --disable
"""
DEFINITIONS = """
desc test
desc test --title
desc test new description
desc test --title mytitle
desc test --live other
desc test
metadata test uri:x
metadata test uri:x --key k --set <a/>
metadata test uri:x
metadata test uri:x --remove
metadata test uri:x
domrename test new
undefine test
dominfo test #
list --transient
managedsave test
destroy test
define DOM1
define DOM1
dumpxml dom1
domdisplay dom1
vncdisplay dom1
domblkinfo dom1 --all
start dom1
domid dom1
dumpxml dom1
iothreadinfo dom1
domblkerror dom1
domfsinfo dom1
ttyconsole dom1
list --all --title
domrename dom1 dom2
destroy dom1
domrename dom1 dom2
domrename dom2 dom2
domrename dom2 a/b
list --all
undefine dom2
undefine dom2
create DOM2
create DOM2
list --all
list --persistent --all
dumpxml dom3
autostart dom3
undefine dom3
destroy dom3
list --all
define NOFILE
define BAD
define BAD2
define BAD3
define DOM1 --validate
undefine dom1 --managed-save
"""
REFUSED = """
dompmsuspend test mem
dompmwakeup test
attach-disk test /x vdb
attach-interface test network default
detach-disk test vda
detach-interface test network
update-memory-device test --requested-size 1
blockcommit test vda
blockcopy test vda /x
blockjob test vda
blockpull test vda
blockresize test vda 100
domblkthreshold test vda 1000
migrate-getspeed test
migrate-setspeed test 5
migrate-setmaxdowntime test 5
migrate-getmaxdowntime test
migrate-compcache test
domxml-to-native qemu-argv --domain test
qemu-monitor-command test x
qemu-agent-command test x
domdirtyrate-calc test
backup-begin test
backup-dumpxml test
managedsave-edit test
"""

NETWORKS = """
net-list
net-list --all
net-list --inactive
net-list --name
net-info default
net-dumpxml default
net-dumpxml default --inactive
net-uuid default
net-name dd8fe884-6c02-601e-7551-cca97df1c5df
net-autostart default
net-info default
net-autostart default --disable
net-define NET1
net-list --all
net-start net1
net-start net1
net-dumpxml net1
net-destroy net1
net-destroy net1
net-undefine net1
net-undefine net1
net-create NET1
net-list
net-undefine net1
net-destroy net1
net-destroy default
net-start default
net-define NOFILE
net-define BAD
net-info nosuch
net-dhcp-leases default
net-port-list default
"""
POOLS = """
pool-list
pool-list --all
pool-list --details
pool-info default-pool
pool-dumpxml default-pool
pool-uuid default-pool
pool-autostart default-pool
pool-list
pool-autostart default-pool --disable
pool-refresh default-pool
vol-list default-pool
vol-create-as default-pool vol1 1G
vol-create-as default-pool vol1 1G
vol-list default-pool
vol-info vol1 default-pool
vol-path vol1 default-pool
vol-key vol1 default-pool
vol-name /default-pool/vol1
vol-pool /default-pool/vol1
vol-clone vol1 vol2 default-pool
vol-delete vol2 default-pool
vol-delete vol1 default-pool
vol-delete vol1 default-pool
pool-define-as pool2 dir --target /p2
pool-build pool2
pool-start pool2
pool-start pool2
pool-list --all --details
pool-destroy pool2
pool-destroy pool2
pool-delete pool2
pool-undefine pool2
pool-undefine pool2
pool-info nosuch
"""
DEVICES = """
nodedev-list --cap system
nodedev-dumpxml computer
nodedev-dumpxml nosuch
nodedev-destroy computer
iface-list
iface-list --all
iface-list --inactive
iface-dumpxml eth1
iface-mac eth1
iface-name aa:bb:cc:dd:ee:ff
iface-destroy eth1
iface-list --all
iface-start eth1
iface-start eth1
iface-undefine eth1
iface-dumpxml eth1
iface-begin
iface-begin
iface-rollback
iface-commit
"""


def results(daemon, folder, commands):
    """What virsh answers to each: exit status and both streams, without what differs by the place."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    uri = "test+unix:///default?socket=%s" % daemon.socket
    found = []
    # The peer's world ends with its last connection.
    keeper = libvirt.open(uri)
    for line in commands.split("\n"):
        words = shlex.split(line.rstrip("#"))
        if not words:
            continue
        done = subprocess.run(["virsh", "-c", uri, *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, env=dict(os.environ, LC_ALL="C"))
        texts = [text.replace(str(folder), "FOLDER") for text in (done.stdout, done.stderr)]
        if line.endswith("#"):
            texts = [re.sub(r"\d{5,}(\.\d)?", "N", text) for text in texts]
        found.append((line, done.returncode, *texts))
    keeper.close()
    return found


@pytest.fixture(scope="module")
def peer():
    peer = Peer()
    yield peer
    peer.remove()


@pytest.mark.parametrize("commands", [HOST, QUESTIONS, INSIDE, LIMITS, LIFE, DEFINITIONS, REFUSED, NETWORKS, POOLS,
                                      DEVICES],
                         ids=["host", "questions", "inside", "limits", "life", "definitions", "refused", "networks", "pools",
                              "devices"])
def test_virsh_prints_the_same(commands, peer, daemon, tmp_path):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        here = pool.submit(results, daemon, tmp_path / "here", commands)
        there = pool.submit(results, peer, tmp_path / "there", commands)
    differences = ["%s\n  ours: %s\n  peer: %s" % (ours[0], ours[1:], theirs[1:])
                   for ours, theirs in zip(here.result(), there.result(), strict=True) if ours != theirs]
    assert not differences, "%d of %d differ\n%s" % (len(differences), len(here.result()), "\n".join(differences))


def heard(daemon, path):
    """The lifecycle events of a guest's many changes."""
    connection = libvirt.open("test+unix:///default?socket=%s" % daemon.socket)
    events = Heard()
    connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, events, None)
    domain = connection.lookupByName("test")
    text = domain.XMLDesc()
    for step in (domain.suspend, domain.resume, domain.reboot, domain.shutdown, domain.create, domain.destroy, domain.create,
                 domain.managedSave, domain.create, lambda: domain.save(path), lambda: connection.restore(path),
                 lambda: domain.coreDump(path, libvirt.VIR_DUMP_CRASH), lambda: domain.rename("other"), domain.undefine,
                 lambda: connection.createXML(text), lambda: connection.defineXML(text), lambda: connection.defineXML(text),
                 domain.undefine, domain.destroy):
        step()
    run_loop_until(lambda: events.events and events.events[-1][1:] == (libvirt.VIR_DOMAIN_EVENT_STOPPED,
                                                                      libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
                   and len([event for event in events.events if event[1] == libvirt.VIR_DOMAIN_EVENT_STOPPED]) == 6)
    connection.close()
    return events.events


def test_events_are_the_same(peer, daemon, tmp_path):
    assert heard(daemon, str(tmp_path / "ours")) == heard(peer, str(tmp_path / "theirs"))
