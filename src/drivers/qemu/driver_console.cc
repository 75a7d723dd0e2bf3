#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>

#include "base/error.h"
#include "drivers/qemu/consoles.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "loop/descriptor.h"
#include "model/domain/domain.h"

/// The way to a guest's serial lines.
namespace innkeeper::qemu {

using guests::GuestPtr;

namespace {

struct Line {
    const model::ChardevSource* source;
    const std::string* alias;
};

/// The device of that alias, or the first console or serial line.
std::optional<Line> find_line(const model::DomainDef& def, const std::string& alias) {
    const auto matches = [&](const std::string& name) { return alias.empty() || name == alias; };
    for (const auto& console : def.devices.consoles)
        if (matches(console.info.alias)) return Line{&console.source, &console.info.alias};
    for (const auto& serial : def.devices.serials)
        if (matches(serial.info.alias)) return Line{&serial.source, &serial.info.alias};
    for (const auto& parallel : def.devices.parallels)
        if (!alias.empty() && matches(parallel.info.alias)) return Line{&parallel.source, &parallel.info.alias};
    return std::nullopt;
}

Fd open_line(const model::ChardevSource& source) {
    if (source.type == model::ChardevSource::Type::unix_) return connect_to(source.path);
    Fd line(::open(source.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!line) throw Error::system(errno, fmt::format("Unable to open stream for '{}'", source.path));
    return line;
}

}  // namespace

Task<Fd> Driver::open_console(GuestPtr guest, std::string device, bool take_over) {
    machine_of(guest);
    const auto live = guest->live();
    const auto line = find_line(*live, device);
    if (!line)
        throw Error(ErrorCode::internal_error,
                    fmt::format("cannot find character device {}", device.empty() ? "<null>" : device));
    using enum model::ChardevSource::Type;
    if (line->source->type != pty && line->source->type != unix_)
        throw Error(ErrorCode::internal_error,
                    fmt::format("character device {} is not using a PTY", device.empty() ? *line->alias : device));
    co_return co_await consoles_->open(line->source->path, open_line(*line->source), take_over);
}

Task<Fd> Driver::open_channel(GuestPtr guest, std::string name, bool take_over) {
    machine_of(guest);
    const auto live = guest->live();
    const model::Channel* found = nullptr;
    for (const auto& channel : live->devices.channels)
        if (channel.target == model::Channel::Target::virtio &&
            (name.empty() || channel.name == name || channel.info.alias == name)) {
            found = &channel;
            break;
        }
    if (found == nullptr)
        throw Error(ErrorCode::internal_error, fmt::format("cannot find channel {}", name.empty() ? "<null>" : name));
    if (found->source.type != model::ChardevSource::Type::unix_)
        throw Error(ErrorCode::internal_error,
                    fmt::format("channel {} is not using a UNIX socket", name.empty() ? found->name : name));
    co_return co_await consoles_->open(found->source.path, open_line(found->source), take_over);
}

}  // namespace innkeeper::qemu
