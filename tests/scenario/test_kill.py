"""kill -9 at any moment loses nothing that was acknowledged."""
import random
import threading
import uuid

import libvirt

from daemon import PRESET, guest_xml

GUESTS = 20
ROUNDS = 100 if PRESET == "release" else 10
WORKERS = 4


class Expectation:
    """What was acknowledged of one guest; `None` where a call was cut off and either answer is right."""

    def __init__(self, name):
        self.name, self.uuid = name, str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.defined = self.running = False


def work(daemon, guests, seed, stop):
    """Defines, starts, destroys and undefines at random until the connection breaks."""
    chance = random.Random(seed)
    try:
        connection = daemon.connect()
    except libvirt.libvirtError:
        return
    try:
        while not stop.is_set():
            guest = chance.choice(guests)
            if not guest.defined:
                guest.defined = None
                connection.defineXML(guest_xml(guest.name, guest.uuid))
                guest.defined = True
                continue
            domain = connection.lookupByUUIDString(guest.uuid)
            if not guest.running:
                if chance.random() < 0.25:
                    guest.defined = None
                    domain.undefine()
                    guest.defined = False
                else:
                    guest.running = None
                    domain.create()
                    guest.running = True
            elif chance.random() < 0.5:
                guest.running = None
                domain.destroy()
                guest.running = False
    except libvirt.libvirtError as error:
        if error.get_error_domain() not in (libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE) and "closed" not in str(error):
            guest.unexpected = str(error)
            raise


def check(daemon, guests):
    """The daemon, QEMU and the disk tell the same story, and it is one that was acknowledged."""
    connection = daemon.connect()
    domains = {d.name(): d for d in connection.listAllDomains()}
    processes = daemon.qemus()
    running = {name for name, d in domains.items() if d.isActive()}
    assert sorted(processes.values()) == sorted(running)
    for guest in guests:
        if guest.defined is not None:
            assert (guest.name in domains) == guest.defined, guest.name
        if guest.running is not None and guest.name in domains:
            assert (guest.name in running) == guest.running, guest.name
        guest.defined, guest.running = guest.name in domains, guest.name in running
    for name in running:
        assert domains[name].state()[0] in (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED)
        domains[name].suspend()   # its monitor answers
        domains[name].resume()
    ids = {d.ID() for d in domains.values() if d.isActive()}
    state = daemon.run / "qemu"
    assert {p.stem for p in state.glob("*.xml")} == running
    assert {p.stem for p in state.glob("*.pid")} - {"driver"} == running
    assert not list(state.glob("*.new"))
    config = daemon.config / "qemu"
    assert {p.stem for p in config.glob("*.xml")} == set(domains)
    assert not list(config.glob("*.new"))
    folders = [p.name for p in daemon.root.glob("**/domain-*-*") if p.is_dir()]
    assert {int(name.split("-")[1]) for name in folders} == ids, folders
    connection.close()


def test_killed_at_random_instants(daemon):
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    guests = [Expectation("k%02d" % i) for i in range(GUESTS)]
    connection = daemon.connect()
    for guest in guests:
        connection.defineXML(guest_xml(guest.name, guest.uuid)).create()
        guest.defined = guest.running = True
    connection.close()
    for _ in range(ROUNDS):
        stop = threading.Event()
        threads = [threading.Thread(target=work, args=(daemon, guests[i::WORKERS], chance.random(), stop)) for i in range(WORKERS)]
        for thread in threads:
            thread.start()
        stop.wait(chance.uniform(0.001, 0.4))   # a random instant, not a wait for something
        daemon.kill()
        stop.set()
        for thread in threads:
            thread.join()
        assert not [g.unexpected for g in guests if hasattr(g, "unexpected")]
        daemon.start()
        check(daemon, guests)
    connection = daemon.connect()
    for domain in connection.listAllDomains():
        if domain.isActive():
            domain.destroy()
        domain.undefine()
    connection.close()
    assert not daemon.qemus()
