#include "model/domain/filesystem.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// Folders of the host's in the guest: through QEMU itself (9p), or through a virtiofsd beside it.
namespace innkeeper::qemu {

using model::Filesystem;

namespace {

void add_virtiofs(Builder& b, const Filesystem& filesystem) {
    const std::string& alias = filesystem.info.alias;
    const std::string chardev = "chr-vu-" + alias;
    const std::string path =
        filesystem.socket.empty() ? fmt::format("{}/{}-fs.sock", b.context.directory, alias) : filesystem.socket;
    b.option("-chardev", Pairs("socket").add("id", chardev).add("path", path));
    Props props(b.virtio_device("vhost-user-fs", filesystem.info));
    b.add_virtio(props, filesystem.virtio);
    props.add("id", alias)
        .add("chardev", chardev)
        .add("queue-size", filesystem.queue_size)
        .add("tag", filesystem.target);
    props.add("bootindex", b.boot_index(filesystem.info));
    b.device(props, filesystem.info);
}

std::string_view security_model(const Filesystem& filesystem) {
    switch (filesystem.access_mode.value_or(Filesystem::AccessMode::passthrough)) {
        case Filesystem::AccessMode::mapped:
            return "mapped";
        case Filesystem::AccessMode::squash:
            return "none";
        case Filesystem::AccessMode::passthrough:
            break;
    }
    return "passthrough";
}

void add_9p(Builder& b, const Filesystem& filesystem) {
    if (filesystem.type != Filesystem::Type::mount) unsupported("only supports mount filesystem type");
    const std::string& alias = filesystem.info.alias;
    Pairs words("local");
    words.add("security_model", security_model(filesystem));
    if (filesystem.multidevs && *filesystem.multidevs != Filesystem::Multidevs::default_)
        words.add("multidevs", xml::name(*filesystem.multidevs));
    if (filesystem.write_policy == Filesystem::WritePolicy::immediate) words.word("writeout=immediate");
    words.add_if("fmode", filesystem.fmode).add_if("dmode", filesystem.dmode);
    words.add("id", "fsdev-" + alias).add("path", filesystem.source);
    if (filesystem.readonly) words.word("readonly");
    b.option("-fsdev", words);

    Props props(b.virtio_device("virtio-9p", filesystem.model ? xml::name(*filesystem.model) : "", filesystem.info));
    b.add_virtio(props, filesystem.virtio);
    props.add("id", alias).add("fsdev", "fsdev-" + alias).add("mount_tag", filesystem.target);
    b.device(props, filesystem.info);
}

}  // namespace

void add_filesystems(Builder& b) {
    for (const Filesystem& filesystem : b.devices.filesystems) {
        switch (filesystem.driver.value_or(Filesystem::Driver::default_)) {
            case Filesystem::Driver::virtiofs:
                add_virtiofs(b, filesystem);
                break;
            case Filesystem::Driver::default_:
            case Filesystem::Driver::path:
                add_9p(b, filesystem);
                break;
            default:
                unsupported("unsupported filesystem driver type");
        }
    }
}

}  // namespace innkeeper::qemu
