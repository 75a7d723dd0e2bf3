"""A throw-away Debian system with systemd as its first process, in a container: what units, packages and shutdowns do.

`Machine(...)` lays a writable layer over a tree that is made once (debootstrap, from the mirror that apt is configured for) and
kept in /var/cache/innkeeper-tests. `run(script)` boots it, runs the script as root once the system is up, powers it off
and waits until it is; afterwards its journal and its files can be read.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

CACHE = pathlib.Path(os.environ.get("INNKEEPER_TEST_CACHE", "/var/cache/innkeeper-tests"))
BASE = "systemd,systemd-sysv,dbus,udev,libpam-systemd,kmod,procps,polkitd,init-system-helpers"
MACHINE = ["systemd-nspawn", "--quiet", "--register=no"] + ([] if os.path.isdir("/run/systemd/system") else ["--keep-unit"])


class Unavailable(Exception):
    """Why there cannot be such a system here."""


def call(argv, **options):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **options)
    return done.returncode, done.stdout


def inside(root, *argv, check=True):
    """Runs a program in the tree without booting it, with the host's network."""
    status, words = call([*MACHINE, f"--machine=ik-{uuid.uuid4().hex[:8]}", "--pipe", "--as-pid2", "-D", root,
                          "--resolv-conf=copy-host", "--setenv=DEBIAN_FRONTEND=noninteractive", *argv],
                         env=dict(os.environ, SYSTEMD_NSPAWN_LOCK="0"))
    if status != 0 and check:
        raise Unavailable(f"{' '.join(map(str, argv))[:200]}: status {status}\n{words[-2000:]}")
    return words


def apt_sources():
    """The lines of sources.list for the archives of this very release of Debian that apt knows."""
    _, lines = call(["apt-get", "indextargets", "--format", "$(LABEL)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"])
    return sorted({line.split("|")[1] for line in lines.splitlines() if line.startswith(("Debian|", "Debian-Security|"))})


def make_tree(making, packages, kept):
    suite = next((line.split("=")[1].strip() for line in open("/etc/os-release") if line.startswith("VERSION_CODENAME=")), None)
    sources = apt_sources()
    mirror = next((words[1] for words in map(str.split, sources) if words[2] == suite and words[3] == "main"), None)
    if mirror is None:
        raise Unavailable("apt has no Debian source for this release")
    status, words = call(["debootstrap", "--variant=minbase", f"--include={BASE}", suite, making, mirror])
    if status != 0:
        raise Unavailable(f"debootstrap: {words[-1000:]}")
    (making / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
    install(making, packages)
    # As packages too, for who wants to go back to them; a running machine has no network.
    inside(making, "sh", "-c", "mkdir /packages && cd /packages && apt-get download -qq " + " ".join(kept))


def install(root, packages):
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    inside(root, "sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends " + " ".join(packages))
    policy.unlink()
    inside(root, "apt-get", "clean")


def once(name, words, make):
    """A folder that `make` makes and that is kept."""
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / f"{name}.{hashlib.sha256(' '.join(words).encode()).hexdigest()[:16]}"
    if not folder.exists():
        making = pathlib.Path(tempfile.mkdtemp(prefix="making.", dir=CACHE))
        try:
            make(making)
            if not folder.exists():
                making.rename(folder)
        finally:
            call(["umount", "-l", making / "root"])
            shutil.rmtree(making, ignore_errors=True)
    return folder


def mount(work, below):
    """work/root is what is below, with what is written to it in work/upper."""
    for name in ("root", "upper", "layer"):
        (work / name).mkdir()
    status, words = call(["mount", "-t", "overlay", "-o", f"lowerdir={below},upperdir={work}/upper,workdir={work}/layer",
                          "overlay", work / "root"])
    if status != 0:
        raise Unavailable(f"no overlay can be mounted: {words}")


def tree(packages, kept, more):
    """Folders for Machine(): Debian with these packages, `kept` as files in /packages, and, in a layer of their own that changes
    more often, `more`."""
    for program in ("debootstrap", "systemd-nspawn", "journalctl"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is missing")
    if os.geteuid() != 0:
        raise Unavailable("only root can start a container")
    base = once("tree", [BASE, *packages, "/", *kept], lambda making: make_tree(making, packages, kept))

    def add(making):
        mount(making, base)
        install(making / "root", more)
        call(["umount", making / "root"])

    return f"{once('layer', [base.name, *more], add)}/upper:{base}" if more else str(base)


def own_groups(name):
    """A control group of its own for the container in each hierarchy, below ours; systemd makes it where it runs."""
    if os.path.isdir("/run/systemd/system"):
        return []
    mounts = [line.split() for line in open("/proc/mounts")]
    groups = []
    for line in open("/proc/self/cgroup"):
        _, controllers, path = line.strip().split(":", 2)
        for mount in mounts:
            fits = mount[2] == "cgroup2" if not controllers else (
                mount[2] == "cgroup" and controllers.split(",")[0] in mount[3].split(","))
            above = pathlib.Path(mount[1] + path.rstrip("/"))
            if fits and above.is_dir():
                group = above / name
                try:
                    group.mkdir()
                except OSError:
                    break
                for file in ("cpuset.cpus", "cpuset.mems"):
                    if controllers == "cpuset" and (above / file).exists():
                        (group / file).write_text((above / file).read_text())
                groups.append(group)
                break
    return groups


def remove_groups(groups):
    for group in groups:
        for folder, _, _ in os.walk(group, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass


class Machine:
    def __init__(self, below, after=None):
        """`below` is from tree(); `after` is another machine, which is left alone from then on: what it has become is where this one begins."""
        below = f"{after.work}/upper:{below}" if after else below
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="run.", dir=CACHE))
        self.root = self.work / "root"
        mount(self.work, below)
        self.write("etc/machine-id", uuid.uuid4().hex + "\n")
        self.write("etc/hostname", "machine\n")
        self.write("etc/hosts", "127.0.0.1 localhost machine\n")
        self.write("etc/fstab", "")
        self.write("etc/systemd/journald.conf.d/test.conf", "[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n")
        (self.root / "var/log/journal").mkdir(parents=True, exist_ok=True)
        for timer in ("apt-daily", "apt-daily-upgrade", "dpkg-db-backup", "fstrim", "e2scrub_all"):
            self.mask(timer + ".timer")
        # Daemons that manage guests make control groups, which a container has read-only where they are of version 1.
        self.write("etc/systemd/system/writable-groups.service", """[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for d in /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$d" || :; done 2>/dev/null'
""")
        self.link("etc/systemd/system/sysinit.target.wants/writable-groups.service", "../writable-groups.service")
        self.write("etc/systemd/system/script.service", """[Unit]
After=multi-user.target
[Service]
Type=exec
ExecStart=/bin/bash -c 'if [ -e /script.status ]; then exec systemctl --no-block poweroff; fi; \
cd /root; HOME=/root; export HOME; bash -x /script > /script.log 2>&1; echo $? > /script.status; sh /ending'
KillMode=process
""")
        self.write("etc/systemd/system/script.target", "[Unit]\nRequires=multi-user.target\nWants=script.service\nAllowIsolate=yes\n")
        self.link("etc/systemd/system/default.target", "/etc/systemd/system/script.target")

    def write(self, path, text, mode=0o644):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink():
            file.unlink()
        file.write_text(text)
        file.chmod(mode)

    def link(self, path, target):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.symlink_to(target)

    def mask(self, unit):
        self.link(f"etc/systemd/system/{unit}", "/dev/null")

    def copy(self, source, path):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, self.root / path)

    def inside(self, *argv, check=True):
        return inside(self.root, *argv, check=check)

    def run(self, script, limit, ending="poweroff"):
        """Boots, runs the script and powers off; the script's exit status and words. With another `ending`, such as reboot,
        it goes down in that way, and where this boots it again it powers off then."""
        self.write("script", script)
        # (The jobs that `systemctl kexec` makes, which itself insists on a kernel that a container cannot load.)
        self.write("ending", "systemctl --no-block " + (
            "start --job-mode=replace-irreversibly kexec.target" if ending == "kexec" else ending) + "\n")
        name = f"ik-{uuid.uuid4().hex[:8]}"
        groups = own_groups(name)
        join = "".join(f"echo $$ > {group}/cgroup.procs; " for group in groups)
        command = [*MACHINE, f"--machine={name}", "-D", self.root, "--boot", "--hostname=machine", "--private-network",
                   "--capability=all", "--system-call-filter=@known", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
                   "--console=pipe"]
        try:
            status, console = call(["timeout", "-k", "10", limit, "sh", "-c", join + 'exec "$@"', "sh", *command],
                                   env=dict(os.environ, SYSTEMD_NSPAWN_LOCK="0", SYSTEMD_NSPAWN_API_VFS_WRITABLE="network"))
        finally:
            remove_groups(groups)
        words = self.read("script.log")
        if not (self.root / "script.status").exists():
            if status == 124 or words:
                raise AssertionError(f"the script did not end within {limit} s\n{words[-4000:]}\n{console[-2000:]}")
            raise Unavailable(f"systemd-nspawn cannot boot here: status {status}\n{console[-1000:]}")
        assert status != 124, f"the shutdown did not end within {limit} s\n{words[-1000:]}\n{self.tail()}"
        return int(self.read("script.status")), words

    def read(self, path):
        file = self.root / path
        return file.read_text(errors="replace") if file.exists() else ""

    def journal(self):
        """All entries, in order."""
        _, lines = call(["journalctl", "-D", self.root / "var/log/journal", "--no-pager", "-q", "-o", "json"])
        return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]

    def tail(self, count=60):
        return "\n".join(str(entry.get("MESSAGE")) for entry in self.journal()[-count:])

    def close(self):
        call(["umount", "-l", self.root])
        shutil.rmtree(self.work, ignore_errors=True)
