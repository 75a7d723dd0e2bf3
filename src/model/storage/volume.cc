#include "model/storage/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

std::optional<FileTime> FileTime::parse(std::string_view text) {
    FileTime time;
    const char* const end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, time.seconds);
    if (error != std::errc{}) return std::nullopt;
    if (at == end) return time;
    if (*at != '.' || end - at > 10) return std::nullopt;
    const auto digits = end - at - 1;
    auto [last, fraction_error] = std::from_chars(at + 1, end, time.nanoseconds);
    if (fraction_error != std::errc{} || last != end || time.nanoseconds < 0) return std::nullopt;
    for (auto missing = digits; missing < 9; ++missing) time.nanoseconds *= 10;
    return time;
}

std::string FileTime::text() const {
    return nanoseconds == 0 ? std::to_string(seconds) : fmt::format("{}.{:09}", seconds, nanoseconds);
}

namespace {

constexpr std::string_view volume_formats[] = {"raw", "dir", "bochs", "cloop", "dmg",  "iso",   "vpc", "vdi",
                                               "fat", "vhd", "ploop", "cow",   "qcow", "qcow2", "qed", "vmdk"};

const xml::Element<Timestamps> timestamps = xml::describe<Timestamps>(
    "timestamps", xml::value("atime", &Timestamps::accessed), xml::value("mtime", &Timestamps::modified),
    xml::value("ctime", &Timestamps::changed), xml::value("btime", &Timestamps::born));

const xml::Element<ImageFeatures> features =
    xml::describe<ImageFeatures>("features", xml::flag("lazy_refcounts", &ImageFeatures::lazy_refcounts),
                                 xml::flag("extended_l2", &ImageFeatures::extended_l2));

void check_format(std::string& format) {
    if (format.empty()) format = "raw";
    if (!is_volume_format(format))
        throw Error(ErrorCode::config_unsupported, fmt::format("unknown volume format type {}", format));
}

const xml::Element<VolumeBacking> backing =
    xml::describe<VolumeBacking>("backingStore", xml::value("path", &VolumeBacking::path),
                                 xml::child("format", xml::attribute("type", &VolumeBacking::format)),
                                 xml::child(&VolumeBacking::permissions, permissions),
                                 xml::child(&VolumeBacking::timestamps, timestamps))
        .finished_by(+[](VolumeBacking& read) { check_format(read.format); });

void complete_volume(Volume& volume) {
    if (volume.name.empty()) throw Error(ErrorCode::xml_error, "missing volume name element");
    if (volume.name.contains('/') || volume.name == "." || volume.name == "..")
        throw Error(ErrorCode::operation_invalid, fmt::format("volume name '{}' cannot contain '/'", volume.name));
    if (volume.backing && volume.backing->path.empty()) volume.backing.reset();
    // A copy-on-write image is as large as what lies under it unless told otherwise.
    if (!volume.capacity && !volume.backing) throw Error(ErrorCode::xml_error, "missing capacity element");
    if (volume.backing) volume.backing->timestamps.reset();
    volume.key.clear();
    volume.physical.reset();
    volume.timestamps.reset();
}

void write_cluster_size(const Volume& volume, xml::Writer& writer) {
    if (!volume.cluster_size) return;
    writer.open("clusterSize");
    writer.attribute("unit", "B");
    writer.text(std::to_string(*volume.cluster_size));
    writer.close();
}

}  // namespace

bool is_volume_format(std::string_view format) {
    return std::ranges::find(volume_formats, format) != std::end(volume_formats);
}

void fit_volume(Volume& read, Pool::Type type) {
    const auto& kind = pool_type(type);
    if (kind.default_volume_format.empty()) return read.format.clear();
    if (type != Pool::Type::disk) return check_format(read.format);
    if (read.format.empty()) read.format = kind.default_volume_format;
    if (std::ranges::find(kind.volume_formats, read.format) == kind.volume_formats.end())
        throw Error(ErrorCode::config_unsupported, fmt::format("unknown volume format type {}", read.format));
}

const xml::Element<Volume> volume =
    xml::describe<Volume>(
        "volume",
        xml::attribute("type", &Volume::type).complain(ErrorCode::config_unsupported, "unknown volume type '{}'"),
        xml::value("name", &Volume::name), xml::value("key", &Volume::key),
        xml::amount("capacity", &Volume::capacity, "bytes"), xml::amount("allocation", &Volume::allocation, "bytes"),
        xml::amount("physical", &Volume::physical, "bytes"),
        xml::child("target", xml::value("path", &Volume::path),
                   xml::child("format", xml::attribute("type", &Volume::format)),
                   xml::child(&Volume::permissions, permissions), xml::child(&Volume::timestamps, timestamps),
                   xml::child(&Volume::encryption, volume_encryption), xml::value("compat", &Volume::compat),
                   xml::amount("clusterSize", &Volume::cluster_size, "bytes").legacy(),
                   xml::by_hand<Volume>(
                       +[](const xml::Node&, Volume&, const xml::ParseFlags&) {}, write_cluster_size),
                   xml::flag("nocow", &Volume::no_copy_on_write), xml::child(&Volume::features, features)),
        xml::child(&Volume::backing, backing))
        .finished_by(complete_volume);

std::string volume_grammar() { return xml::relaxng(volume); }

void validate_volume(std::string_view text) {
    xml::validate(text, "(storage_volume_definition)", "volume",
                  {"/usr/share/libvirt/schemas/storagevol.rng", volume_grammar});
}

}  // namespace innkeeper::model
