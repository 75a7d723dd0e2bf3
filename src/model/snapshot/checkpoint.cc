#include "model/snapshot/checkpoint.h"

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/domain.h"
#include "xml/node.h"
#include "xml/shared.h"

namespace innkeeper::model {

namespace {

using Mode = CheckpointDisk::Mode;

const auto checkpoint_disk_element =
    xml::describe<CheckpointDisk>("disk",
                                  xml::attribute("name", &CheckpointDisk::name)
                                      .keep_empty()
                                      .required(ErrorCode::xml_error, "missing name from disk checkpoint element"),
                                  xml::attribute("checkpoint", &CheckpointDisk::mode),
                                  xml::attribute("bitmap", &CheckpointDisk::bitmap),
                                  xml::attribute("size", &CheckpointDisk::size))
        .finished_by([](CheckpointDisk& disk) {
            // It changes all the time: only who asks is told.
            disk.size.reset();
            if (!disk.mode && !disk.bitmap.empty()) disk.mode = Mode::bitmap;
        });

bool is_whole(const CheckpointDef& checkpoint) { return checkpoint.is_whole; }

void check_whole(CheckpointDef& checkpoint) {
    if (!checkpoint.is_whole) return;
    if (checkpoint.name.empty()) throw Error(ErrorCode::xml_error, "a redefined checkpoint must have a name");
    if (!checkpoint.creation_time)
        throw Error(ErrorCode::internal_error, "missing creationTime from existing checkpoint");
}

[[noreturn]] void unsupported(std::string sentence) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain_checkpoint, std::move(sentence));
}

const Disk* find_disk(const DomainDef& domain, const std::string& name) {
    for (const Disk& disk : domain.devices.disks)
        if (disk.target == name) return &disk;
    for (const Disk& disk : domain.devices.disks)
        if (name.starts_with('/') && disk.source.path == name) return &disk;
    return nullptr;
}

}  // namespace

bool CheckpointDef::operator==(const CheckpointDef& other) const {
    return format_checkpoint(*this, {.secure = true}) == format_checkpoint(other, {.secure = true});
}

const xml::Element<CheckpointDef> checkpoint_element =
    xml::describe<CheckpointDef>(
        "domaincheckpoint", xml::value("name", &CheckpointDef::name),
        xml::value("description", &CheckpointDef::description),
        xml::when(is_whole, xml::child("parent", xml::value("name", &CheckpointDef::parent)),
                  xml::value("creationTime", &CheckpointDef::creation_time)
                      .complain(ErrorCode::internal_error, "missing creationTime from existing checkpoint")),
        xml::child("disks", xml::children(&CheckpointDef::disks, checkpoint_disk_element)),
        xml::when(is_whole, xml::child("domain", &CheckpointDef::domain, domain_element)))
        .finished_by(check_whole);

CheckpointDef parse_checkpoint(std::string_view text, CheckpointPart part) {
    try {
        const auto document = xml::Document::parse(text, "(domain_checkpoint)");
        CheckpointDef checkpoint;
        checkpoint.is_whole = part == CheckpointPart::whole;
        read_into(checkpoint_element, document.root("domaincheckpoint"), &checkpoint, {});
        checkpoint.is_whole = true;
        return checkpoint;
    } catch (Error& error) {
        error.set_domain_if_none(ErrorDomain::domain_checkpoint);
        throw;
    }
}

std::string format_checkpoint(const CheckpointDef& checkpoint, CheckpointFace face) {
    const xml::FormatFlags flags{.inactive = true, .secure = face.secure};
    if (face.domain) return checkpoint_element.format(checkpoint, flags);
    CheckpointDef bare = checkpoint;
    bare.domain.reset();
    return checkpoint_element.format(bare, flags);
}

void match_disks(CheckpointDef& checkpoint) {
    if (!checkpoint.domain) return;
    const auto& disks = checkpoint.domain->devices.disks;
    const bool all = checkpoint.disks.empty();
    std::vector<CheckpointDisk> matched(disks.size());
    std::vector<bool> is_named(disks.size());
    for (auto& entry : checkpoint.disks) {
        const Disk* disk = find_disk(*checkpoint.domain, entry.name);
        if (disk == nullptr) unsupported(fmt::format("no disk named '{}'", entry.name));
        const auto place = static_cast<std::size_t>(disk - disks.data());
        if (is_named[place]) unsupported(fmt::format("disk '{}' specified twice", disk->target));
        is_named[place] = true;
        if (disk->source.is_empty() && entry.mode != Mode::no)
            unsupported(fmt::format("disk '{}' is empty or readonly", disk->target));
        matched[place] = std::move(entry);
        if (!matched[place].mode) matched[place].mode = Mode::bitmap;
    }
    for (std::size_t i = 0; i < disks.size(); ++i) {
        matched[i].name = disks[i].target;
        const bool is_written = !disks[i].source.is_empty() && !disks[i].readonly;
        if (!is_named[i]) matched[i].mode = all && is_written ? Mode::bitmap : Mode::no;
        if (matched[i].mode == Mode::bitmap && matched[i].bitmap.empty()) matched[i].bitmap = checkpoint.name;
    }
    checkpoint.disks = std::move(matched);
}

}  // namespace innkeeper::model
