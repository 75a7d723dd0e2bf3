#include "model/domain/sysinfo.h"

#include <array>
#include <charconv>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Bios = Sysinfo::Bios;
using System = Sysinfo::System;
using BaseBoard = Sysinfo::BaseBoard;
using Chassis = Sysinfo::Chassis;

/// `<entry name='vendor'>…</entry>`: a member by its name.
template <class T>
struct Entry {
    std::string_view name;
    std::string T::*member;
};

constexpr std::array bios_entries{Entry<Bios>{"vendor", &Bios::vendor}, Entry<Bios>{"version", &Bios::version},
                                  Entry<Bios>{"date", &Bios::date}, Entry<Bios>{"release", &Bios::release}};
constexpr std::array system_entries{Entry<System>{"manufacturer", &System::manufacturer},
                                    Entry<System>{"product", &System::product},
                                    Entry<System>{"version", &System::version},
                                    Entry<System>{"serial", &System::serial},
                                    Entry<System>{"uuid", &System::uuid},
                                    Entry<System>{"sku", &System::sku},
                                    Entry<System>{"family", &System::family}};
constexpr std::array board_entries{Entry<BaseBoard>{"manufacturer", &BaseBoard::manufacturer},
                                   Entry<BaseBoard>{"product", &BaseBoard::product},
                                   Entry<BaseBoard>{"version", &BaseBoard::version},
                                   Entry<BaseBoard>{"serial", &BaseBoard::serial},
                                   Entry<BaseBoard>{"asset", &BaseBoard::asset},
                                   Entry<BaseBoard>{"location", &BaseBoard::location}};
constexpr std::array chassis_entries{Entry<Chassis>{"manufacturer", &Chassis::manufacturer},
                                     Entry<Chassis>{"version", &Chassis::version},
                                     Entry<Chassis>{"serial", &Chassis::serial},
                                     Entry<Chassis>{"asset", &Chassis::asset}, Entry<Chassis>{"sku", &Chassis::sku}};

/// The first entry of a name counts; those with other names are passed over.
template <const auto& entries, class T>
void read_entries(const xml::Node& node, T& object, const xml::ParseFlags&) {
    for (auto child = node.child("entry"); child; child = child.next("entry"))
        for (const auto& entry : entries)
            if (child.attribute("name") == entry.name && (object.*entry.member).empty())
                object.*entry.member = child.text();
}
template <const auto& entries, class T>
void write_entries(const T& object, xml::Writer& writer) {
    for (const auto& entry : entries) {
        if ((object.*entry.member).empty()) continue;
        writer.open("entry");
        writer.attribute("name", entry.name);
        writer.text(object.*entry.member);
        writer.close();
    }
}
template <class T, const auto& entries>
xml::Element<T> table(std::string_view tag) {
    return xml::describe<T>(
        tag, xml::by_hand<T>(read_entries<entries, T>, write_entries<entries, T>).holds("entry@name", "entry#"));
}

/// A number at the front of the text, in the way of strtol: blanks and a sign may stand before it. Takes it off.
std::optional<long> take_number(std::string_view& text) {
    const auto begin = text.find_first_not_of(" \t\n\v\f\r");
    if (begin == text.npos) return std::nullopt;
    text.remove_prefix(begin);
    if (text.starts_with('+')) text.remove_prefix(1);
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

/// Month, day and a year of two or four digits (SMBIOS 2.3 and later, type 0), as far as the peer looks at them.
bool is_date(std::string_view text) {
    const auto take = [&](long low, long high) {
        const auto number = take_number(text);
        return number && *number >= low && *number <= high;
    };
    const auto take_slash = [&] { return text.starts_with('/') && (text.remove_prefix(1), true); };
    if (!take(1, 12) || !take_slash() || !take(1, 31) || !take_slash()) return false;
    const auto year = take_number(text);
    return year && text.empty() && ((*year >= 0 && *year <= 99) || *year >= 1900);
}

const auto bios_element = table<Bios, bios_entries>("bios").finished_by([](Bios& bios) {
    if (!bios.date.empty() && !is_date(bios.date)) throw Error(ErrorCode::xml_detail, "Invalid BIOS 'date' format");
});

const auto system_element = table<System, system_entries>("system").finished_by([](System& system) {
    if (system.uuid.empty()) return;
    const auto uuid = Uuid::parse(system.uuid);
    if (!uuid) throw Error(ErrorCode::xml_detail, "malformed <sysinfo> uuid element");
    system.uuid = uuid->text();
});

const auto board_element = table<BaseBoard, board_entries>("baseBoard");
const auto chassis_element = table<Chassis, chassis_entries>("chassis");

void read_oem_strings(const xml::Node& node, Sysinfo& info, const xml::ParseFlags&) {
    for (auto entry = node.child("oemStrings").child("entry"); entry; entry = entry.next("entry"))
        info.oem_strings.push_back(entry.text());
}
void write_oem_strings(const Sysinfo& info, xml::Writer& writer) {
    writer.open_if_filled("oemStrings");
    for (const auto& text : info.oem_strings) writer.leaf("entry", text);
    writer.close();
}

void read_firmware(const xml::Node& node, Sysinfo& info, const xml::ParseFlags&) {
    for (auto entry = node.child("entry"); entry; entry = entry.next("entry")) {
        const auto name = entry.attribute("name");
        if (!name) throw Error(ErrorCode::xml_error, "Firmware entry is missing 'name' attribute");
        Sysinfo::FirmwareEntry one{.name = std::string(*name)};
        one.file = entry.attribute("file").value_or("");
        // The peer shows the file and uses the value where somebody gives both; here the file counts throughout.
        if (one.file.empty()) one.value = entry.text();
        if (one.file.empty() && one.value.empty())
            throw Error(ErrorCode::xml_error, "Firmware entry must have either value or 'file' attribute");
        info.firmware.push_back(std::move(one));
    }
}
void write_firmware(const Sysinfo& info, xml::Writer& writer) {
    for (const auto& entry : info.firmware) {
        writer.open("entry");
        writer.attribute("name", entry.name);
        if (entry.file.empty())
            writer.text(entry.value);
        else
            writer.attribute("file", entry.file);
        writer.close();
    }
}

void drop_empty(Sysinfo& info) { std::erase(info.base_boards, Sysinfo::BaseBoard{}); }

}  // namespace

const xml::Element<Sysinfo> sysinfo_element =
    xml::describe<Sysinfo>(
        "sysinfo", xml::attribute("type", &Sysinfo::type).required(),
        xml::when(
            +[](const Sysinfo& info) { return info.type == Sysinfo::Type::smbios; },
            xml::child(&Sysinfo::bios, bios_element), xml::child(&Sysinfo::system, system_element),
            xml::children(&Sysinfo::base_boards, board_element), xml::child(&Sysinfo::chassis, chassis_element),
            xml::by_hand(read_oem_strings, write_oem_strings).holds("oemStrings/entry#")),
        xml::when(
            +[](const Sysinfo& info) { return info.type == Sysinfo::Type::fwcfg; },
            xml::by_hand(read_firmware, write_firmware).holds("entry@name", "entry@file", "entry#")))
        .finished_by(drop_empty);

}  // namespace innkeeper::model
