#!/usr/bin/env python3
"""Writes what follows from packaging/daemons.json, the table of daemons.

    generate_units.py units TABLE OUTPUT DEFAULTS SBIN PROGRAM…   the units of those programs; DEFAULTS is the folder of their
                                                                  environment files (/etc/default), SBIN that of the programs
    generate_units.py header TABLE OUTPUT                         C++: all daemons that may be on a host, as rows

A relation to a unit of a daemon that is not among the programs is left out, so that no unit waits for what nobody ships.
"""
import json
import pathlib
import sys


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Section:
    def __init__(self, name):
        self.lines = [f"[{name}]"]

    def add(self, key, *values):
        self.lines += [f"{key}={value}" for value in values]
        return self

    def raw(self, *lines):
        self.lines += [line for line in lines if line]
        return self


def unit(*sections):
    return "\n\n".join("\n".join(section.lines) for section in sections) + "\n"


class Units:
    def __init__(self, table, defaults, sbin, programs):
        self.rows = {row["name"]: row for row in table["daemons"]}
        self.defaults, self.sbin, self.programs = defaults, sbin, programs
        unknown = set(programs) - set(self.rows)
        if unknown:
            sys.exit("daemons.json has no row for " + ", ".join(sorted(unknown)))

    def shipped(self, names):
        """Those that are nobody's of the table, or of a daemon that is built."""
        return [n for n in names if n.split(".")[0] not in self.rows or n.split(".")[0] in self.programs]

    def sockets(self, row):
        kinds = ["", "-admin"] if row.get("helper") else ["", "-ro", "-admin"]
        return {row["name"] + kind + ".socket": kind for kind in kinds + (["-tcp", "-tls"] if row.get("network") else [])}

    def local_sockets(self, row):
        return [s for s, kind in self.sockets(row).items() if kind in ("", "-ro", "-admin")]

    def socket(self, row, kind):
        daemon, name = row["name"], row.get("takes_sockets_of", row["name"])
        words = {"": "local socket", "-ro": "local read-only socket", "-admin": "admin socket",
                 "-tcp": "TCP socket", "-tls": "TLS socket"}[kind]
        base = "/run/libvirt/" + ("libvirt" if name == "libvirtd" else name)
        listen = {"": base + "-sock", "-ro": base + "-sock-ro", "-admin": base + "-admin-sock", "-tcp": "16509", "-tls": "16514"}[kind]
        about = Section("Unit").add("Description", f"{row['title']}: {words}").add("Before", daemon + ".service")
        if kind:
            about.add("BindsTo", daemon + ".socket").add("After", daemon + ".socket")
        about.add("Conflicts", *self.shipped(name + k + ".socket" for k in ("", "-ro", "-admin", "-tcp", "-tls")
                                              if "takes_sockets_of" in row))
        body = Section("Socket").add("ListenStream", listen).add("Service", daemon + ".service")
        if kind == "-admin" or row.get("helper"):
            body.add("SocketMode", "0600")
        elif kind in ("", "-ro"):
            body.add("SocketMode", "0666")  # polkit decides
        if not kind:
            body.add("RemoveOnStop", "yes")
        return unit(about, body, Section("Install").add("WantedBy", "sockets.target"))

    def service(self, row):
        daemon = row["name"]
        helper = row.get("helper", False)
        about = Section("Unit").add("Description", row["title"]).add("Documentation", f"man:{daemon}(8)")
        about.add("Requires", *self.shipped(row.get("requires", [])))
        # A masked socket is no reason not to start: the daemon makes its own then.
        about.add("Wants", *self.local_sockets(row), *row.get("wants", []))
        about.raw(row.get("condition"))
        about.add("Conflicts", *self.shipped(row.get("conflicts", [])))
        if helper:
            about.add("Before", *self.shipped(["libvirtd.service", "virtqemud.service", "virtxend.service"]))
        else:
            about.add("After", "network.target", "dbus.service", "apparmor.service", "local-fs.target")
        about.add("After", *self.shipped(row.get("requires", [])), *row.get("after", []))
        arguments = daemon.upper() + "_ARGS"
        body = Section("Service")
        if not helper:
            body.add("Type", "notify").add("Environment", arguments + '="--timeout 120"')
        body.add("EnvironmentFile", f"-{self.defaults}/{daemon}").add("ExecStart", f"{self.sbin}/{daemon} ${arguments}")
        body.add("ExecReload", "/bin/kill -%s $MAINPID" % ("USR1" if helper else "HUP"))
        body.add(*("OOMScoreAdjust", "-900") if helper else ("Restart", "on-failure"))
        if not helper:
            body.add("TimeoutStopSec", "45")  # a daemon whose end takes 30 s ends by force; this is for one that hangs
        body.raw(*row.get("service", []))
        install = Section("Install")
        if not helper:
            install.add("WantedBy", "multi-user.target")
        install.add("Also", *self.local_sockets(row)).add("Also", *self.shipped(row.get("requires", [])))
        return unit(about, body, install)

    def write(self, folder):
        for name in self.programs:
            row = self.rows[name]
            write(folder / f"{name}.service", self.service(row))
            for socket, kind in self.sockets(row).items():
                write(folder / socket, self.socket(row, kind))


def header(table):
    rows = "\n".join('    {"%s", %s},' % (row["name"], "true" if row.get("runs_guests") else "false") for row in table["daemons"])
    return f"""// From packaging/daemons.json.
#pragma once

#include <string_view>

namespace innkeeper::app {{

struct DaemonRow {{
    std::string_view name;
    bool runs_guests;
}};

inline constexpr DaemonRow daemon_rows[] = {{
{rows}
}};

}}  // namespace innkeeper::app
"""


def main():
    what, table_path, output, *rest = sys.argv[1:]
    table = json.loads(pathlib.Path(table_path).read_text())
    if what == "header":
        write(pathlib.Path(output), header(table))
    else:
        defaults, sbin, *programs = rest
        Units(table, defaults, sbin, programs).write(pathlib.Path(output))


if __name__ == "__main__":
    main()
