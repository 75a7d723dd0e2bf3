#include "model/domain/os.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto loader_element =
    xml::describe<Loader>("loader", xml::attribute("readonly", &Loader::readonly, xml::yes_no),
                          xml::attribute("secure", &Loader::secure, xml::yes_no), xml::attribute("type", &Loader::type),
                          xml::attribute("stateless", &Loader::stateless, xml::yes_no),
                          xml::attribute("format", &Loader::format), xml::text(&Loader::path));

/// A file is the element's text; with a `type` the element holds a `<source>` like a disk.
void read_nvram(const xml::Node& node, Nvram& nvram, const xml::ParseFlags& flags) {
    const auto type = node.attribute("type");
    if (!type) {
        nvram.source.path = node.text();
        return;
    }
    nvram.has_type = true;
    xml::read_into(storage_type_element, node, &nvram.source, flags);
    if (const auto source = node.child("source")) xml::read_into(storage_source_element, source, &nvram.source, flags);
    nvram.source.startup_policy.reset();
}

void write_nvram(const Nvram& nvram, xml::Writer& writer) {
    if (!nvram.has_type) {
        if (!nvram.source.path.empty()) writer.text(nvram.source.path);
        return;
    }
    xml::write_inside(storage_type_element, &nvram.source, writer);
    storage_source_element.write(nvram.source, writer);
}

const auto nvram_element =
    xml::describe<Nvram>("nvram", xml::attribute("template", &Nvram::template_path),
                         xml::by_hand(read_nvram, write_nvram)
                             .holds(xml::embed(&Nvram::source, storage_type_element),
                                    xml::child("source", &Nvram::source, storage_source_element), "#"));

const auto feature_element = xml::describe<FirmwareFeature>(
    "feature", xml::attribute("enabled", &FirmwareFeature::enabled, xml::yes_no).required(),
    xml::attribute("name", &FirmwareFeature::name).required());

void read_boot(const xml::Node& node, Os& os, const xml::ParseFlags&) {
    for (auto boot = node.child("boot"); boot; boot = boot.next("boot")) {
        const auto word = boot.attribute("dev");
        if (!word) throw Error(ErrorCode::xml_error, "Missing required attribute 'dev' in element 'boot'");
        const auto device = xml::value_of<Os::Boot>(*word);
        if (!device)
            throw Error(ErrorCode::xml_error,
                        fmt::format("Invalid value for attribute 'dev' in element 'boot': '{}'.", *word));
        if (os.boot.size() < 4) os.boot.push_back(*device);
    }
}

void write_boot(const Os& os, xml::Writer& writer) {
    for (const auto device : os.boot) {
        writer.open("boot");
        writer.attribute("dev", xml::name(device));
        writer.close();
    }
}

void read_init(const xml::Node& node, Os& os, const xml::ParseFlags&) {
    for (auto argument = node.child("initarg"); argument; argument = argument.next("initarg"))
        os.init_arguments.push_back(argument.text());
    for (auto variable = node.child("initenv"); variable; variable = variable.next("initenv"))
        os.init_environment.push_back({std::string(variable.attribute("name").value_or("")), variable.text()});
}

void write_init(const Os& os, xml::Writer& writer) {
    for (const auto& argument : os.init_arguments) writer.leaf("initarg", argument);
    for (const auto& variable : os.init_environment) {
        writer.open("initenv");
        writer.attribute("name", variable.name);
        writer.text(variable.value);
        writer.close();
    }
}

/// The machine's type is an attribute of the one child that everybody must have.
void read_type(const xml::Node& node, Os& os, const xml::ParseFlags&) {
    const auto type = node.child("type");
    os.type = type.text();
    if (const auto arch = type.attribute("arch")) {
        os.arch = xml::value_of<Architecture>(*arch);
        if (!os.arch) throw Error(ErrorCode::config_unsupported, fmt::format("Unknown architecture {}", *arch));
    }
    os.machine = type.attribute("machine").value_or("");
}

void write_type(const Os& os, xml::Writer& writer) {
    writer.open("type");
    if (os.arch) writer.attribute("arch", xml::name(*os.arch));
    if (!os.machine.empty()) writer.attribute("machine", os.machine);
    writer.text(os.type);
    writer.close();
}

void read_slic(const xml::Node& node, Os& os, const xml::ParseFlags&) {
    const auto table = node.child("acpi").child("table");
    if (!table) return;
    if (const auto type = table.attribute("type").value_or(""); type != "slic")
        throw Error(ErrorCode::xml_error, fmt::format("Unknown acpi table type: {}", type));
    os.slic_table = table.text();
}

void write_slic(const Os& os, xml::Writer& writer) {
    if (os.slic_table.empty()) return;
    writer.open("acpi");
    writer.open("table");
    writer.attribute("type", "slic");
    writer.text(os.slic_table);
    writer.close();
    writer.close();
}

}  // namespace

const xml::Element<Os> os_element = xml::describe<Os>(
    "os",
    xml::attribute("firmware", &Os::firmware).omit("none").complain(ErrorCode::xml_error, "unknown firmware value {}"),
    xml::by_hand(read_type, write_type).holds("type@arch", "type@machine", "type#"),
    xml::child("firmware", xml::children(&Os::firmware_features, feature_element)), xml::value("init", &Os::init),
    xml::by_hand(read_init, write_init).holds("initarg#", "initenv@name", "initenv#"),
    xml::value("initdir", &Os::init_directory), xml::value("inituser", &Os::init_user),
    xml::value("initgroup", &Os::init_group), xml::child(&Os::loader, loader_element),
    xml::child(&Os::nvram, nvram_element), xml::value("kernel", &Os::kernel), xml::value("initrd", &Os::initrd),
    xml::value("cmdline", &Os::cmdline), xml::value("dtb", &Os::dtb), xml::value("root", &Os::root),
    xml::by_hand(read_slic, write_slic).holds("acpi/table@type", "acpi/table#"),
    xml::by_hand(read_boot, write_boot).holds("boot@dev"),
    xml::child("bootmenu", xml::attribute("enable", &Os::boot_menu, xml::yes_no),
               xml::attribute("timeout", &Os::boot_menu_timeout).at_most(65535).written_when([](const Os& os) {
                   return os.boot_menu.value_or(false);
               })),
    xml::child("bios", xml::attribute("useserial", &Os::bios_useserial, xml::yes_no),
               xml::attribute("rebootTimeout", &Os::bios_reboot_timeout).at_least(-1).at_most(65535)),
    xml::child("smbios", xml::attribute("mode", &Os::smbios).required()));

}  // namespace innkeeper::model
