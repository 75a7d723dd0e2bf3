"""A made-up host for those who read devices: a tree that takes the place of /sys in a mount namespace, and what udev's
database says of its devices."""
import pathlib


def config_space(vendor=0x8086, device=0x1234, header=0, express=None):
    """The first 256 bytes of a PCI device's configuration. `express`: link capability and link status."""
    space = bytearray(256)
    space[0:4] = vendor.to_bytes(2, "little") + device.to_bytes(2, "little")
    space[0x0e] = header
    if express:
        space[6] = 0x10         # there is a list of capabilities
        space[0x34] = 0x40      # the first of them
        space[0x40] = 0x10      # PCI Express
        capability, status = express
        space[0x4c:0x50] = capability.to_bytes(4, "little")
        space[0x52:0x54] = status.to_bytes(2, "little")
    return bytes(space)


class FakeSysfs:
    """Made below `root`: `root/sys` and `root/udev` (for /run/udev)."""

    def __init__(self, root):
        self.sys = pathlib.Path(root) / "sys"
        self.udev = pathlib.Path(root) / "udev"
        for folder in (self.sys / "bus", self.sys / "class", self.sys / "block", self.sys / "devices", self.sys / "fs" / "cgroup",
                       self.sys / "devices" / "system", self.sys / "kernel", self.udev / "data", self.udev / "tags"):
            folder.mkdir(parents=True, exist_ok=True)

    def link(self, at, target):
        """A link inside the tree, both paths seen from its top."""
        at = self.sys / at
        at.parent.mkdir(parents=True, exist_ok=True)
        if not at.is_symlink():
            ups = "../" * len(at.parent.relative_to(self.sys).parts)
            at.symlink_to(ups + target)

    def write(self, at, content):
        at = self.sys / at
        at.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            at.write_bytes(content)
        else:
            at.write_text("%s\n" % content)

    def device(self, path, subsystem, is_bus=False, driver=None, uevent=None, udev=None, links=(), **attributes):
        """`path` below /sys/devices; `udev`: properties of its record; `links`: its names below /dev."""
        path = "devices/" + path
        name = path.rsplit("/", 1)[1]
        uevent = dict(uevent or {})
        if driver:
            uevent["DRIVER"] = driver
            self.link(path + "/driver", "bus/%s/drivers/%s" % (subsystem, driver))
            (self.sys / "bus" / subsystem / "drivers" / driver).mkdir(parents=True, exist_ok=True)
        self.write(path + "/uevent", "\n".join("%s=%s" % item for item in uevent.items()))
        for attribute, value in attributes.items():
            self.write(path + "/" + attribute, value)
        home = "bus/%s/devices" % subsystem if is_bus else "class/" + subsystem
        self.link("%s/%s" % (home, name), path)
        self.link(path + "/subsystem", ("bus/" if is_bus else "class/") + subsystem)
        if is_bus:
            (self.sys / "bus" / subsystem / "drivers").mkdir(parents=True, exist_ok=True)
        self.record(path, subsystem, uevent, udev or {}, links)
        return path

    def record(self, path, subsystem, uevent, udev, links):
        name = path.rsplit("/", 1)[1]
        if "MAJOR" in uevent:
            number = "%s:%s" % (uevent["MAJOR"], uevent["MINOR"])
            key = ("b" if subsystem == "block" else "c") + number
            self.link("dev/%s/%s" % ("block" if subsystem == "block" else "char", number), path)
        elif "IFINDEX" in uevent:
            key = "n%s" % uevent["IFINDEX"]
        else:
            key = "+%s:%s" % (subsystem, name)
        lines = ["S:%s" % link for link in links] + ["I:1"] + ["E:%s=%s" % item for item in udev.items()]
        (self.udev / "data" / key).write_text("\n".join(lines) + "\n")

    def pci(self, path, ids="8086:1234", kind=0x020000, header=0, express=None, **rest):
        vendor, device = ids.split(":")
        attributes = {"vendor": "0x" + vendor, "device": "0x" + device, "class": "0x%06x" % kind,
                      "subsystem_vendor": "0x0000", "subsystem_device": "0x0000", "irq": "0", "resource": "",
                      "config": config_space(int(vendor, 16), int(device, 16), header, express)}
        slot = path.rsplit("/", 1)[1]
        uevent = {"PCI_CLASS": "%X" % kind, "PCI_ID": ids.upper(), "PCI_SUBSYS_ID": "0000:0000", "PCI_SLOT_NAME": slot}
        attributes.update({k: v for k, v in rest.items() if k not in ("driver", "udev", "uevent")})
        uevent.update(rest.get("uevent") or {})
        return self.device(path, "pci", True, rest.get("driver"), uevent, rest.get("udev"), (), **attributes)

    def net(self, path, index, address, state="up", udev=None, uevent=None, **attributes):
        name = path.rsplit("/", 1)[1]
        all_of_it = {"INTERFACE": name, "IFINDEX": str(index)}
        all_of_it.update(uevent or {})
        return self.device(path, "net", False, None, all_of_it, udev, (), address=address, operstate=state,
                           ifindex=str(index), **attributes)

    def block(self, path, number, size=2097152, removable=0, udev=None, links=(), devtype="disk", **attributes):
        name = path.rsplit("/", 1)[1]
        uevent = {"MAJOR": number.split(":")[0], "MINOR": number.split(":")[1], "DEVNAME": name, "DEVTYPE": devtype}
        at = self.device(path, "block", False, None, uevent, udev, links, size=str(size), removable=str(removable), dev=number,
                         **attributes)
        self.write(at + "/queue/logical_block_size", "512")
        self.link("block/" + name, at)
        return at
