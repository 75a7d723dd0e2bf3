"""Which part of the daemon an error is of: a document's complaints are those of its kind, whichever driver reads it;
what the reader of documents says itself is of XML; what a helper of nobody's says, of nothing."""
import libvirt
import pytest

DOMAIN = "<domain type='%s'><name>t-errors</name><memory>65536</memory><os><type>hvm</type></os>%s</domain>"
DISK = "<devices><disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/>%s</disk></devices>"
NETWORK = "<network><name>t-errors</name>%s</network>"
POOL = "<pool type='dir'><name>t-errors</name><target><path>/tmp/t-errors</path>%s</target></pool>"
CPU = "<cpu match='exact'><model>qemu64</model>%s</cpu>"

NONE, XML, SYNTAX = libvirt.VIR_FROM_NONE, libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL
UNSUPPORTED, INVALID, INTERNAL = (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, libvirt.VIR_ERR_INVALID_ARG,
                                  libvirt.VIR_ERR_INTERNAL_ERROR)

DOMAINS = [
    ("<domain", SYNTAX, libvirt.VIR_FROM_DOMAIN),
    ("<other/>", XML, libvirt.VIR_FROM_XML),
    ("<domain type='no'/>", libvirt.VIR_ERR_NO_NAME, libvirt.VIR_FROM_DOMAIN),
    (("", "<os><type>hvm</type></os>"), XML, libvirt.VIR_FROM_DOMAIN),
    (("<memory>x</memory>", "<os><type>hvm</type></os>"), XML, libvirt.VIR_FROM_XML),
    (("<memory unit='x'>1</memory>", "<os><type>hvm</type></os>"), INVALID, NONE),
    ("<vcpu cpuset='x'>1</vcpu>", INVALID, NONE),
    ("<pm><suspend-to-mem enabled='x'/></pm>", XML, libvirt.VIR_FROM_XML),
    ("<on_reboot>x</on_reboot>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<cpu><topology sockets='0' cores='1' threads='1'/></cpu>", XML, libvirt.VIR_FROM_XML),
    ("<cpu match='x'><model>qemu64</model></cpu>", XML, libvirt.VIR_FROM_XML),
    (CPU % ("<feature name='a'/>" * 2), XML, libvirt.VIR_FROM_CPU),
    ("<devices><disk type='x'/></devices>", XML, libvirt.VIR_FROM_XML),
    (DISK % "<address type='pci' slot='0x55'/>", XML, NONE),
    ("<devices><interface type='user'><mac address='x'/></interface></devices>", XML, libvirt.VIR_FROM_DOMAIN),
    ("<devices><video><model type='x'/></video></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<clock offset='x'/>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    (DISK % "<address type='x'/>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<devices><controller type='usb' model='x'/></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<devices><channel type='pty'><target type='x'/></channel></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<devices><input type='mouse' bus='x'/></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<devices><input type='evdev' bus='usb'/></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<devices><hostdev mode='subsystem' type='x'/></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<devices><interface type='hostdev'><source/></interface></devices>", XML, libvirt.VIR_FROM_DOMAIN),
    ("<devices><disk type='volume'><source volume='v'/><target dev='hda'/></disk></devices>", XML, libvirt.VIR_FROM_DOMAIN),
    ("<devices><panic model='x'/></devices>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<numatune><memory mode='x' nodeset='0'/></numatune>", UNSUPPORTED, libvirt.VIR_FROM_DOMAIN),
    ("<iothreads>x</iothreads>", XML, libvirt.VIR_FROM_DOMAIN),
    (CPU % "<feature name=''/>", XML, libvirt.VIR_FROM_CPU),
    ("<domain><name>t-errors</name></domain>", INTERNAL, libvirt.VIR_FROM_DOMAIN),
]
NETWORKS = [
    ("<network", SYNTAX, libvirt.VIR_FROM_NETWORK),
    ("<other/>", XML, libvirt.VIR_FROM_XML),
    ("<network/>", libvirt.VIR_ERR_NO_NAME, libvirt.VIR_FROM_NETWORK),
    (NETWORK % "<uuid>x</uuid>", INTERNAL, libvirt.VIR_FROM_NETWORK),
    (NETWORK % "<ip address='x'/>", XML, libvirt.VIR_FROM_NETWORK),
    (NETWORK % "<vlan/>", XML, NONE),
    (NETWORK % "<bandwidth><inbound/></bandwidth>", SYNTAX, NONE),
    (NETWORK % ("<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.1.0.1' end='10.0.0.5'/></dhcp></ip>"),
     INTERNAL, NONE),
]
POOLS = [
    ("<pool", SYNTAX, libvirt.VIR_FROM_STORAGE),
    ("<pool/>", XML, libvirt.VIR_FROM_XML),
    ("<pool type='x'/>", XML, libvirt.VIR_FROM_XML),
    ("<pool type='dir'><name>t-errors</name></pool>", XML, libvirt.VIR_FROM_STORAGE),
    (POOL % "<permissions><mode>x</mode></permissions>", XML, libvirt.VIR_FROM_STORAGE),
]
DEVICES = [
    ("<device", SYNTAX, libvirt.VIR_FROM_NODEDEV),
    ("<device/>", INTERNAL, libvirt.VIR_FROM_NODEDEV),
    ("<device><capability/></device>", XML, libvirt.VIR_FROM_XML),
    ("<device><capability type='x'/></device>", XML, libvirt.VIR_FROM_XML),
]
INTERFACES = [
    ("<interface", SYNTAX, libvirt.VIR_FROM_INTERFACE),
    ("<interface/>", XML, libvirt.VIR_FROM_XML),
    ("<interface type='ethernet'/>", XML, libvirt.VIR_FROM_INTERFACE),
]
CPUS = [
    ("<cpu", SYNTAX, libvirt.VIR_FROM_CPU),
    ("<other/>", XML, libvirt.VIR_FROM_CPU),
    ("<cpu match='x'><model>a</model></cpu>", XML, libvirt.VIR_FROM_XML),
    ("<cpu><arch>x86_64</arch></cpu>", XML, libvirt.VIR_FROM_CPU),
]


@pytest.fixture(scope="module")
def test_driver(house):
    connection = libvirt.open("test+unix:///default?socket=%s" % (house.run / "libvirt-sock"))
    yield connection
    connection.close()


def refusal(call, *arguments):
    """Code, domain and level, and the words. Nothing keeps the exception, as in `fails`."""
    try:
        call(*arguments)
    except libvirt.libvirtError as error:
        return (error.get_error_code(), error.get_error_domain(), error.get_error_level()), str(error)
    pytest.fail("it did not fail: %s" % (arguments,))


def check(call, documents, *arguments):
    for document, code, domain in documents:
        told, words = refusal(call, document, *arguments)
        assert told == (code, domain, libvirt.VIR_ERR_ERROR), "%s: %s" % (document, words)


def whole(documents, kind):
    """What stands inside of a domain, or instead of its memory and system, in one of that type."""
    for document, code, domain in documents:
        if isinstance(document, tuple):
            document = "<domain type='%s'><name>t-errors</name>%s%s</domain>" % (kind, *document)
        elif not document.startswith(("<domain", "<other")):
            document = DOMAIN % (kind, document)
        yield document, code, domain


def test_domains(connection, test_driver):
    check(connection.defineXML, whole(DOMAINS, "qemu"))
    check(test_driver.defineXML, whole(DOMAINS, "test"))


def test_what_belongs_to_a_domain(connection):
    dom = connection.defineXML(DOMAIN % ("qemu", ""))
    check(dom.attachDeviceFlags, [("<disk", SYNTAX, libvirt.VIR_FROM_DOMAIN), ("<disk type='x'/>", XML, libvirt.VIR_FROM_XML)],
          libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    check(dom.snapshotCreateXML, [("<domainsnapshot", SYNTAX, libvirt.VIR_FROM_DOMAIN_SNAPSHOT),
                                  ("<domainsnapshot><memory snapshot='x'/></domainsnapshot>", XML, libvirt.VIR_FROM_XML)], 0)
    check(dom.checkpointCreateXML, [("<domaincheckpoint", SYNTAX, libvirt.VIR_FROM_DOMAIN_CHECKPOINT)],
          libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE)
    # A guest that does not run has none, whatever the document says.
    check(dom.checkpointCreateXML, [("<domaincheckpoint", libvirt.VIR_ERR_OPERATION_UNSUPPORTED, libvirt.VIR_FROM_QEMU)], 0)
    check(dom.backupBegin, [("<domainbackup", SYNTAX, libvirt.VIR_FROM_DOMAIN)], None, 0)
    check(connection.defineXML, [((DOMAIN % ("qemu", "")).replace("t-errors", "a\nb"), SYNTAX, libvirt.VIR_FROM_XML)])


def test_networks(connection, test_driver):
    check(connection.networkDefineXML, NETWORKS)
    check(test_driver.networkDefineXML, NETWORKS)


def test_pools(connection, test_driver):
    check(connection.storagePoolDefineXML, POOLS)
    check(test_driver.storagePoolDefineXML, POOLS)


def test_host_devices_and_interfaces(connection, test_driver):
    check(connection.nodeDeviceCreateXML, DEVICES)
    check(test_driver.nodeDeviceCreateXML, DEVICES)
    check(test_driver.interfaceDefineXML, INTERFACES)


def test_processors(connection):
    check(connection.compareCPU, CPUS)
