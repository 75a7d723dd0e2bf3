#!/usr/bin/python3
"""Writes src/cpu/x86_features.inc and x86_models.inc: cpu_models.py URI FOLDER

Which models and features clients know by name, and which of them go together, is asked of a running libvirtd at URI;
which bit of the CPU a feature is, of QEMU (its CPU object tells the words that CPUID would answer with). What neither
tells (bits of model-specific registers, features that QEMU never gives to a guest, and signatures of models) is from the
manuals of the CPUs and stands below.
"""
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ET

import libvirt

QEMU = "qemu-system-x86_64"
QEMU_NAMES = {"pclmuldq": "pclmulqdq", "fxsr_opt": "fxsr-opt"}
VENDORS = ["Intel", "AMD", "Hygon"]

# IA32_ARCH_CAPABILITIES and IA32_CORE_CAPABILITIES; CPUID bits of what only a host has.
FROM_MANUALS = {
    "rdctl-no": (0x10A, 0, "msr", 0), "ibrs-all": (0x10A, 0, "msr", 1), "rsba": (0x10A, 0, "msr", 2),
    "skip-l1dfl-vmentry": (0x10A, 0, "msr", 3), "ssb-no": (0x10A, 0, "msr", 4), "mds-no": (0x10A, 0, "msr", 5),
    "pschange-mc-no": (0x10A, 0, "msr", 6), "tsx-ctrl": (0x10A, 0, "msr", 7), "taa-no": (0x10A, 0, "msr", 8),
    "split-lock-detect": (0xCF, 0, "msr", 5),
    "osxsave": (1, 0, "ecx", 27), "xsave": (1, 0, "ecx", 26), "ospke": (7, 0, "ecx", 4), "cmt": (7, 0, "ebx", 12),
    "pconfig": (7, 0, "edx", 18), "mbm_total": (15, 1, "edx", 1), "mbm_local": (15, 1, "edx", 2),
    "cvt16": (0x80000001, 0, "ecx", 18),
}
# Family, model and the first and last stepping that are this model's, where that tells them apart.
SIGNATURES = {
    "Conroe": "6/15 6/22", "Penryn": "6/23 6/29", "Nehalem": "6/26 6/30 6/31 6/46", "Westmere": "6/37 6/44 6/47",
    "SandyBridge": "6/42 6/45", "IvyBridge": "6/58 6/62", "Haswell": "6/60 6/63 6/69 6/70",
    "Broadwell": "6/61 6/71 6/79 6/86", "Skylake-Client": "6/78 6/94 6/142 6/158", "Skylake-Server": "6/85/0-4",
    "Cascadelake-Server": "6/85/5-9", "Cooperlake": "6/85/10-11", "Icelake-Client": "6/125 6/126",
    "Icelake-Server": "6/106 6/108", "Snowridge": "6/134", "Opteron_G2": "15/65 15/67", "Opteron_G3": "16/2 16/4",
    "Opteron_G4": "21/1", "Opteron_G5": "21/2", "EPYC": "23/1 23/8 23/17 23/24", "EPYC-Rome": "23/49 23/96 23/113",
    "EPYC-Milan": "25/1 25/33 25/80", "Dhyana": "24/0",
}


class Daemon:
    def __init__(self, uri):
        libvirt.registerErrorHandler(lambda *_: None, None)
        self.conn = libvirt.open(uri)

    def baseline(self, *cpus, flags=0):
        """The answer, or the error's text."""
        documents = ["<cpu><arch>x86_64</arch><model>%s</model>%s%s</cpu>" % (
            model, "<vendor>%s</vendor>" % vendor if vendor else "", "".join("<feature name='%s'/>" % f for f in features))
            for model, features, vendor in cpus]
        try:
            return ET.fromstring(self.conn.baselineCPU(documents, flags))
        except libvirt.libvirtError as e:
            return e.get_error_message()

    def features(self, *cpus, policy="require", flags=0):
        answer = self.baseline(*cpus, flags=flags)
        return [f.get("name") for f in answer.findall("feature") if f.get("policy") == policy]


def words(cpu):
    """What QEMU would let CPUID answer for this CPU, also what this host cannot give: {(leaf, subleaf, register): word}"""
    qemu = subprocess.Popen([QEMU, "-M", "pc", "-accel", "tcg", "-cpu", cpu, "-qmp", "stdio", "-display", "none",
                             "-nodefaults", "-S", "-m", "16"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    get = [{"execute": "qmp_capabilities"}] + [
        {"execute": "qom-get", "arguments": {"path": "/machine/unattached/device[0]", "property": p}}
        for p in ("feature-words", "filtered-features")] + [{"execute": "quit"}]
    replies = [json.loads(line) for line in qemu.communicate("\n".join(map(json.dumps, get)))[0].splitlines()]
    found = {}
    for reply in replies:
        for word in reply.get("return") or []:
            key = (word["cpuid-input-eax"], word.get("cpuid-input-ecx", 0), word["cpuid-register"].lower())
            found[key] = found.get(key, 0) | word["features"]
    return found


def bit_of(feature):
    if feature in FROM_MANUALS:
        return FROM_MANUALS[feature]
    name = QEMU_NAMES.get(feature, feature)
    on, off = words("486,%s=on" % name), words("486,%s=off" % name)
    changed = {key: word & ~off.get(key, 0) for key, word in on.items() if word & ~off.get(key, 0)}
    (key, word), = changed.items()
    return (*key, word.bit_length() - 1)


def candidates():
    """Words that may be names of features: QEMU's properties in several spellings, and what the manuals add."""
    reply = subprocess.run([QEMU, "-M", "none", "-accel", "tcg", "-qmp", "stdio", "-display", "none"], text=True,
                           capture_output=True, input='{"execute":"qmp_capabilities"}{"execute":"query-cpu-model-expansion",'
                           '"arguments":{"type":"full","model":{"name":"max"}}}{"execute":"quit"}').stdout
    props = next(r["return"]["model"]["props"] for r in map(json.loads, reply.splitlines())
                 if isinstance(r.get("return"), dict) and "model" in r["return"])
    names = {n for n, v in props.items() if isinstance(v, bool)} | set(FROM_MANUALS) | {"cid", "pclmuldq"}
    return names | {n.replace("-", "_") for n in names} | {n.replace("_", "-") for n in names}


def place(line):
    """Where a feature stands in a list of them."""
    leaf, subleaf, register, bit = line[:4]
    if register == "msr":
        return (1, -leaf, 0, 0, bit)
    registers = ["edx", "ecx"] if leaf in (1, 0x80000001) else ["eax", "ebx", "ecx", "edx"]
    return (0, leaf, subleaf, registers.index(register), bit)


def write_features(daemon, out):
    known = [c for c in sorted(candidates()) if not isinstance(daemon.baseline(("486", [c], "")), str)]
    own = daemon.features(("pentium", [], ""), flags=1)
    lines = []
    for feature in known:
        shown = feature in own or daemon.features(("pentium", [feature], "")) == [feature]
        migratable = not shown or feature in own or bool(daemon.features(("pentium", [feature], ""), flags=2))
        lines.append((*bit_of(feature), feature, shown, migratable))
    lines.sort(key=place)
    as_told = daemon.features(("pentium", known, ""))
    assert as_told == [line[4] for line in lines if line[4] in as_told], "the order of features is another one"
    for leaf, subleaf, register, bit, feature, shown, migratable in lines:
        marks = ", ".join(m for m, on in (("host_only", not shown), ("stays_home", shown and not migratable)) if on)
        print('{"%s", {0x%x, %d, Register::%s, %d}%s},' % (feature, leaf, subleaf, register, bit, ", X86Feature::" + marks if marks else ""),
              file=out)


def vendor_of(daemon, model):
    fits = [v for v in VENDORS if not isinstance(daemon.baseline(("486", [], v), (model, [], "")), str)]
    return fits[0] if len(fits) == 1 else ""


def write_models(daemon, out):
    models = daemon.conn.getCPUModelNames("x86_64")
    features = {m: daemon.features((m, [], ""), flags=1) for m in models}
    for i, model in enumerate(models):
        answer = daemon.baseline((model, [], ""))
        decoded = answer.findtext("model") == model
        removed = daemon.features((model, [], ""), policy="disable") if decoded else []
        if not decoded and model.startswith("Icelake"):
            removed = ["intel-pt"]  # as its sibling with TSX
        # Told as what it adds to the nearest model before it and takes from it.
        near = min(models[:i], key=lambda m: len(set(features[m]) ^ set(features[model])), default="")
        base = features.get(near, [])
        plus, minus = ([f for f in a if f not in b] for a, b in ((features[model], base), (base, features[model])))
        family = next((s for s in (model, *(model.replace(t, "") for t in ("-noTSX-IBRS", "-noTSX", "-IBRS", "-IBPB"))) if s in SIGNATURES), "")
        print('{"%s", "%s", %s, "%s", "%s", "%s", "%s", "%s"},' % (
            model, vendor_of(daemon, model), str(decoded).lower(), near, " ".join(plus), " ".join(minus),
            " ".join(removed), SIGNATURES.get(family, "")), file=out)


def main():
    daemon, folder = Daemon(sys.argv[1]), pathlib.Path(sys.argv[2])
    for name, write in (("x86_features.inc", write_features), ("x86_models.inc", write_models)):
        with open(folder / name, "w") as out:
            print("// Made by tools/cpu_models.py.", file=out)
            write(daemon, out)


main()
