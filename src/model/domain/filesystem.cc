#include "model/domain/filesystem.h"

#include <fmt/format.h>

#include <charconv>

#include "xml/amount.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Type = Filesystem::Type;

template <Type... types>
bool is_one_of(const Filesystem& fs) {
    return ((fs.type == types) || ...);
}

void read_usage(const xml::Node& node, Filesystem& fs, const xml::ParseFlags&) {
    if (fs.usage) fs.usage = xml::convert_amount(*fs.usage, node.attribute("units").value_or("KiB"), "KiB");
}
void write_units(const Filesystem&, xml::Writer& writer) { writer.attribute("units", "KiB"); }

/// Permissions are kept as four octal digits.
void settle_mode(std::string& mode, std::string_view name) {
    if (mode.empty()) return;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(mode.data(), mode.data() + mode.size(), bits, 8);
    if (error != std::errc{} || end != mode.data() + mode.size())
        throw Error(ErrorCode::xml_error, fmt::format("Invalid value for attribute '{}' in element 'filesystem': '{}'. "
                                                      "Expected non-negative integer value",
                                                      name, mode));
    if (bits > 0777) throw Error(ErrorCode::xml_error, fmt::format("invalid {}: '0{:o}'", name, bits));
    mode = fmt::format("{:04o}", bits);
}

void settle(Filesystem& fs) {
    settle_mode(fs.fmode, "fmode");
    settle_mode(fs.dmode, "dmode");
    if (!fs.access_mode && fs.socket.empty()) fs.access_mode = Filesystem::AccessMode::passthrough;
    if (fs.target.empty() && fs.socket.empty() && fs.source.empty()) throw Error(ErrorCode::no_source, fs.target);
    if (fs.target.empty()) throw Error(ErrorCode::no_target, fs.source);
}

}  // namespace

const xml::Element<Filesystem> filesystem_element =
    xml::describe<Filesystem>(
        "filesystem", xml::attribute("type", &Filesystem::type), xml::attribute("accessmode", &Filesystem::access_mode),
        xml::attribute("multidevs", &Filesystem::multidevs).omit("default"),
        xml::attribute("fmode", &Filesystem::fmode), xml::attribute("dmode", &Filesystem::dmode),
        xml::attribute("model", &Filesystem::model),
        xml::child("driver", xml::attribute("type", &Filesystem::driver).omit("default"),
                   xml::attribute("format", &Filesystem::format),
                   xml::attribute("wrpolicy", &Filesystem::write_policy).omit("default"),
                   xml::attribute("queue", &Filesystem::queue_size),
                   xml::embed(&Filesystem::virtio, virtio_options_element)),
        xml::child("binary", xml::attribute("path", &Filesystem::binary),
                   xml::attribute("xattr", &Filesystem::xattr, xml::on_off),
                   xml::child("cache", xml::attribute("mode", &Filesystem::cache_mode).omit("default")),
                   xml::child("sandbox", xml::attribute("mode", &Filesystem::sandbox).omit("default")),
                   xml::child("lock", xml::attribute("posix", &Filesystem::posix_lock, xml::on_off),
                              xml::attribute("flock", &Filesystem::flock, xml::on_off)),
                   xml::child("thread_pool", xml::attribute("size", &Filesystem::thread_pool_size))),
        xml::when(is_one_of<Type::mount, Type::bind>, xml::child("source", xml::attribute("dir", &Filesystem::source),
                                                                 xml::attribute("socket", &Filesystem::socket))),
        xml::when(is_one_of<Type::block>, xml::child("source", xml::attribute("dev", &Filesystem::source))),
        xml::when(is_one_of<Type::file>, xml::child("source", xml::attribute("file", &Filesystem::source))),
        xml::when(is_one_of<Type::template_>, xml::child("source", xml::attribute("name", &Filesystem::source))),
        xml::when(is_one_of<Type::ram>, xml::child("source", xml::attribute("usage", &Filesystem::usage),
                                                   xml::by_hand(read_usage, write_units).holds("@units"))),
        xml::when(is_one_of<Type::volume>, xml::child("source", xml::attribute("pool", &Filesystem::source),
                                                      xml::attribute("volume", &Filesystem::volume))),
        xml::child("target", xml::attribute("dir", &Filesystem::target)), xml::flag("readonly", &Filesystem::readonly),
        xml::embed(&Filesystem::info, device_info_element),
        xml::amount("space_hard_limit", &Filesystem::space_hard_limit, "bytes"),
        xml::amount("space_soft_limit", &Filesystem::space_soft_limit, "bytes"))
        .finished_by(settle);

}  // namespace innkeeper::model
