"""What each client may do to each object, by polkit: a real one, whose rules are the test's."""
import os
import re
import shutil
import struct

import libvirt
import pytest

from daemon import Daemon, guest_xml, wait_until
from polkit import POLKITD, Failed, Polkit, Stranger, as_stranger
from test_siblings import Sibling
from wire import ERROR, OK, QEMU, REMOTE, Client, Reader, table, text

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists(POLKITD) or not shutil.which("dbus-daemon"),
                                reason="needs root, polkitd and dbus-daemon")

WEB, MAIL = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555556"
REFUSED = (88, 55, "access denied: 'QEMU' denied access")
ALL = "polkit.addRule(function(action, subject) { return polkit.Result.%s; });"
# Everything but what the condition holds for.
BUT = """polkit.addRule(function(action, subject) {
    return (%s) ? polkit.Result.NO : polkit.Result.YES;
});"""


@pytest.fixture(scope="module")
def polkit():
    it = Polkit()
    try:
        yield it.start(ALL % "YES")
    finally:
        it.remove()


@pytest.fixture(scope="module")
def house(polkit):
    it = Daemon()
    it.root.chmod(0o755)
    it.environment.update(polkit.environment)
    with open(it.config / "libvirtd.conf", "a") as conf:
        conf.write('auth_unix_rw = "none"\nunix_sock_rw_perms = "0777"\naccess_drivers = [ "polkit" ]\n')
    try:
        yield it.start()
    finally:
        it.remove()


@pytest.fixture
def things(connection):
    """One of each kind, made by root, who is never asked."""
    connection.defineXML(guest_xml("web", WEB))
    connection.defineXML(guest_xml("mail", MAIL))
    for name in ("in", "out"):
        connection.networkDefineXML("<network><name>%s</name></network>" % name)
        connection.nwfilterDefineXML("<filter name='%s'/>" % name)
        pool = connection.storagePoolDefineXML("<pool type='dir'><name>%s</name><target><path>/tmp/ik-%d-%s</path></target></pool>"
                                               % (name, os.getpid(), name))
        pool.build()
        pool.create()
        for volume in ("small", "large"):
            pool.createXML("<volume><name>%s</name><capacity>4096</capacity></volume>" % volume)
    for number, name in enumerate(("in", "out")):
        connection.secretDefineXML("<secret><uuid>21111111-2222-3333-4444-55555555555%d</uuid><usage type='ceph'><name>%s</name></usage>"
                                   "</secret>" % (number, name))
    yield connection
    for name in ("in", "out"):
        shutil.rmtree("/tmp/ik-%d-%s" % (os.getpid(), name), ignore_errors=True)


def refusal(function, *arguments):
    with pytest.raises(Failed) as failed:
        as_stranger(function, *arguments)
    return failed.value.args


def on(uri, function):
    """Calls it with a connection of its own; gives what can go through a pipe."""
    with libvirt.open(uri) as connection:
        result = function(connection)
        return result if isinstance(result, (int, str, list, dict, bool, type(None))) else True


def questions(heard):
    """What polkit was asked: action and what rules can look up, in order."""
    found = []
    for call in heard.read_text().split("method call ")[1:]:
        match = re.search(r'string "(org\.libvirt[^"]+)"\s+array \[(.*?)\n   \]\s+uint32 (\d+)', call, re.S)
        if match:
            found.append((match[1].removeprefix("org.libvirt.api."), *re.findall(r'string "([^"]*)"\s+string "([^"]*)"', match[2])))
    return found


def test_rules_see_what_the_peer_lets_them_see(polkit, house, things):
    polkit.rules(ALL % "YES")
    heard = polkit.listen()
    networks = {name: things.networkLookupByName(name).UUIDString() for name in ("in", "out")}
    pool = things.storagePoolLookupByName("in").UUIDString()
    nwfilter = things.nwfilterLookupByName("in").UUIDString()

    def look(connection):
        domain = connection.lookupByName("web")
        domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
        connection.defineXML(guest_xml("web", WEB))
        connection.listAllNetworks()
        connection.networkLookupByName("in").XMLDesc()
        connection.interfaceLookupByName("lo")
        connection.nodeDeviceLookupByName("computer").XMLDesc()
        connection.nwfilterLookupByName("in")
        connection.secretLookupByUsage(libvirt.VIR_SECRET_USAGE_TYPE_CEPH, "in").XMLDesc()
        connection.storagePoolLookupByName("in").storageVolLookupByName("small").info()
        connection.getHostname()
        connection.getMaxVcpus("qemu")
    as_stranger(on, house.uri, look)
    driver = ("connect_driver", "QEMU")
    web = (driver, ("domain_name", "web"), ("domain_uuid", WEB))
    network = {name: (driver, ("network_name", name), ("network_uuid", uuid)) for name, uuid in networks.items()}
    secret = (driver, ("secret_uuid", "21111111-2222-3333-4444-555555555550"), ("secret_usage_ceph", "in"))
    volume = (driver, ("pool_name", "in"), ("pool_uuid", pool), ("vol_name", "small"), ("vol_key", "/tmp/ik-%d-in/small" % os.getpid()))
    asked = [
        ("connect.getattr", driver), ("domain.getattr", *web), ("domain.read", *web), ("domain.read-secure", *web),
        ("domain.write", *web), ("domain.save", *web),
        ("connect.search-networks", driver), ("network.getattr", *network["in"]), ("network.getattr", *network["out"]),
        ("network.getattr", *network["in"]), ("network.read", *network["in"]),
        ("interface.getattr", driver, ("interface_name", "lo"), ("interface_macaddr", "00:00:00:00:00:00")),
        ("node-device.getattr", driver, ("node_device_name", "computer")), ("node-device.read", driver, ("node_device_name", "computer")),
        ("nwfilter.getattr", driver, ("nwfilter_name", "in"), ("nwfilter_uuid", nwfilter)),
        ("secret.getattr", *secret), ("secret.read", *secret),
        ("storage-pool.getattr", driver, ("pool_name", "in"), ("pool_uuid", pool)), ("storage-vol.getattr", *volume),
        ("storage-vol.read", *volume), ("connect.getattr", driver), ("connect.read", driver),
    ]
    wait_until(lambda: len(questions(heard)) >= len(asked))
    # What clients ask when they connect and by themselves is left out.
    assert [question for question in questions(heard) if question != asked[0]] == [a for a in asked if a != asked[0]]


def test_rules_decide_by_what_they_see(polkit, house, things):
    polkit.rules(BUT % 'action.id === "org.libvirt.api.domain.write" && action.lookup("domain_name") !== "web" || '
                 'action.id === "org.libvirt.api.connect.write"')
    define = lambda name, uuid: lambda connection: connection.defineXML(guest_xml(name, uuid)) and True
    assert as_stranger(on, house.uri, define("web", WEB))
    assert refusal(on, house.uri, define("mail", MAIL)) == REFUSED
    assert refusal(on, house.uri, define("new", None)) == REFUSED
    assert refusal(on, house.uri, lambda c: c.getDomainCapabilities()) == REFUSED
    assert refusal(on, house.uri, lambda c: c.lookupByName("mail").setMemoryFlags(12288, libvirt.VIR_DOMAIN_AFFECT_CONFIG)) == REFUSED
    # Who asks for what is not there hears so, whatever he may do to it.
    assert refusal(on, house.uri, lambda c: c.lookupByName("none"))[0] == libvirt.VIR_ERR_NO_DOMAIN
    # A password cannot be asked for in the middle of a call.
    polkit.rules(ALL % "AUTH_ADMIN")
    assert refusal(on, house.uri, lambda c: c.getHostname()) == REFUSED
    # Machines in memory are nobody's.
    assert as_stranger(on, "test+unix:///default?socket=%s" % house.socket, lambda c: c.getHostname())


def test_a_handle_is_what_its_uuid_says(polkit, house, things):
    polkit.rules(BUT % 'action.lookup("domain_name") === "mail"')

    def ask():
        with Client(house.socket) as client:
            client.open("qemu:///system")
            handle = text("web") + bytes.fromhex(MAIL.replace("-", "")) + struct.pack(">i", -1)
            reply = client.call(number("domain_get_xml_desc"), handle + struct.pack(">I", 0))
            return reply.error[0] if reply.status == ERROR else 0
    assert as_stranger(ask) == 88


LISTS = {
    "domains": (lambda c: (sorted(d.name() for d in c.listAllDomains()), sorted(c.listDefinedDomains()), c.numOfDefinedDomains(),
                           sorted(d[0].name() for d in c.getAllDomainStats())), 'lookup("domain_name") === "mail"',
                (["web"], ["web"], 1, ["web"])),
    "networks": (lambda c: ([n.name() for n in c.listAllNetworks()], c.listDefinedNetworks(), c.numOfDefinedNetworks()),
                 'lookup("network_name") === "out"', (["in"], ["in"], 1)),
    "filters": (lambda c: ([f.name() for f in c.listAllNWFilters()], c.listNWFilters(), c.numOfNWFilters()),
                'lookup("nwfilter_name") === "out"', (["in"], ["in"], 1)),
    "secrets": (lambda c: ([s.usageID() for s in c.listAllSecrets()], len(c.listSecrets()), c.numOfSecrets()),
                'lookup("secret_usage_ceph") === "out"', (["in"], 1, 1)),
    "pools": (lambda c: ([p.name() for p in c.listAllStoragePools()], c.listStoragePools(), c.numOfStoragePools()),
              'lookup("pool_name") === "out"', (["in"], ["in"], 1)),
    "volumes": (lambda c: (lambda p: ([v.name() for v in p.listAllVolumes()], p.listVolumes(), p.numOfVolumes()))(
        c.storagePoolLookupByName("in")), 'lookup("vol_name") === "large"', (["small"], ["small"], 1)),
    "interfaces": (lambda c: ["lo" in [i.name() for i in c.listAllInterfaces()], "lo" in c.listInterfaces()],
                   'lookup("interface_name") === "lo"', [False, False]),
    "devices": (lambda c: ["computer" in [d.name() for d in c.listAllDevices()], "computer" in c.listDevices(None)],
                'lookup("node_device_name") === "computer"', [False, False]),
}


@pytest.mark.parametrize("kind", LISTS)
def test_what_is_hidden_is_in_no_list_and_no_count(polkit, house, things, kind):
    function, condition, answer = LISTS[kind]
    polkit.rules(BUT % ("action." + condition))
    assert as_stranger(on, house.uri, lambda c: list(function(c))) == list(answer)


def test_a_list_that_may_not_be_asked_for(polkit, house, things):
    polkit.rules(BUT % 'action.id === "org.libvirt.api.connect.search-domains"')
    assert refusal(on, house.uri, lambda c: c.listAllDomains()) == REFUSED
    assert refusal(on, house.uri, lambda c: c.numOfDomains()) == REFUSED


def number(name):
    return next(row["number"] for row in table("remote")["procedures"] if row["name"] == name)


def test_events_of_what_is_hidden_are_not_sent(polkit, house, things, tmp_path_factory):
    polkit.rules(BUT % 'action.lookup("domain_name") === "mail"')
    folder = tmp_path_factory.mktemp("flag")
    for place in (folder, folder.parent, folder.parent.parent):
        place.chmod(0o777)

    def listen():
        heard = []
        with Client(house.socket) as client:
            client.open("qemu:///system")
            assert client.call(number("connect_domain_event_callback_register_any"), struct.pack(">ii", 0, 0)).status == OK
            (folder / "ready").touch()
            while ["last", libvirt.VIR_DOMAIN_EVENT_DEFINED] not in heard:
                message = Reader(client.receive().payload)
                message.word()
                name = message.text()
                message.at += 20
                heard.append([name, message.word()])
        return heard
    listener = Stranger(listen)
    wait_until((folder / "ready").exists)
    for name, uuid in (("web", WEB), ("mail", MAIL), ("web", WEB), ("mail", MAIL)):
        things.defineXML(guest_xml(name, uuid))
    things.lookupByName("mail").undefine()
    things.lookupByName("web").undefine()
    things.defineXML(guest_xml("last"))
    defined, undefined = libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED
    assert listener.result() == [["web", defined], ["web", defined], ["web", undefined], ["last", defined]]


def memory(house):
    for line in open("/proc/%d/status" % house.process.pid):
        if line.startswith("VmHWM"):
            return int(line.split()[1])


def test_a_refused_document_is_not_read_and_nothing_stays_locked(polkit, house, things):
    polkit.rules(BUT % 'action.id === "org.libvirt.api.domain.write"')
    # As long as a text on the wire can be, full of elements.
    inside = "<a b='c'/>" * 400_000
    document = guest_xml("web", WEB, more="<metadata><x:x xmlns:x='y'>%s</x:x></metadata>" % inside)
    assert 4_000_000 < len(document) < 4_194_304
    define = lambda connection: connection.defineXML(document) and True
    before = memory(house)
    assert refusal(on, house.uri, define) == REFUSED
    # The bytes of the call themselves a few times over; a tree of them would be more than a hundred MiB.
    assert memory(house) - before < 40_000
    polkit.rules(ALL % "YES")
    assert as_stranger(on, house.uri, lambda c: c.lookupByName("web").setMemoryFlags(12288, libvirt.VIR_DOMAIN_AFFECT_CONFIG)) == 0
    assert things.lookupByName("web").info()[2] == 12288


def test_a_polkit_that_does_not_answer_holds_up_nobody_else(polkit, house, things):
    polkit.rules(ALL % "YES")
    polkit.pause()
    try:
        waiting = Stranger(on, house.uri, lambda c: c.getHostname())
        assert as_stranger(on, "test+unix:///default?socket=%s" % house.socket, lambda c: c.getHostname())
        assert things.listAllDomains()
        with pytest.raises(Failed) as failed:
            waiting.result()
    finally:
        polkit.go_on()
    assert failed.value.args[:2] == (88, 55)
    for words in ("'QEMU' denied access", "org.libvirt.api.connect.getattr", "user 65534", "polkit's answer"):
        assert words in failed.value.args[2]
    assert as_stranger(on, house.uri, lambda c: c.getHostname())


def test_without_polkit_nothing_is_allowed_until_it_is_back(polkit, house, things):
    polkit.stop_daemon()
    assert refusal(on, house.uri, lambda c: c.getHostname())[:2] == (88, 55)
    assert things.getHostname()
    polkit.start(ALL % "YES")
    assert as_stranger(on, house.uri, lambda c: c.getHostname())


def test_who_goes_while_polkit_is_asked_leaves_nothing_behind(polkit, house, things):
    polkit.rules(ALL % "YES")
    heard = polkit.listen()
    polkit.pause()
    try:
        waiting = Stranger(on, house.uri, lambda c: c.lookupByName("web").setMemoryFlags(12288, libvirt.VIR_DOMAIN_AFFECT_CONFIG))
        wait_until(lambda: "connect.getattr" in heard.read_text())
        waiting.kill()
    finally:
        polkit.go_on()
    assert as_stranger(on, house.uri, lambda c: c.lookupByName("web").setMemoryFlags(12288, libvirt.VIR_DOMAIN_AFFECT_CONFIG)) == 0


def test_a_sibling_asks_about_the_client_and_not_about_who_relays(polkit):
    first = Daemon()
    daemons = [Sibling(first.root, program) for program in ("virtqemud", "virtnetworkd", "virtproxyd")]
    first.root.chmod(0o755)
    try:
        for each in daemons:
            with open(each.config / (each.program + ".conf"), "a") as conf:
                conf.write('auth_unix_rw = "none"\nunix_sock_rw_perms = "0777"\naccess_drivers = [ "polkit" ]\n')
            each.environment.update(polkit.environment)
            each.start()
        with libvirt.open("network:///system?socket=%s" % daemons[1].socket) as connection:
            for name in ("in", "out"):
                connection.networkDefineXML("<network><name>%s</name></network>" % name)
        polkit.rules(BUT % 'action.lookup("network_name") === "out"')
        heard = polkit.listen()
        for each in (daemons[0], daemons[2]):
            uri = "qemu:///system?socket=%s" % each.socket
            assert as_stranger(on, uri, lambda c: [n.name() for n in c.listAllNetworks()]) == ["in"]
            assert refusal(on, uri, lambda c: c.networkLookupByName("out")) == (88, 55, "access denied: 'network' denied access")
        about = [dict(question[1:]) for question in questions(heard) if question[0].startswith("network.")]
        assert about and all(each["connect_driver"] == "network" for each in about)
    finally:
        for each in daemons:
            each.stop()
        first.remove()


def test_whatever_the_arguments_nothing_is_done_for_who_may_nothing(polkit, house, things):
    polkit.rules(ALL % "YES")
    go = polkit.folder / "hostile"
    go.mkdir()
    go.chmod(0o777)

    def call_all():
        with Client(house.socket) as client:
            client.open("qemu:///system")
            (go / "ready").touch()
            wait_until((go / "on").exists)
            done = []
            for program, prog in (("remote", REMOTE), ("qemu", QEMU)):
                for row in table(program)["procedures"]:
                    if row["acl"] == ["none"]:
                        continue
                    for payload in (b"", b"\0" * 256, b"\xff" * 256, b"\0\0\0\1" * 64, text("<x") * 20, text("<domain/>") * 20):
                        reply = client.call(row["number"], payload, prog=prog)
                        if reply is None or reply.status != ERROR:
                            done.append(row["name"])
            return done
    stranger = Stranger(call_all)
    wait_until((go / "ready").exists)
    polkit.rules(ALL % "NO")
    (go / "on").touch()
    assert stranger.result() == []
    assert things.isAlive()
