#include <fmt/format.h>

#include "drivers/qemu/disk_limits.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "model/domain/domain.h"

/// Disks of a guest that runs.
namespace innkeeper::qemu {

using guests::GuestPtr;

namespace {

/// QEMU's words for the peer's; those of a burst and its length follow from them.
struct Word {
    const char* qemu;
    std::uint64_t model::IoTune::* plain;
    std::uint64_t model::IoTune::* burst;
    std::uint64_t model::IoTune::* length;
};
constexpr Word words[] = {{"bps", &model::IoTune::total_bytes_sec, &model::IoTune::total_bytes_sec_max,
                           &model::IoTune::total_bytes_sec_max_length},
                          {"bps_rd", &model::IoTune::read_bytes_sec, &model::IoTune::read_bytes_sec_max,
                           &model::IoTune::read_bytes_sec_max_length},
                          {"bps_wr", &model::IoTune::write_bytes_sec, &model::IoTune::write_bytes_sec_max,
                           &model::IoTune::write_bytes_sec_max_length},
                          {"iops", &model::IoTune::total_iops_sec, &model::IoTune::total_iops_sec_max,
                           &model::IoTune::total_iops_sec_max_length},
                          {"iops_rd", &model::IoTune::read_iops_sec, &model::IoTune::read_iops_sec_max,
                           &model::IoTune::read_iops_sec_max_length},
                          {"iops_wr", &model::IoTune::write_iops_sec, &model::IoTune::write_iops_sec_max,
                           &model::IoTune::write_iops_sec_max_length}};

/// By which name QEMU knows the device that the disk is.
std::string device_of(const model::Disk& disk) {
    const auto& alias = disk.info.alias;
    return disk.bus == model::Disk::Bus::virtio ? "/machine/peripheral/" + alias + "/virtio-backend" : alias;
}

}  // namespace

QmpCommand limits_of(const model::Disk& disk) {
    boost::json::object arguments;
    arguments["id"] = device_of(disk);
    const model::IoTune& tune = disk.iotune;
    for (const Word& word : words) {
        arguments[word.qemu] = tune.*word.plain;
        if (tune.*word.burst != 0) arguments[fmt::format("{}_max", word.qemu)] = tune.*word.burst;
        if (tune.*word.length != 0) arguments[fmt::format("{}_max_length", word.qemu)] = tune.*word.length;
    }
    if (tune.size_iops_sec != 0) arguments["iops_size"] = tune.size_iops_sec;
    if (!tune.group_name.empty()) arguments["group"] = tune.group_name;
    return {.name = "block_set_io_throttle", .arguments = std::move(arguments)};
}

Task<> Driver::limit_disk(GuestPtr guest, model::Disk disk) {
    auto command = limits_of(disk);
    co_await machine_of(guest)->monitor().execute(command.name, std::move(command.arguments));
}

Task<> Driver::set_write_threshold(GuestPtr guest, unsigned image, std::uint64_t bytes) {
    boost::json::object arguments;
    arguments["node-name"] = fmt::format("libvirt-{}-storage", image);
    arguments["write-threshold"] = bytes;
    co_await machine_of(guest)->monitor().execute("block-set-write-threshold", std::move(arguments));
}

}  // namespace innkeeper::qemu
