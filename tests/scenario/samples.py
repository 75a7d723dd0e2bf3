"""Arguments for every procedure of the tables, which name the things that `make` makes."""
import re
import struct

from daemon import guest_xml
from wire import optional, table, text

WEB = "11111111-2222-3333-4444-555555555555"
NETWORK, POOL, SECRET, FILTER = (WEB.replace("1111-", "%d111-" % n, 1) for n in (2, 3, 4, 5))
PLACE = "/tmp/ik-samples"
OWNER = "<owner><name>web</name><uuid>%s</uuid></owner>" % WEB
DOCUMENTS = {
    "domain": guest_xml("web", WEB),
    "network": "<network><name>in</name><uuid>%s</uuid></network>" % NETWORK,
    "nwfilter": "<filter name='in'><uuid>%s</uuid></filter>" % FILTER,
    "nwfilter_binding": "<filterbinding>%s<portdev name='ik-none'/><mac address='52:54:00:00:00:01'/><filterref filter='in'/>"
                        "</filterbinding>" % OWNER,
    "storage_pool": "<pool type='dir'><name>in</name><uuid>%s</uuid><target><path>%s</path></target></pool>" % (POOL, PLACE),
    "storage_vol": "<volume><name>small</name><capacity>4096</capacity></volume>",
    "secret": "<secret><uuid>%s</uuid><usage type='ceph'><name>in</name></usage></secret>" % SECRET,
    "node_device": "<device><name>x</name><parent>computer</parent></device>",
    "network_port": "<networkport><uuid>%s</uuid>%s</networkport>" % (WEB, OWNER),
    "interface": "<interface type='ethernet' name='lo'/>",
    "connect": "<x/>",
}
NAMES = {"domain": "web", "network": "in", "nwfilter": "in", "nwfilter_binding": "ik-none", "storage_pool": "in", "storage_vol": "small",
         "node_device": "computer", "interface": "lo"}
UUIDS = {"domain": WEB, "network": NETWORK, "nwfilter": FILTER, "storage_pool": POOL, "secret": SECRET, "network_port": WEB}


def make(connection):
    connection.createXML(DOCUMENTS["domain"]).save(PLACE + "/image")
    connection.defineXML(DOCUMENTS["domain"]).create()
    connection.networkDefineXML(DOCUMENTS["network"])
    connection.nwfilterDefineXML(DOCUMENTS["nwfilter"])
    connection.nwfilterBindingCreateXML(DOCUMENTS["nwfilter_binding"])
    connection.secretDefineXML(DOCUMENTS["secret"])
    pool = connection.storagePoolDefineXML(DOCUMENTS["storage_pool"])
    pool.create()
    pool.createXML(DOCUMENTS["storage_vol"])


def uuid(value):
    return bytes.fromhex(value.replace("-", ""))


class Samples:
    """The procedures of one program."""

    def __init__(self, program):
        self.table = table(program)
        self.types = {}
        for name in [*self.table.get("types_from", []), program]:
            self.types.update(table(name).get("types", {}))
        self.procedures = [row for row in self.table["procedures"] if "args" in row]

    def arguments(self, row, **words):
        """Encoded; numbers in `words` take the place of those arguments."""
        args = row["args"]
        if isinstance(args, str):
            args = self.types[args]["struct"]
        kinds = [rule.split(":")[0] for rule in row["acl"]]
        kind = next((kind for kind in kinds if kind not in ("none", "connect")), "connect")
        return b"".join(self.encode(field, kind, words) for field in args)

    def encode(self, field, kind, words):
        base, form = re.fullmatch(r"(\w+)(.*)", field["type"]).groups()
        name = field["name"]
        if name == "name" and form == "?" and kind == "connect":
            return optional("qemu:///system")
        if form == "?" or (form.startswith("<") and base != "opaque"):
            return struct.pack(">I", 0)
        if base == "opaque":
            return struct.pack(">I", 0) if form.startswith("<") else uuid(UUIDS.get(kind, WEB))
        one = self.one(base, name, kind, words)
        return one * int(form[1:-1]) if form.startswith("[") else one

    def one(self, base, name, kind, words):
        if base in ("int64", "uint64"):
            return struct.pack(">Q", words.get(name, 0))
        if base == "double":
            return struct.pack(">d", 0)
        if re.fullmatch(r"u?int(8|16|32)", base):
            return struct.pack(">I", words.get(name, 2 if name in ("usageType", "id") else 0))
        if base == "string":
            return text(self.word(name, kind))
        made = self.types[base]
        if "enum" in made:
            return struct.pack(">i", next(iter(made["enum"].values())))
        inner = {"domain_snapshot": "domain", "domain_checkpoint": "domain"}.get(base, base)
        return b"".join(self.encode(field, inner, words) for field in made["struct"])

    def word(self, name, kind):
        if name in ("name", "dname", "portdev"):
            return NAMES.get(kind, "none")
        if name in ("xml", "xml_desc", "dom_xml"):
            return DOCUMENTS[kind]
        if name in ("from", "file"):
            return PLACE + "/image"
        if name in ("path", "key"):
            return PLACE if kind == "storage_pool" else PLACE + "/small"
        return {"mac": "00:00:00:00:00:00", "usageID": "in", "pool": "in"}.get(name, "none")


def numbers(row):
    """Names of the arguments that are 32-bit numbers."""
    return [field["name"] for field in row["args"] if field["type"] in ("int32", "uint32")] if isinstance(row["args"], list) else []
