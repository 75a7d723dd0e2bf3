#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "guests/guests.h"
#include "loop/event.h"
#include "loop/loop.h"
#include "model/domain/domain.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"
#include "rpc/codec/caller.h"
#include "rpc/codec/handlers.h"
#include "rpc/codec/xdr.h"

/// A hypervisor without machines, a client without a socket, and a fixture that calls handlers as the server does.
namespace innkeeper::guests {

class FakeHypervisor : public Hypervisor {
  public:
    std::string folder() const override { return "qemu"; }
    std::string type() const override { return "QEMU"; }
    std::string prefix() const override { return "qemu"; }
    ErrorDomain error_domain() const override { return ErrorDomain::qemu; }
    Task<std::uint64_t> version() override { co_return 7002022; }
    Task<std::string> capabilities() override { co_return "<capabilities/>"; }
    Task<DefPtr> complete(model::DomainDef def, Purpose) override {
        if (def.current_memory_kib == 0) def.current_memory_kib = def.memory_kib;
        co_return std::make_shared<const model::DomainDef>(std::move(def));
    }

    Task<> start(GuestPtr guest, StartOptions options) override {
        if (fails) throw Error(ErrorCode::internal_error, "it does not start");
        guest->set_pid(4711);
        guest->save_status();
        if (hangs) co_await released.wait();
        if (!options.paused) guest->running(options.reason);
    }
    Task<> destroy(GuestPtr guest, Destroy) override {
        guest->shutting_down(Shutdown::host);
        co_return;
    }
    Task<> shutdown(GuestPtr guest, std::vector<Way>) override {
        guest->shutting_down(Shutdown::guest);
        guest->ended(Shutoff::shutdown);
        co_return;
    }
    Task<> suspend(GuestPtr guest, Paused reason) override {
        if (hangs) co_await released.wait();
        guest->paused(reason);
    }
    Task<> resume(GuestPtr guest, Running reason) override {
        guest->running(reason);
        co_return;
    }
    Task<> save(GuestPtr guest, SaveOptions options) override {
        guest->paused(Paused::save);
        write_volatile_file(options.path, "image");
        saved = {guest->live(), options.running.value_or(true)};
        co_return;
    }
    Task<SavedImage> read_saved(std::string) override { co_return saved; }
    std::string status_elements(const Guest&) override { return "  <monitor path='/m' type='unix'/>\n"; }
    Task<> adopt(Remnant remnant) override {
        if (fails) throw Error(ErrorCode::internal_error, "the process is gone");
        adopted.push_back(remnant.guest->name());
        co_return;
    }

    Task<> plug_vcpu(GuestPtr, unsigned vcpu) override { return note(fmt::format("plug {}", vcpu)); }
    Task<> unplug_vcpu(GuestPtr, unsigned vcpu) override { return note(fmt::format("unplug {}", vcpu)); }
    void pin_vcpu(const Guest&, unsigned vcpu, const std::vector<unsigned>&) override {
        did.push_back(fmt::format("pin vcpu {}", vcpu));
    }
    Task<> limit_disk(GuestPtr, model::Disk disk) override {
        return note(fmt::format("limit {} to {}", disk.target, disk.iotune.write_bytes_sec));
    }
    Task<> add_iothread(GuestPtr, unsigned id) override { return note(fmt::format("add iothread {}", id)); }
    Task<> tune_iothread(GuestPtr, unsigned id, IothreadTuning) override {
        return note(fmt::format("tune iothread {}", id));
    }

    MomentRules moment_rules() const override {
        MomentRules rules;
        for (auto* function : {&rules.create, &rules.revert, &rules.remove, &rules.create_checkpoint,
                               &rules.remove_checkpoint, &rules.describe_checkpoint})
            function->flags = 0x3ff;
        rules.revert_redefines = true;
        return rules;
    }
    Task<model::SnapshotDef> plan_snapshot(GuestPtr, model::SnapshotDef snapshot, SnapshotWish) override {
        model::settle_memory(snapshot);
        model::match_disks(snapshot, {});
        co_return std::move(snapshot);
    }
    Task<DefPtr> take_snapshot(GuestPtr, SnapshotPtr snapshot, SnapshotWish) override {
        did.push_back("take " + snapshot->name);
        co_return DefPtr();
    }
    void check_revert(const model::SnapshotDef&) override {}
    Task<> restore_disks(GuestPtr, SnapshotPtr snapshot) override { return note("restore " + snapshot->name); }
    void check_removal(const Guest&, const std::vector<SnapshotPtr>&, bool) override {}
    Task<Removal> remove_snapshot(GuestPtr, SnapshotPtr snapshot, std::vector<SnapshotPtr>) override {
        did.push_back("remove " + snapshot->name);
        co_return Removal{};
    }
    Task<> take_checkpoint(GuestPtr, CheckpointPtr checkpoint) override { return note("note " + checkpoint->name); }
    Task<> remove_checkpoint(GuestPtr, CheckpointPtr checkpoint) override { return note("forget " + checkpoint->name); }

    Task<> note(std::string what) {
        did.push_back(std::move(what));
        co_return;
    }

    std::vector<std::string> did;
    bool fails = false, hangs = false;
    Event released;
    SavedImage saved;
    std::vector<std::string> adopted;
};

class FakeSession : public rpc::ClientSession {
  public:
    std::uint64_t id() const override { return 1; }
    bool read_only() const override { return false; }
    const rpc::Identity& identity() const override { return identity_; }
    void send_event(const protocol::Procedure& row, std::shared_ptr<const std::string> payload) override {
        sent.emplace_back(std::string(row.name), std::move(payload));
    }
    std::shared_ptr<rpc::Stream> open_stream(const protocol::Procedure&, std::uint32_t, bool) override { return {}; }
    std::uint64_t on_close(std::move_only_function<void()> call) override {
        gone.push_back(std::move(call));
        return gone.size();
    }
    void cancel_on_close(std::uint64_t) override {}

    std::vector<std::pair<std::string, std::shared_ptr<const std::string>>> sent;
    std::vector<std::move_only_function<void()>> gone;

  private:
    rpc::Identity identity_;
};

class GuestsTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "guests-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        root = pattern;
        begin();
    }
    void TearDown() override {
        loop.run(guests->close());
        guests.reset();
        std::filesystem::remove_all(root);
    }
    /// A daemon that starts; what one before it left on disk is there.
    void begin() {
        if (guests) loop.run(guests->close());
        table = {};
        auto made = std::make_unique<FakeHypervisor>();
        hypervisor = made.get();
        hypervisor->fails = next_fails;
        guests = std::make_unique<Guests>(Paths::standard(Paths::Privilege::system, root), std::move(made));
        guests->install(table);
        loop.run(guests->load());
    }

    template <class Tag>
    Task<typename Tag::Ret> calling(typename Tag::Args args) {
        std::string request = rpc::encoded(args), reply;
        rpc::XdrReader in(request);
        rpc::XdrWriter out(reply);
        rpc::Caller caller{.session = session, .serial = 1, .row = &Tag::row, .fds = {}, .reply_fds = {}};
        auto later = (*table.find(Tag::row))->invoke(caller, in, out);
        if (later) co_await std::move(*later);
        co_return rpc::decoded<typename Tag::Ret>(reply);
    }
    template <class Tag>
    typename Tag::Ret call(typename Tag::Args args = {}) {
        return loop.run(calling<Tag>(std::move(args)));
    }
    /// The message of the Error that the call ends with.
    template <class Tag>
    std::string refusal(typename Tag::Args args) {
        try {
            call<Tag>(std::move(args));
            return "";
        } catch (const Error& error) {
            return error.message();
        }
    }

    std::string etc(const std::string& path) const { return root + "/etc/libvirt/qemu/" + path; }
    std::string run(const std::string& path) const { return root + "/run/libvirt/qemu/" + path; }

    Loop loop;
    std::string root;
    rpc::HandlerTable table;
    std::unique_ptr<Guests> guests;
    FakeHypervisor* hypervisor = nullptr;
    bool next_fails = false;
    std::shared_ptr<FakeSession> session = std::make_shared<FakeSession>();
};

}  // namespace innkeeper::guests
