#!/usr/bin/env python3
"""Writes the polkit actions org.libvirt.api.OBJECT.PERMISSION: one for each pair that an access rule in protocol/*.json names.

    generate_polkit.py TABLES OUTPUT

They are asked for by clients that may connect, where `access_drivers` has polkit. Whoever may connect may look, unless a
rule says otherwise; everything else is refused until a rule allows it.
"""
import json
import pathlib
import sys

# What may be looked at without a rule: attributes, documents without secrets, and lists of what the host has. What lies
# inside of a pool, and a device's document, are not among it.
OPEN = ("getattr", "read")
CLOSED = {"node_device.read"}

OBJECTS = {
    "connect": "the host", "domain": "a guest", "interface": "a network interface of the host", "network": "a virtual network",
    "network_port": "a port of a virtual network", "node_device": "a device of the host", "nwfilter": "a packet filter",
    "nwfilter_binding": "a packet filter's binding", "secret": "a secret", "storage_pool": "a storage pool",
    "storage_vol": "a storage volume",
}
PERMISSIONS = {
    "getattr": "See that {} is there, and its name", "read": "See how {} is defined and what it does", "write": "Change {}",
    "save": "Keep changes of {} on disk", "delete": "Remove {}", "start": "Start {}", "stop": "Stop {}", "create": "Create {}",
    "format": "Format {}", "refresh": "Look again at what is in {}", "resize": "Resize {}", "detach": "Take {} away from its driver",
    "detect_storage_pools": "Search for storage that could become a pool", "interface_transaction": "Change the host's network in one go",
    "pm_control": "Put {} to sleep and wake it up", "read_secure": "Read the secrets of {}", "get_secure": "Read the value of {}",
    "set_secure": "Set the value of {}", "data_read": "Read the content of {}", "data_write": "Write the content of {}",
    "block_read": "Read the disks of {}", "block_write": "Write to the disks of {}", "mem_read": "Read the memory of {}",
    "checkpoint": "Make and remove checkpoints of {}", "snapshot": "Make and remove snapshots of {}", "core_dump": "Dump the memory of {}",
    "fs_freeze": "Freeze and thaw the file systems of {}", "fs_trim": "Trim the file systems of {}", "hibernate": "Save {} and end it",
    "init_control": "Ask the first process of {} to shut down or reboot", "inject_nmi": "Send {} an interrupt that it cannot mask",
    "migrate": "Migrate {}", "open_device": "Use the consoles and channels of {}", "open_graphics": "See and use the display of {}",
    "open_namespace": "Enter the namespaces of {}", "reset": "Reset {}", "screenshot": "See the screen of {}",
    "send_input": "Press keys of {}", "send_signal": "Send signals to the processes of {}", "set_password": "Set passwords inside {}",
    "set_time": "Set the clock of {}", "suspend": "Pause and resume {}",
    "search_storage_vols": "List the volumes of {}", "search_ports": "List the ports of {}",
}


def pairs(folder):
    found = set()
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        table = json.loads(path.read_text())
        for row in table.get("procedures", []) if isinstance(table, dict) else []:
            for rule in row.get("acl", []) + row.get("aclfilter", []):
                if rule != "none":
                    found.add(tuple(rule.split(":")[:2]))
    return sorted(found)


def is_open(thing, permission):
    if f"{thing}.{permission}" in CLOSED:
        return False
    return permission in OPEN or (thing == "connect" and permission.startswith("search_"))


def sentence(thing, permission):
    words = PERMISSIONS.get(permission)
    if words is None:
        if thing != "connect" or not permission.startswith("search_"):
            sys.exit(f"generate_polkit.py has no words for the permission {permission} of {thing}")
        words = "List the host's " + permission.removeprefix("search_").replace("_", " ")
    return words.format(OBJECTS[thing])


def action(thing, permission):
    answer = "yes" if is_open(thing, permission) else "no"
    words = sentence(thing, permission)
    name = f"org.libvirt.api.{thing}.{permission}".replace("_", "-")
    return f"""  <action id="{name}">
    <description>{words}</description>
    <message>The policy of this host does not let everybody do this: {words[0].lower() + words[1:]}</message>
    <defaults>
      <allow_any>{answer}</allow_any>
      <allow_inactive>{answer}</allow_inactive>
      <allow_active>{answer}</allow_active>
    </defaults>
  </action>
"""


def main():
    tables, output = sys.argv[1:]
    unknown = [thing for thing, _ in pairs(tables) if thing not in OBJECTS]
    if unknown:
        sys.exit("generate_polkit.py has no words for " + ", ".join(unknown))
    pathlib.Path(output).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(output).write_text("""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD polkit Policy Configuration 1.0//EN"
    "http://www.freedesktop.org/software/polkit/policyconfig-1.dtd">
<policyconfig>
  <vendor>Innkeeper</vendor>
""" + "".join(action(*pair) for pair in pairs(tables)) + "</policyconfig>\n")


if __name__ == "__main__":
    main()
