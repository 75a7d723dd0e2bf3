#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct udev;
struct udev_device;
struct udev_monitor;

/// The host's devices, as the kernel and udev's database describe them. Reading a device's attributes can wait for the
/// device: all of this but the monitor belongs into the pool. An object and what came from it stay on one thread.
namespace innkeeper::host {

class UdevDevice {
  public:
    explicit UdevDevice(udev_device* device) : device_(device) {}

    std::string path() const;  ///< below /sys/devices
    std::string name() const;  ///< the last part of the path
    std::string subsystem() const;
    std::string type() const;  ///< what the subsystem calls it, for those that have several kinds; else empty
    std::string driver() const;
    std::string node() const;                ///< its file below /dev; else empty
    std::vector<std::string> links() const;  ///< other names of that file

    /// What udev found out.
    std::optional<std::string> property(const char* name) const;
    /// What the kernel says: a file in the device's folder, or in one below it ("queue/rotational").
    std::optional<std::string> attribute(const char* name) const;

  private:
    struct Free {
        void operator()(udev_device* device) const;
    };
    std::unique_ptr<udev_device, Free> device_;
};

class Udev {
  public:
    Udev();

    /// All of some subsystems.
    std::vector<UdevDevice> devices(std::initializer_list<const char*> subsystems) const;
    std::optional<UdevDevice> device(const std::string& path) const;
    std::optional<UdevDevice> device(const char* subsystem, const std::string& name) const;

  private:
    friend class UdevMonitor;
    struct Free {
        void operator()(udev* context) const;
    };
    std::unique_ptr<udev, Free> context_;
};

/// What happens to devices, after udev has looked at them: without udev's daemon nothing is heard.
class UdevMonitor {
  public:
    UdevMonitor();
    ~UdevMonitor();

    /// Readable when something has happened. Non-blocking; stays the monitor's.
    int fd() const;
    struct Happening {
        std::string action, path;
        std::string old_path;  ///< of one that has moved
    };
    /// Without waiting.
    std::optional<Happening> receive();

  private:
    Udev udev_;
    struct Free {
        void operator()(udev_monitor* monitor) const;
    };
    std::unique_ptr<udev_monitor, Free> monitor_;
};

}  // namespace innkeeper::host
