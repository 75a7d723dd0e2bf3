#!/usr/bin/env python3
"""Writes the wire types, procedure rows, public constants and test samples that follow from the tables in protocol/.

    generate_protocol.py TABLES OUTPUT          writes what changed
    generate_protocol.py TABLES OUTPUT --list   names the files only: headers, then sources, then samples

Every fact stands in the tables; a row without an access right, with an unknown type or with two meanings for a name
stops the build here.
"""
import json
import pathlib
import re
import sys

PROGRAMS = ["remote", "qemu", "lxc", "admin", "log", "lock"]
SCALARS = {
    "int8": "std::int8_t", "uint8": "std::uint8_t", "int16": "std::int16_t", "uint16": "std::uint16_t",
    "int32": "std::int32_t", "uint32": "std::uint32_t", "int64": "std::int64_t", "uint64": "std::uint64_t",
    "double": "double",
}
KEYWORDS = {"new", "register", "delete", "default", "class", "struct", "union", "enum", "restrict", "continue"}


def fail(where, what):
    sys.exit(f"protocol/{where}: {what}")


def camel(name):
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def quote(text):
    return json.dumps(text)


class Field:
    """A member of a struct on the wire: `T`, `T?`, `T[N]` or `T<N>`."""

    def __init__(self, program, row, owner):
        self.name = row["name"]
        if self.name in KEYWORDS:
            fail(program.file, f"{owner}: a field cannot be called {self.name}")
        match = re.fullmatch(r"(\w+)(\?|\[(\d+)\]|<(\d+)>)?", row["type"])
        if not match:
            fail(program.file, f"{owner}.{self.name}: cannot read the type {row['type']}")
        self.base, suffix = match[1], match[2] or ""
        self.form = {"": "one", "?": "optional", "[": "array", "<": "list"}[suffix[:1]]
        self.size = int(match[3] or match[4] or 0)
        limit = row.get("limit")
        if limit is not None and program.constants.get(limit) != self.size:
            fail(program.file, f"{owner}.{self.name}: {limit} is not {self.size}")
        self.program = program
        self.owner = owner
        self.limit = program.constants.get("STRING_MAX", 4194304) if self.base == "string" else 0
        if self.base == "opaque" and not (self.form == "list" or (self.form == "array" and self.size == 16)):
            fail(program.file, f"{owner}.{self.name}: opaque is a list or a UUID")

    @property
    def type(self):
        if self.base in SCALARS or self.base in ("string", "opaque"):
            return None
        return self.program.find_type(self.base) or fail(self.program.file, f"{self.owner}: unknown type {self.base}")

    def element(self):
        if self.base in SCALARS:
            return SCALARS[self.base]
        return "std::string" if self.base == "string" else self.type.cpp

    def declaration(self):
        if self.base == "opaque":
            return "std::vector<std::uint8_t>" if self.form == "list" else "Uuid"
        if self.base == "int8" and self.form == "list":
            return "std::string"
        element = self.element()
        return {"one": element, "optional": f"std::optional<{element}>", "list": f"std::vector<{element}>",
                "array": f"std::array<{element}, {self.size}>"}[self.form]

    def initial(self):
        return "{}" if self.form in ("one", "array") and self.base != "string" and self.base != "opaque" else ""

    def min_size(self):
        if self.form in ("optional", "list"):
            return 4
        if self.base == "opaque":
            return 16
        one = 8 if self.base in ("int64", "uint64", "double") else 4
        if self.base not in SCALARS and self.base != "string":
            one = self.type.min_size()
        return one * (self.size if self.form == "array" else 1)

    def put_one(self, value):
        if self.base in ("int8", "uint8", "int16", "uint16"):
            return f"out.put_int32({value});"
        if self.base in SCALARS:
            return f"out.put_{self.base}({value});"
        if self.base == "string":
            return f"out.put_string({value}, {self.limit});"
        return self.type.put(value)

    def get_one(self, value):
        if self.base in SCALARS:
            return f"{value} = in.get_{self.base}();"
        if self.base == "string":
            return f"{value} = in.get_string({self.limit});"
        return self.type.get(value)

    def fill_one(self, value):
        if self.base in SCALARS:
            return f"sampler.fill({value});"
        if self.base == "string":
            return f"sampler.fill({value});"
        return f"fill(sampler, {value});"

    def put(self):
        name = self.name
        if self.base == "opaque":
            return [f"out.put_bytes({name}, {self.size});" if self.form == "list" else f"out.put_uuid({name});"]
        if self.base == "int8" and self.form == "list":
            return [f"out.put_chars({name}, {self.size});"]
        if self.form == "one":
            return [self.put_one(name)]
        if self.form == "optional":
            return [f"out.put_bool({name}.has_value());", f"if ({name}) {self.put_one('*' + name)}"]
        lines = [f"out.put_count({name}.size(), {self.size});"] if self.form == "list" else []
        return lines + [f"for (const auto& each : {name}) {self.put_one('each')}"]

    def get(self):
        name = self.name
        if self.base == "opaque":
            return [f"{name} = in.get_bytes({self.size});" if self.form == "list" else f"{name} = in.get_uuid();"]
        if self.base == "int8" and self.form == "list":
            return [f"{name} = in.get_chars({self.size});"]
        if self.form == "one":
            return [self.get_one(name)]
        if self.form == "optional":
            return [f"{name}.reset();", f"if (in.get_bool()) {self.get_one(name + '.emplace()')}"]
        one = Field.__new__(Field)
        one.__dict__.update(self.__dict__, form="one")
        lines = [f"{name}.clear();", f"{name}.resize(in.get_count({self.size}, {one.min_size()}));"]
        return (lines if self.form == "list" else []) + [f"for (auto& each : {name}) {self.get_one('each')}"]

    def fill(self):
        name = "value." + self.name
        if self.base == "opaque" and self.form == "array" or (self.form == "one"):
            return [f"sampler.fill({name});" if self.base == "opaque" else self.fill_one(name)]
        if self.base == "opaque" or (self.base == "int8" and self.form == "list"):
            return [f"sampler.resize({name}, {self.size});", f"for (auto& each : {name}) sampler.fill(each);"]
        if self.form == "optional":
            return [f"if (sampler.present()) {self.fill_one(name + '.emplace()')}"]
        lines = [f"sampler.resize({name}, {self.size});"] if self.form == "list" else []
        return lines + [f"for (auto& each : {name}) {self.fill_one('each')}"]


class Type:
    """A struct, union or enum of a table."""

    def __init__(self, program, name, row=None, fields=None):
        self.program, self.name, self.cpp = program, name, camel(name)
        self.kind = "struct" if fields is not None else next(iter(row))
        self.row = row
        self.fields = []
        if self.kind == "struct":
            rows = fields if fields is not None else row["struct"]
            self.fields = [Field(program, field, name) for field in rows]

    def min_size(self):
        return sum(field.min_size() for field in self.fields) if self.kind == "struct" else \
            8 if self.kind == "union" else 4

    def put(self, value):
        return {"struct": f"{value[1:]}->encode(out);" if value.startswith("*") else f"{value}.encode(out);",
                "union": f"encode_case(out, {value});",
                "enum": f"out.put_int32(static_cast<std::int32_t>({value}));"}[self.kind]

    def get(self, value):
        return {"struct": f"{value}.decode(in);", "union": f"decode_case(in, {value});",
                "enum": f"{value} = static_cast<{self.cpp}>(in.get_int32());"}[self.kind]

    def declare(self):
        if self.kind == "enum":
            yield f"enum class {self.cpp} : std::int32_t {{"
            names = list(self.row["enum"])
            prefix = re.match(r"(\w+_)?", names[0])[0] if len(names) == 1 else common_prefix(names)
            for name, value in self.row["enum"].items():
                member = name[len(prefix):].lower()
                yield f"    {member}{'_' if member in KEYWORDS else ''} = {value},"
            yield "};"
        elif self.kind == "union":
            cases = self.union_cases()
            yield f"using {self.cpp} = std::variant<{', '.join(cpp for cpp, _ in cases)}>;"
            yield f"void encode_case(rpc::XdrWriter& out, const {self.cpp}& value);"
            yield f"void decode_case(rpc::XdrReader& in, {self.cpp}& value);"
        else:
            yield f"struct {self.cpp} {{"
            for field in self.fields:
                yield f"    {field.declaration()} {field.name}{field.initial()};"
            if self.fields:
                yield ""
            yield "    void encode(rpc::XdrWriter& out) const;"
            yield "    void decode(rpc::XdrReader& in);"
            yield f"    bool operator==(const {self.cpp}&) const = default;"
            yield "};"

    def union_cases(self):
        union = self.row["union"]
        cases = []
        for position, (number, case) in enumerate(union["cases"].items()):
            if int(number) != position + 1:
                fail(self.program.file, f"{self.name}: cases must be 1, 2, 3…")
            # The one case named b is a truth value that travels as an int32.
            cases.append(("bool" if case["name"] == "b" else
                          "std::string" if case["type"] == "string" else SCALARS[case["type"]], case["type"]))
        return cases

    def define(self):
        if self.kind == "union":
            cases = self.union_cases()
            yield f"void encode_case(rpc::XdrWriter& out, const {self.cpp}& value) {{"
            yield "    out.put_int32(static_cast<std::int32_t>(value.index()) + 1);"
            yield "    switch (value.index()) {"
            for index, (cpp, wire) in enumerate(cases):
                put = f"put_string(std::get<{index}>(value), 4194304)" if wire == "string" else \
                    f"put_{wire}(std::get<{index}>(value))"
                yield f"        case {index}: return out.{put};"
            yield "        default: rpc::XdrReader::fail();"
            yield "    }"
            yield "}"
            yield ""
            yield f"void decode_case(rpc::XdrReader& in, {self.cpp}& value) {{"
            yield "    switch (in.get_int32()) {"
            for index, (cpp, wire) in enumerate(cases):
                get = "in.get_string(4194304)" if wire == "string" else f"in.get_{wire}()"
                yield f"        case {index + 1}: value.emplace<{index}>({get}{' != 0' if cpp == 'bool' else ''}); return;"
            yield "        default: rpc::XdrReader::fail();"
            yield "    }"
            yield "}"
        elif self.kind == "struct":
            yield f"void {self.cpp}::encode(rpc::XdrWriter& out) const {{"
            yield from (f"    {line}" for field in self.fields for line in field.put())
            yield "}"
            yield f"void {self.cpp}::decode(rpc::XdrReader& in) {{"
            yield from (f"    {line}" for field in self.fields for line in field.get())
            yield "}"

    def sample(self):
        yield f"void fill(rpc::Sampler& sampler, {self.cpp}& value) {{"
        if self.kind == "union":
            yield f"    sampler.fill_case(value);"
        elif self.kind == "enum":
            yield f"    value = static_cast<{self.cpp}>({next(iter(self.row['enum'].values()))});"
            yield "    (void)sampler;"
        else:
            yield from (f"    {line}" for field in self.fields for line in field.fill())
        yield "}"


def common_prefix(names):
    prefix = names[0]
    for name in names:
        while not name.startswith(prefix):
            prefix = prefix[:-1]
    return prefix[:prefix.rfind("_") + 1]


# The part of the public interface, hence the error domain, that a procedure without one in its row belongs to: the
# first word that its name has. Whatever concerns the host reports as domain, too.
DOMAIN_WORDS = [("domain_(.*_)?snapshot", "domain_snapshot"), ("domain_(.*_)?checkpoint", "domain_checkpoint"),
                ("domain", "domain"), ("storage", "storage"), ("nwfilter", "nwfilter"), ("network", "network"),
                ("interface", "interface"), ("secret", "secret"), ("node_device|num_of_devices", "nodedev"),
                ("auth_", "rpc"), ("", "domain")]


# Which argument of a procedure tells an object, if none has the object's own type.
WORDS = {"path": "path", "key": "key", "mac": "mac", "from": "image", "file": "image", "xml": "document", "xml_desc": "document",
         "dom_xml": "document"}


def subject_by(kind, column, fields, place):
    """The members of a Subject, in their order; None if the arguments do not tell it."""
    def of_type(base):
        return next((place + f.name for f in fields.values() if f.base == base and f.form == "one"), None)

    by = ".by = Subject::By::%s"
    if column == "none":
        return [by % "none"]
    if column is not None:
        return [by % column["by"], f".{'name' if column['by'] == 'name' else 'word'} = {place}{column['argument']}"]
    own = of_type(kind)
    if own and "xml" not in fields:
        members = {
            "domain": [".name = {}.name", ".uuid = {}.uuid"], "network": [".name = {}.name", ".uuid = {}.uuid"],
            "nwfilter": [".name = {}.name", ".uuid = {}.uuid"], "storage_pool": [".name = {}.name", ".uuid = {}.uuid"],
            "interface": [".name = {}.name", ".word = {}.mac"], "nwfilter_binding": [".name = {}.portdev", ".word = {}.filtername"],
            "storage_vol": [".name = {}.name", ".word = {}.key", ".parent = {}.pool"], "node_device": [".name = {}.name"],
            "secret": [".word = {}.usageID", ".uuid = {}.uuid", ".number = {}.usageType"],
            "network_port": [".uuid = {}.uuid", ".parent = {}.net.name", ".parent_uuid = {}.net.uuid"],
        }[kind]
        return [by % "identity", *(member.format(own) for member in members)]
    if kind == "domain":
        for moment in ("domain_snapshot", "domain_checkpoint"):
            if of_type(moment):
                return [by % "identity", f".name = {of_type(moment)}.dom.name", f".uuid = {of_type(moment)}.dom.uuid"]
    if kind == "storage_pool" and of_type("storage_vol"):
        return [by % "name", f".name = {of_type('storage_vol')}.pool"]
    parent = []
    for base in ("storage_pool", "network"):
        if of_type(base):
            parent = [f".parent = {of_type(base)}.name", f".parent_uuid = {of_type(base)}.uuid"]
    if "usageType" in fields:
        return [by % "usage", f".word = {place}usageID", f".number = {place}usageType"]
    if "wwnn" in fields:
        return [by % "wwn", f".name = {place}wwnn", f".word = {place}wwpn"]
    if "uuid" in fields:
        return [by % "uuid", f".uuid = {place}uuid", *parent]
    if "id" in fields:
        return [by % "id", f".number = {place}id"]
    if "name" in fields:
        return [by % "name", f".name = {place}name", *parent]
    for name, what in WORDS.items():
        if name in fields and fields[name].base == "string" and fields[name].form == "one":
            return [by % what, f".word = std::move({place}{name})", *parent]
    return None


class Procedure:
    def __init__(self, program, row):
        self.program, self.row, self.name = program, row, row.get("name", "?")
        where = f"{row.get('number')} {self.name}"
        self.event = "msg" in row
        for column in ("number", "name", "acl") + (() if self.event else ("api", "args", "ret", "priority")):
            if column not in row:
                fail(program.file, f"{where}: the column {column} is missing")
        if not self.event and not isinstance(row.get("needs_rw"), (bool, dict)):
            fail(program.file, f"{where}: needs_rw says whether a read-only client may call it: true, false or on what it depends")
        if not isinstance(row["acl"], list) or not row["acl"]:
            fail(program.file, f"{where}: acl names the permissions, or none")
        if self.event and self.program.name in ("remote", "qemu") and not self.row.get("aclfilter"):
            fail(program.file, f"{where}: aclfilter names the permission that lets the event through, or none")
        self.tag = camel(self.name)
        self.own_types = []
        self.parts = {part: self.part(part) for part in ("args", "ret", "msg") if part in row}

    def part(self, part):
        value = self.row[part]
        if isinstance(value, str):
            return self.program.find_type(value)
        if not value:
            return None
        made = Type(self.program, f"{self.name}_{part}", fields=value)
        self.own_types.append(made)
        return made

    def part_cpp(self, part):
        return self.parts[part].cpp if self.parts.get(part) else "Nothing"

    def group(self):
        if self.program.name != "remote":
            return self.program.name
        if self.event:
            return "events"
        for prefix, group in (("domain_migrate", "migrate"), ("domain_snapshot", "snapshot"),
                              ("domain_checkpoint", "checkpoint"), ("domain", "domain"), ("network", "network"),
                              ("interface", "interface"), ("storage", "storage"), ("node_device", "node_device"),
                              ("secret", "secret"), ("nwfilter", "nwfilter")):
            if self.name.startswith(prefix):
                return group
        return "connect"

    def error_domain(self):
        if "error_domain" in self.row:
            return self.row["error_domain"]
        if self.program.name == "admin":
            return "admin"
        if self.program.name != "remote":
            return "none"
        return next(domain for words, domain in DOMAIN_WORDS if re.search(words, self.name))

    def condition(self, kind, names):
        value = 0
        for name in names:
            if name not in self.program.values:
                fail(self.program.file, f"{self.name}: unknown constant {name}")
            value |= self.program.values[name]
        argument = self.selector() if kind == "selector_is" else "flags"
        if not any(field.name == argument for field in self.argument_fields()):
            fail(self.program.file, f"{self.name}: a right depends on the argument {argument}, which it does not have")
        return f"{{Condition::Kind::{kind}, {value}u}}"

    def argument_fields(self):
        made = self.parts.get("args") or self.parts.get("msg")
        return made.fields if made else []

    def needs_write(self):
        rule = self.row.get("needs_rw", False)
        if isinstance(rule, bool):
            return "kAlways" if rule else "kNever"
        (argument, value), = rule.items()
        return self.condition("any_flag", value) if argument == "flags" else self.condition("selector_is", [value])

    def selector(self):
        rule = self.row.get("needs_rw")
        names = {a for a in rule if a != "flags"} if isinstance(rule, dict) else set()
        names |= {r.split(":")[3] for r in self.row["acl"] if r.count(":") == 4}
        if len(names) > 1:
            fail(self.program.file, f"{self.name}: rights depend on more than one argument besides flags")
        return next(iter(names), None)

    def rules(self, column):
        for rule in self.row.get(column, []):
            if rule == "none":
                continue
            parts = rule.split(":")
            if len(parts) == 2:
                when = "kAlways"
            elif len(parts) == 3 and parts[2].startswith("!"):
                when = self.condition("no_flag", parts[2][1:].split("|"))
            elif len(parts) == 3:
                when = self.condition("any_flag", parts[2].split("|"))
            elif len(parts) == 5 and parts[2] == "":
                when = self.condition("selector_is", [parts[4]])
            else:
                fail(self.program.file, f"{self.name}: cannot read the rule {rule}")
            yield f"{{{quote(parts[0])}, {quote(parts[1])}, {when}}}"

    def subject(self):
        """The object that a call or an event concerns: its kind, and what C++ makes it of `args`."""
        rules = [rule.split(":")[0] for rule in self.row["acl"] + (self.row.get("aclfilter", []) if self.event else [])]
        kinds = {kind for kind in rules if kind not in ("none", "connect")}
        if not kinds:
            return None
        if len(kinds) > 1:
            fail(self.program.file, f"{self.name}: rules are about more than one kind of object")
        kind, = kinds
        fields = {field.name: field for field in self.argument_fields()}
        # Some events have a struct of their own within the message.
        place = "args."
        if "msg" in fields and fields["msg"].base not in SCALARS:
            place, fields = "args.msg.", {field.name: field for field in fields["msg"].type.fields}
        found = subject_by(kind, self.row.get("subject"), fields, place)
        if found is None:
            fail(self.program.file, f"{self.name}: no argument names the {kind} that its access rule is about; "
                                    "the column subject can name one")
        return [f'.kind = "{kind}"', *found]

    def facts(self):
        """Reads from the bytes of a call what its rules depend on."""
        made, subject = self.parts.get("args") or self.parts.get("msg"), self.subject()
        yield f"AccessFacts {self.tag}::access_facts([[maybe_unused]] rpc::XdrReader& in) {{"
        if made and (subject or self.uses_flags() or (not self.event and self.selector())):
            yield f"    {made.cpp} args;"
            yield "    args.decode(in);"
            yield f"    return {{{'{}' if self.event else 'access_values(args)'}, {{{', '.join(subject or [])}}}}};"
        else:
            yield "    return {};"
        yield "}"

    def has_rules(self):
        return isinstance(self.row.get("needs_rw"), dict) or any(rule != "none" for rule in self.row["acl"] + self.row.get("aclfilter", []))

    def uses_flags(self):
        return any(field.name == "flags" and field.base in ("int32", "uint32") for field in self.argument_fields())

    def declare(self, index):
        yield f"/// {self.row['number']} {self.name}"
        yield f"struct {self.tag} {{"
        if self.event:
            yield f"    using Msg = {self.part_cpp('msg')};"
        else:
            yield f"    using Args = {self.part_cpp('args')};"
            yield f"    using Ret = {self.part_cpp('ret')};"
        yield f"    static constexpr std::int32_t number = {self.row['number']};"
        yield f"    static constexpr const Procedure& row = procedures[{index}];"
        if not self.event:
            flags = "static_cast<std::uint32_t>(args.flags)" if self.uses_flags() else "0"
            selector = f"static_cast<std::uint32_t>(args.{self.selector()})" if self.selector() else "0"
            used = self.uses_flags() or self.selector()
            yield f"    static AccessValues access_values(const Args&{' args' if used else ''}) {{"
            yield f"        return {{{flags}, {selector}}};" if used else "        return {};"
            yield "    }"
        if self.has_rules():
            yield "    static AccessFacts access_facts(rpc::XdrReader& in);"
        yield "};"

    def define_row(self):
        row = self.row
        sparse = row.get("sparse_flag")
        return (f"    {{{self.program.number}u, {self.program.version}, {row['number']}, {quote(self.name)}, "
                f"{quote(row.get('api', ''))}, ErrorDomain::{self.error_domain()}, "
                f"{'true' if self.event else 'false'}, {'true' if row.get('priority') == 'high' else 'false'}, "
                f"{self.needs_write()}, {self.rule_span('acl')}, {self.filter_span()}, "
                f"{f'{self.tag}::access_facts' if self.has_rules() else 'nullptr'}, "
                f"StreamDirection::{row.get('stream', 'none')}, {self.program.values[sparse] if sparse else 0}u, "
                f"FdDirection::{row.get('fds', 'none')}, {quote(row.get('since', ''))}}},")

    def filter_span(self):
        # What a registration lets through stands in the rows of the events.
        return "{}" if not self.event and "event_register" in self.name else self.rule_span("aclfilter")

    def rule_span(self, column):
        return self.program.rule_array(tuple(self.rules(column)))


class Program:
    def __init__(self, folder, name, known, constants):
        self.file = f"{name}.json"
        table = json.load(open(folder / self.file))
        if table["program"] != name:
            fail(self.file, f"program is {table['program']}")
        self.name, self.table = name, table
        self.number, self.version = table.get("number"), table.get("version")
        self.values = constants
        self.others = [known[other] for other in table.get("types_from", [])]
        self.constants = {}
        for other in self.others:
            self.constants.update(other.constants)
        self.constants.update(table["constants"])
        self.types, self.rule_arrays = {}, {}
        for type_name, row in table["types"].items():
            self.types[type_name] = Type(self, type_name, row)
        self.types = self.sorted_types()
        self.procedures = [Procedure(self, row) for row in table.get("procedures", [])]
        numbers = [p.row["number"] for p in self.procedures]
        if numbers != sorted(set(numbers)):
            fail(self.file, "procedures must be sorted by number, each once")
        seen = set()
        for cpp in [t.cpp for t in self.all_types()] + [p.tag for p in self.procedures]:
            if cpp in seen:
                fail(self.file, f"two things are called {cpp}")
            seen.add(cpp)

    def sorted_types(self):
        """What a type contains comes before it, as C++ wants it; a type cannot contain itself."""
        done, doing = {}, set()

        def visit(made):
            if made.name in doing:
                fail(self.file, f"the type {made.name} contains itself")
            if made.name in done or made.program is not self:
                return
            doing.add(made.name)
            for field in made.fields + ([Field(self, case, made.name) for case in made.row["union"]["cases"].values()]
                                        if made.kind == "union" else []):
                if field.type:
                    visit(field.type)
            doing.discard(made.name)
            done[made.name] = made

        for made in self.types.values():
            visit(made)
        return done

    def all_types(self):
        return list(self.types.values()) + [t for p in self.procedures for t in p.own_types]

    def find_type(self, name):
        return self.types.get(name) or next((t for o in self.others for t in [o.find_type(name)] if t), None)

    def rule_array(self, rules):
        if not rules:
            return "{}"
        return self.rule_arrays.setdefault(rules, f"rules_{len(self.rule_arrays)}")

    def namespace(self):
        return "innkeeper::protocol" if self.name == "transport" else f"innkeeper::protocol::{self.name}"

    def groups(self):
        groups = {}
        for index, procedure in enumerate(self.procedures):
            groups.setdefault(procedure.group(), []).append((index, procedure))
        return groups


TABLE_NOTE = "// Generated from protocol/{}: change the table."


class Output:
    def __init__(self, folder):
        self.folder, self.headers, self.sources, self.samples = folder, {}, {}, {}

    def header(self, path, table, lines):
        self.headers[path] = "\n".join(["#pragma once", TABLE_NOTE.format(table), *lines, ""])

    def source(self, path, table, lines, samples=False):
        (self.samples if samples else self.sources)[path] = "\n".join([TABLE_NOTE.format(table), *lines, ""])

    def write(self):
        for path, text in {**self.headers, **self.sources, **self.samples}.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_text() != text:
                file.write_text(text)


STANDARD = ["#include <array>", "#include <cstdint>", "#include <optional>", "#include <string>", "#include <variant>",
            "#include <vector>", "", '#include "base/uuid.h"', '#include "rpc/codec/procedure.h"']


def emit_types(output, program, path, includes, types, procedures, extra=()):
    """A header with types and tags, and the source with their codec."""
    lines = ["", *includes, "", f"namespace {program.namespace()} {{", "", *extra]
    for made in types:
        lines += [*made.declare(), ""]
    for index, procedure in procedures:
        for made in procedure.own_types:
            lines += [*made.declare(), ""]
        lines += [*procedure.declare(index), ""]
    output.header(f"protocol/{path}.h", program.file, lines + [f"}}  // namespace {program.namespace()}"])
    everything = list(types) + [made for _, procedure in procedures for made in procedure.own_types]
    lines = [f'#include "protocol/{path}.h"', "", '#include "rpc/codec/xdr.h"', "",
             f"namespace {program.namespace()} {{", ""]
    for made in everything:
        body = list(made.define())
        lines += [*body, ""] if body else []
    for _, procedure in procedures:
        lines += [*procedure.facts(), ""] if procedure.has_rules() else []
    output.source(f"protocol/{path}.cc", program.file, lines + [f"}}  // namespace {program.namespace()}"])
    emit_samples(output, program, path, everything)


def emit_samples(output, program, path, types):
    name = path.replace("/", "_")
    lines = [f'#include "protocol/{path}.h"', "", '#include "protocol/samples.h"', "",
             f"namespace {program.namespace()} {{", ""]
    for made in types:
        lines += [*made.sample(), ""]
    lines += [f"}}  // namespace {program.namespace()}", "", "namespace innkeeper::rpc {", "",
              f"void add_samples_{name}(std::vector<TypeSample>& all) {{"]
    inner = program.namespace().replace("innkeeper::", "")
    lines += [f"    all.push_back(type_sample<{inner}::{made.cpp}>({quote(program.name)}, {quote(made.name)}));"
              for made in types if made.kind == "struct"]
    lines += ["}", "", "}  // namespace innkeeper::rpc"]
    output.source(f"protocol/samples_{name}.cc", program.file, lines, samples=True)


def emit_program(output, program):
    name = program.name
    names = [t for other in program.others for t in other.types.values()]
    extra = [f"using {'remote::' if t.program.name == 'remote' else 'protocol::'}{t.cpp};" for t in names
             if name in ("qemu", "lxc", "admin") or t.cpp.startswith("TypedParam")]
    # A union's codec is found by its arguments' namespace only if it is one: a variant is not.
    extra += ["using protocol::encode_case;", "using protocol::decode_case;"] if any(t.kind == "union" for t in names) else []
    count = len(program.procedures)
    constants = [f"inline constexpr std::uint32_t {key.lower()} = {value};"
                 for key, value in program.table["constants"].items()]
    extra = [*(["/// The limits of the table, as members name them.", *constants, ""] if constants else []),
             f"inline constexpr std::uint32_t program_number = {program.number}u;",
             f"inline constexpr std::uint32_t program_version = {program.version};",
             f"extern const Procedure procedures[{count}];", "", *extra, *([""] if extra else [])]
    includes = [*STANDARD, '#include "protocol/transport.h"']
    if any(other.name == "remote" for other in program.others):
        includes.append('#include "protocol/remote/types.h"')
    if name == "remote":
        emit_types(output, program, "remote/types", includes, program.types.values(), [], extra)
        for group, procedures in program.groups().items():
            emit_types(output, program, f"remote/{group}", ['#include "protocol/remote/types.h"'], [], procedures)
        output.header("protocol/remote.h", program.file, ["", "/// All of the main program; the parts are lighter.",
                      *(f'#include "protocol/remote/{group}.h"' for group in sorted(program.groups()))])
    else:
        emit_types(output, program, name, includes, program.types.values(), list(enumerate(program.procedures)), extra)
    rows = [procedure.define_row() for procedure in program.procedures]
    header = f"protocol/{name}.h"
    lines = [f'#include "{header}"', "", f"namespace {program.namespace()} {{", "", "namespace {", "",
             "constexpr Condition kNever{};", "constexpr Condition kAlways{Condition::Kind::always, 0};"]
    for rules, array in program.rule_arrays.items():
        lines += [f"constexpr AccessRule {array}[] = {{{', '.join(rules)}}};"]
    # Not every table uses both.
    lines += ["[[maybe_unused]] constexpr const Condition* used[] = {&kNever, &kAlways};", "", "}  // namespace", "",
              f"constinit const Procedure procedures[{count}] = {{", *rows, "};", "",
              f"}}  // namespace {program.namespace()}"]
    output.source(f"protocol/{name}_rows.cc", program.file, lines)


def emit_index(output, programs):
    lines = ["#include <array>", "", '#include "rpc/codec/procedure.h"',
             *(f'#include "protocol/{"remote/types" if p.name == "remote" else p.name}.h"' for p in programs), "",
             "namespace innkeeper::protocol {", "", "std::span<const Program> programs() {",
             f"    static const std::array<Program, {len(programs)}> all = {{{{",
             *(f"        {{{quote(p.name)}, {p.number}u, {p.version}, {p.name}::procedures}}," for p in programs),
             "    }};", "    return all;", "}", "", "}  // namespace innkeeper::protocol"]
    output.source("protocol/programs.cc", "*.json", lines)
    lines = ["", '/// Sample values of every type on the wire, for tests and fuzz targets.', '#include "rpc/codec/sampler.h"',
             '#include "protocol/transport.h"', '#include "protocol/remote/types.h"', ""]
    for program in [p for p in programs if p.name == "remote"] + [programs[0].others[0]]:
        lines += [f"namespace {program.namespace()} {{",
                  *(f"void fill(rpc::Sampler& sampler, {made.cpp}& value);" for made in program.types.values()),
                  f"}}  // namespace {program.namespace()}", ""]
    # The generic ones must be seen from every program's namespace.
    for program in programs:
        if program.others:
            lines += [f"namespace {program.namespace()} {{", "using protocol::fill;",
                      *(["using remote::fill;"] if program.name in ("qemu", "lxc") else []), "}", ""]
    output.header("protocol/samples.h", "*.json", lines)
    names = sorted(path[len("protocol/samples_"):-3] for path in output.samples)
    lines = ['#include "rpc/codec/sampler.h"', "", "namespace innkeeper::rpc {", "",
             *(f"void add_samples_{name}(std::vector<TypeSample>& all);" for name in names), "",
             "std::vector<TypeSample> type_samples() {", "    std::vector<TypeSample> all;",
             *(f"    add_samples_{name}(all);" for name in names), "    return all;", "}", "",
             "}  // namespace innkeeper::rpc"]
    output.source("protocol/samples.cc", "*.json", lines, samples=True)


def emit_constants(output, table, transport):
    lines = ["", "#include <cstdint>", "#include <string_view>", "",
             "/// The numbers and names of the public interface, spelled as there.", "namespace innkeeper::protocol {", ""]
    for name, members in table["enums"].items():
        flags = re.search("Flag|Impact|StatsTypes|InfoTypes", name) is not None
        lines.append(f"// {name}")
        for member, value in members.items():
            cpp = "std::uint32_t" if flags and value >= 0 else "std::int32_t" if -2**31 <= value < 2**31 else "std::int64_t"
            lines.append(f"inline constexpr {cpp} {member} = {value}{'u' if cpp == 'std::uint32_t' else ''};")
        lines.append("")
    for name, value in table["numbers"].items():
        lines.append(f"inline constexpr std::int64_t {name} = {value};")
    lines.append("")
    for name, value in table["strings"].items():
        lines.append(f"inline constexpr std::string_view {name} = {quote(value)};")
    lines += ["", "// What connect_supports_feature asks for."]
    for name, value in transport["driver_features"].items():
        lines.append(f"inline constexpr std::int32_t {name} = {value};")
    output.header("protocol/constants.h", "constants.json", lines + ["", "}  // namespace innkeeper::protocol"])


def emit_transport(output, program):
    extra = [f"inline constexpr std::uint32_t {key.lower()} = {value};" for key, value in program.table["constants"].items()]
    alive = program.table["keepalive"]
    extra += [f"inline constexpr std::uint32_t keepalive_program = {alive['number']}u;",
              f"inline constexpr std::uint32_t keepalive_version = {alive['version']};",
              f"inline constexpr std::int32_t keepalive_ping = {alive['messages']['ping']};",
              f"inline constexpr std::int32_t keepalive_pong = {alive['messages']['pong']};", ""]
    emit_types(output, program, "transport", STANDARD, program.types.values(), [], extra)


def emit_events(output, remote):
    """Which message an event id of a class is."""
    lines = ["", "#include <cstdint>", "", '#include "protocol/remote/types.h"', "", "namespace innkeeper::protocol::remote {", "",
             "/// The messages of an event: with a callback's id before it, or in the older form without one (0: none).",
             "struct EventMessages {", "    std::int32_t event;", "    std::int32_t callback;", "    std::int32_t legacy;", "};", ""]
    for kind, events in remote.table["events"].items():
        lines.append(f"inline constexpr EventMessages {kind}_events[] = {{")
        lines += [f"    {{{event}, {e.get('callback', 0)}, {e.get('legacy', 0)}}},  // {e['id']}" for event, e in events.items()]
        lines += ["};", ""]
    output.header("protocol/remote/event_ids.h", "remote.json", lines + ["}  // namespace innkeeper::protocol::remote"])


def main():
    tables, output = pathlib.Path(sys.argv[1]), Output(pathlib.Path(sys.argv[2]))
    constants = json.load(open(tables / "constants.json"))
    values = {name: value for members in constants["enums"].values() for name, value in members.items()}
    known = {"transport": Program(tables, "transport", {}, values)}
    for name in PROGRAMS:
        known[name] = Program(tables, name, known, values)
    programs = [known[name] for name in PROGRAMS]
    emit_transport(output, known["transport"])
    for program in programs:
        emit_program(output, program)
    emit_index(output, programs)
    emit_constants(output, constants, known["transport"].table)
    emit_events(output, known["remote"])
    if sys.argv[3:] == ["--list"]:
        print("|".join(";".join(sorted(files)) for files in (output.headers, output.sources, output.samples)))
    else:
        output.write()


main()
