#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/qemu/machine.h"
#include "guests/hypervisor.h"
#include "loop/queue.h"
#include "model/snapshot/backup.h"

namespace innkeeper::qemu {

/// A backup of a running guest: a job of QEMU's for each disk, from the instant that all of them begin until the last
/// one has ended and nothing of them is left.
class BackupRun : public std::enable_shared_from_this<BackupRun> {
  public:
    struct Part {
        std::string disk, job;
        std::string source;  ///< the node that the guest writes
        std::string bitmap;  ///< of what changed since a checkpoint, made for this backup; empty: all is copied
        model::StorageSource store;
        bool is_made = false;  ///< the store, by us
        std::vector<std::string> nodes;
        std::uint64_t size = 0;
        bool has_ended = false;
    };

    BackupRun(std::shared_ptr<QemuMachine> machine, guests::BackupPtr asked);

    /// As clients see it, with what was decided.
    guests::BackupPtr document() const { return document_; }
    bool pulls() const { return document_->kind == model::BackupDef::Kind::pull; }
    bool has_ended() const { return ended_.has_value(); }
    std::vector<Part>& parts() { return parts_; }

    /// All of it at once, with these actions.
    Task<> begin(boost::json::array actions);
    Task<> abort();
    Task<guests::JobFigures> figures();
    /// Takes everything back that is there of a backup that has ended, or never began.
    enum class Stores { keep, remove };
    Task<> clean_up(Stores stores);
    /// Waits for the end of all jobs; for the background.
    static Task<> follow(std::shared_ptr<BackupRun> run);

  private:
    void add_actions(const Part& part, boost::json::array& actions) const;
    Task<> open_server();
    Task<> open_exports();
    Task<> end_part(std::string job);

    std::shared_ptr<QemuMachine> machine_;
    guests::BackupPtr document_;
    std::vector<Part> parts_;
    Queue<std::string> concluded_;
    std::chrono::steady_clock::time_point began_;
    bool has_server_ = false, was_aborted_ = false;
    std::string failure_;
    std::uint64_t total_ = 0;
    std::optional<guests::JobFigures> ended_;
};

}  // namespace innkeeper::qemu
