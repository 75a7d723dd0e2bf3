#include "drivers/qemu/driver.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "drivers/qemu/proc.h"
#include "guests/guests.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "model/domain/domain.h"

namespace innkeeper::qemu {
namespace {

using namespace std::chrono_literals;
using guests::GuestPtr;
using testing::HasSubstr;

class OneSecret : public objects::SecretValues {
  public:
    static constexpr std::string_view text = "open-sesame";
    Task<std::vector<std::uint8_t>> value(Wanted wanted) override {
        if (wanted.usage_id != "known") throw Error(ErrorCode::no_secret, ErrorDomain::secret, "no such secret");
        co_return std::vector<std::uint8_t>(text.begin(), text.end());
    }
};

/// A driver with files of its own, gone at the end; guests are real, and have next to nothing in them.
class DriverTest : public testing::Test {
  protected:
    void SetUp() override {
        if (Abilities::binary_for("x86_64").empty()) GTEST_SKIP() << "no emulator here";
        std::string pattern = testing::TempDir() + "driver-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        paths_ = Paths::standard(Paths::Privilege::user, root_);
        open();
    }
    void TearDown() override {
        if (root_.empty()) return;
        // A guest that was never stored leaves the registry when it ends, so what is iterated is a copy.
        if (guests_) {
            const auto all = guests_->registry().all();
            for (const auto& [name, guest] : all)
                if (guest->is_active()) destroy(guest);
        }
        close();
        EXPECT_THAT(list_directory(paths_->state_of("qemu")), testing::Each(testing::Not(testing::EndsWith(".pid"))));
        std::filesystem::remove_all(root_);
    }

    static config::QemuSettings settings() {
        config::QemuSettings settings;
        settings.stdio_handler = "file";
        return settings;
    }
    void open() {
        auto driver = std::make_unique<Driver>(*paths_, settings(), Neighbours{.secrets = &secrets_});
        driver_ = driver.get();
        guests_ = std::make_unique<guests::Guests>(*paths_, std::move(driver));
        loop_.run(guests_->load());
    }
    /// As when the daemon ends: guests run on.
    void close() {
        loop_.run(guests_->close());
        guests_.reset();
    }

    guests::DefPtr define(const std::string& devices = "", const std::string& more = "") {
        const std::string text =
            "<domain type='qemu'><name>tiny</name>"
            "<uuid>5ce00000-0000-4000-8000-000000000001</uuid><memory unit='MiB'>32</memory>"
            "<os><type arch='x86_64' machine='pc'>hvm</type></os>" +
            more + "<devices>" + devices + "</devices></domain>";
        return loop_.run(driver_->complete(model::parse_domain(text), guests::Purpose::start));
    }
    GuestPtr start(const guests::DefPtr& def, guests::StartOptions options = {}) {
        auto guest = guests_->find_or_make(def->name, def->uuid);
        guests_->activate(guest, def, guests::Paused::starting_up);
        try {
            loop_.run(driver_->start(guest, options));
        } catch (...) {
            guest->abandon(guests::Shutoff::failed);
            throw;
        }
        return guest;
    }
    std::string failure(const guests::DefPtr& def) {
        try {
            start(def);
        } catch (const Error& error) {
            return error.message();
        }
        return "";
    }
    void destroy(const GuestPtr& guest) { loop_.run(driver_->destroy(guest, guests::Hypervisor::Destroy::now)); }
    std::string status_of(const GuestPtr& guest) {
        return loop_.run(driver_->monitor_command(guest, "info status", true));
    }
    std::vector<std::string> run_folders() {
        std::vector<std::string> folders;
        for (const auto& name : list_directory(paths_->run_files_of("qemu")))
            if (name.starts_with("domain-")) folders.push_back(name);
        return folders;
    }

    Loop loop_;
    std::string root_;
    std::optional<Paths> paths_;
    OneSecret secrets_;
    Driver* driver_ = nullptr;
    std::unique_ptr<guests::Guests> guests_;
};

TEST_F(DriverTest, StartsAGuestAndEndsItWithoutATrace) {
    const auto guest = start(define());
    EXPECT_EQ(guest->condition(), guests::Condition(guests::Running::booted));
    EXPECT_THAT(status_of(guest), HasSubstr("running"));
    EXPECT_THAT(command_line_of(guest->pid()), HasSubstr("guest=tiny"));
    EXPECT_EQ(driver_->vcpus(*guest).size(), 1U);
    const pid_t pid = guest->pid();
    destroy(guest);
    EXPECT_FALSE(guest->is_active());
    EXPECT_EQ(command_line_of(pid), "");
    EXPECT_THAT(run_folders(), testing::IsEmpty());
    const auto log = read_file(paths_->log_of("qemu") + "/tiny.log").value_or("");
    EXPECT_THAT(log, HasSubstr("starting up libvirt version: 9.0.0"));
    EXPECT_THAT(log, HasSubstr("shutting down, reason="));
}

TEST_F(DriverTest, SuspendsAndResumes) {
    const auto guest = start(define(), {.paused = true});
    EXPECT_EQ(guest->condition(), guests::Condition(guests::Paused::user));
    EXPECT_THAT(status_of(guest), HasSubstr("paused"));
    loop_.run(driver_->resume(guest, guests::Running::unpaused));
    EXPECT_EQ(guest->condition(), guests::Condition(guests::Running::unpaused));
    loop_.run(driver_->suspend(guest, guests::Paused::user));
    EXPECT_EQ(guest->condition(), guests::Condition(guests::Paused::user));
}

TEST_F(DriverTest, AGuestThatDiesIsNoticedAtOnce) {
    const auto guest = start(define());
    ::kill(guest->pid(), SIGKILL);
    loop_.run(driver_->destroy(guest, guests::Hypervisor::Destroy::now));
    EXPECT_EQ(guest->condition(), guests::Condition(guests::Shutoff::crashed));
    EXPECT_THAT(run_folders(), testing::IsEmpty());
}

TEST_F(DriverTest, AStoppedQemuCanBeDestroyed) {
    const auto guest = start(define());
    ::kill(guest->pid(), SIGSTOP);
    while (process_facts(guest->pid())->state != 'T') loop_.run_ready();
    const auto before = Clock::now();
    destroy(guest);
    EXPECT_LT(Clock::now() - before, 2s);
}

TEST_F(DriverTest, TheReasonOfAFailedStartIsQemusOwn) {
    const auto def = define("",
                            "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                            "<qemu:arg value='-nonsense'/></qemu:commandline>");
    const auto text = failure(def);
    EXPECT_THAT(text, testing::StartsWith("internal error: process exited while connecting to monitor: "));
    EXPECT_THAT(text, HasSubstr("-nonsense: invalid option"));
    EXPECT_THAT(run_folders(), testing::IsEmpty());
}

TEST_F(DriverTest, DoesNotRunWhatTheNextDaemonCouldNotFind) {
    // As on a full disk: the status file cannot be written.
    std::filesystem::create_directories(paths_->state_of("qemu") + "/tiny.xml.new");
    EXPECT_THAT(failure(define()), HasSubstr("tiny.xml"));
    EXPECT_EQ(guests_->registry().active().size(), 0U);
    EXPECT_THAT(run_folders(), testing::IsEmpty());
    std::filesystem::remove(paths_->state_of("qemu") + "/tiny.xml.new");
}

TEST_F(DriverTest, WhatIsMissingIsNamedBeforeAnythingStarts) {
    EXPECT_EQ(
        failure(define("<disk type='file' device='disk'><source file='/nowhere/a.img'/><target dev='vda'/></disk>")),
        "Cannot access storage file '/nowhere/a.img': No such file or directory");
    EXPECT_EQ(failure(define("<interface type='network'><source network='absent'/></interface>")),
              "Network not found: no network with matching name 'absent'");
    EXPECT_EQ(failure(define("<interface type='bridge'><source bridge='absentbr'/></interface>")),
              "Cannot get interface MTU on 'absentbr': No such device");
    EXPECT_THAT(run_folders(), testing::IsEmpty());
}

TEST_F(DriverTest, ASerialPortGetsItsTerminalAndItsStream) {
    const auto guest = start(define("<serial type='pty'/><console type='pty'/>"));
    const auto path = guest->live()->devices.serials.at(0).source.path;
    EXPECT_THAT(path, testing::StartsWith("/dev/pts/"));
    EXPECT_EQ(guest->live()->devices.consoles.at(0).source.path, path);
    const Fd first = loop_.run(driver_->open_console(guest, "", false));
    EXPECT_THROW(loop_.run(driver_->open_console(guest, "serial0", false)), Error);
    const Fd second = loop_.run(driver_->open_console(guest, "", true));
    loop_.run_ready();
    char byte = 0;
    EXPECT_EQ(::read(first.get(), &byte, 1), 0);
}

TEST_F(DriverTest, IsFoundAgainByTheNextDaemon) {
    const auto before = start(define());
    const pid_t pid = before->pid();
    loop_.run(driver_->suspend(before, guests::Paused::user));
    close();
    EXPECT_THAT(command_line_of(pid), HasSubstr("guest=tiny"));
    open();
    const auto guest = guests_->find("tiny");
    EXPECT_EQ(guest->pid(), pid);
    EXPECT_EQ(guest->condition(), guests::Condition(guests::Paused::user));
    loop_.run(driver_->resume(guest, guests::Running::unpaused));
    EXPECT_THAT(status_of(guest), HasSubstr("running"));
}

TEST_F(DriverTest, ThePeerFindsWhatItNeedsToTakeAGuestOver) {
    start(define("<disk type='file' device='cdrom'><target dev='sda' bus='scsi'/></disk>"));
    const auto status = read_file(paths_->state_of("qemu") + "/tiny.xml").value_or("");
    for (const auto* part :
         {"<domstatus state='running' reason='booted' pid='", "  <monitor path='", "    <vcpu id='0' pid='",
          "  <qemuCaps>\n    <flag name='", "    <device alias='scsi0-0-0'/>\n", "  <libDir path='",
          "  <nodename index='1'/>\n", "  <blockjobs active='no'/>\n", "  <agentTimeout>-2</agentTimeout>\n"})
        EXPECT_THAT(status, HasSubstr(part));
}

TEST_F(DriverTest, WhatThePeerNotedOfAGuestIsKept) {
    start(define());
    close();
    const auto path = paths_->state_of("qemu") + "/tiny.xml";
    auto status = read_file(path).value();
    status.insert(status.find("  <libDir"), "  <rememberOwner/>\n  <namespaces>\n    <mount/>\n  </namespaces>\n");
    write_file(path, status);
    open();
    loop_.run(driver_->suspend(guests_->find("tiny"), guests::Paused::user));
    const auto now = read_file(path).value();
    EXPECT_THAT(now, HasSubstr("  <rememberOwner/>\n  <namespaces>\n    <mount/>\n  </namespaces>\n"));
    EXPECT_THAT(now, HasSubstr("  <qemuCaps>\n    <flag name='"));
    EXPECT_EQ(now.find("<libDir"), now.rfind("<libDir"));
}

TEST_F(DriverTest, WhatEndedWhileNobodyLookedIsNotThereAnyMore) {
    const auto before = start(define());
    const pid_t pid = before->pid();
    close();
    ::kill(pid, SIGKILL);
    auto process = Process::adopt(pid);
    if (process) loop_.run(process->exited());
    open();
    EXPECT_THROW(guests_->find("tiny"), Error);
    EXPECT_THAT(run_folders(), testing::IsEmpty());
}

TEST_F(DriverTest, SleepsInAFileAndWakesUp) {
    const auto def = define();
    auto guest = start(def);
    const std::string path = root_ + "/saved";
    loop_.run(driver_->save(guest, {.path = path}));
    EXPECT_FALSE(guest->is_active());
    const auto image = loop_.run(driver_->read_saved(path));
    EXPECT_TRUE(image.running);
    EXPECT_EQ(image.definition->uuid, def->uuid);
    guest = start(image.definition, {.paused = true, .restore_from = path, .reason = guests::Running::restored});
    loop_.run(driver_->resume(guest, guests::Running::restored));
    EXPECT_THAT(status_of(guest), HasSubstr("running"));
}

TEST_F(DriverTest, FilesBehindMemoryLieInAFolderOfTheirOwn) {
    const auto guest = start(define("", "<memoryBacking><source type='file'/></memoryBacking>"));
    const auto folder = paths_->files_of("qemu") + "/ram";
    EXPECT_THAT(list_directory(folder), testing::ElementsAre("1-tiny"));
    destroy(guest);
    EXPECT_THAT(list_directory(folder), testing::IsEmpty());
}

TEST_F(DriverTest, ChannelsGetTheirSocketsAtEachStart) {
    const auto guest = start(define("<channel type='unix'><target type='virtio' name='org.some.0'/></channel>"));
    const auto path = paths_->files_of("qemu") + "/channel/target/domain-1-tiny/org.some.0";
    EXPECT_EQ(guest->live()->devices.channels.at(0).source.path, path);
    EXPECT_TRUE(path_exists(path));
}

std::string encrypted_disk(const std::string& usage) {
    return "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/dev/null'>"
           "<encryption format='luks'><secret type='passphrase' usage='" +
           usage + "'/></encryption></source><target dev='vda'/></disk>";
}

TEST_F(DriverTest, SecretsAreAskedForAndSealed) {
    const auto text = loop_.run(driver_->to_native(define(encrypted_disk("known"))));
    EXPECT_THAT(text, HasSubstr("libvirt-1-format-encryption-secret0"));
    EXPECT_THAT(text, testing::Not(HasSubstr(std::string(OneSecret::text))));
    failure(define(encrypted_disk("known")));
    const auto log = read_file(paths_->log_of("qemu") + "/tiny.log").value_or("");
    EXPECT_THAT(log, HasSubstr("libvirt-1-format-encryption-secret0"));
    EXPECT_THAT(log, testing::Not(HasSubstr(std::string(OneSecret::text))));
}

TEST_F(DriverTest, AGuestWhoseSecretIsNotThereDoesNotStart) {
    EXPECT_EQ(failure(define(encrypted_disk("lost"))), "Secret not found: no such secret");
    EXPECT_THAT(run_folders(), testing::IsEmpty());
}

TEST_F(DriverTest, TheWordsOfANativeCommandLineAreThoseOfAStart) {
    const auto def = define("<interface type='network'><source network='absent'/><model type='virtio'/></interface>");
    const auto text = loop_.run(driver_->to_native(def));
    EXPECT_THAT(text, HasSubstr("\"driver\":\"virtio-net-pci\""));
    EXPECT_THAT(text, HasSubstr(paths_->run_files_of("qemu") + "/domain--1-tiny/monitor.sock"));
}

TEST_F(DriverTest, WhatWasStoredIsKeptEvenIfItCouldNotRun) {
    const auto def = model::parse_domain(
        "<domain type='qemu'><name>wide</name><memory unit='MiB'>32</memory><vcpu>300</vcpu>"
        "<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>");
    EXPECT_THROW(loop_.run(driver_->complete(def, guests::Purpose::define)), Error);
    EXPECT_EQ(loop_.run(driver_->complete(def, guests::Purpose::stored))->vcpus.maximum, 300U);
}

TEST_F(DriverTest, ThreadsRunWhereTheDefinitionWantsThem) {
    const auto guest = start(define("",
                                    "<iothreads>1</iothreads><cputune><vcpupin vcpu='0' cpuset='0'/>"
                                    "<emulatorpin cpuset='0'/><iothreadpin iothread='1' cpuset='0'/></cputune>"));
    const auto cpus_of = [](pid_t thread) {
        cpu_set_t set;
        CPU_ZERO(&set);
        EXPECT_EQ(::sched_getaffinity(thread, sizeof set, &set), 0);
        return CPU_COUNT(&set);
    };
    EXPECT_EQ(cpus_of(guest->pid()), 1);
    EXPECT_EQ(cpus_of(loop_.run(driver_->iothreads(guest)).at(0).thread), 1);
}

TEST_F(DriverTest, ProcessorsArePluggedIn) {
    const auto guest = start(define("", "<vcpu current='1'>2</vcpu>"));
    loop_.run(driver_->plug_vcpu(guest, 1));
    EXPECT_EQ(driver_->vcpus(*guest).size(), 2U);
    EXPECT_THROW(loop_.run(driver_->plug_vcpu(guest, 2)), Error);
}

TEST_F(DriverTest, ThreadsForDisksComeAndGo) {
    const auto guest = start(define());
    loop_.run(driver_->add_iothread(guest, 3));
    guests::IothreadTuning tuning;
    tuning.poll_grow = 7;
    loop_.run(driver_->tune_iothread(guest, 3, tuning));
    const auto threads = loop_.run(driver_->iothreads(guest));
    ASSERT_EQ(threads.size(), 1U);
    EXPECT_EQ(threads[0].id, 3U);
    EXPECT_EQ(threads[0].poll_grow, 7U);
    loop_.run(driver_->remove_iothread(guest, 3));
    EXPECT_TRUE(loop_.run(driver_->iothreads(guest)).empty());
}

TEST_F(DriverTest, DisksHaveTheirLimitsFromTheStart) {
    const std::string image = root_ + "/d.img";
    write_file(image, std::string(65536, '\0'));
    const auto guest =
        start(define("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='" + image +
                     "'/><target dev='vda'/><iotune><total_iops_sec>77</total_iops_sec></iotune>"
                     "</disk>"));
    const auto throttling = [&] { return loop_.run(driver_->monitor_command(guest, "info block", true)); };
    EXPECT_THAT(throttling(), HasSubstr("iops=77"));
    auto disk = guest->live()->devices.disks.at(0);
    disk.iotune.total_iops_sec = 88;
    loop_.run(driver_->limit_disk(guest, disk));
    EXPECT_THAT(throttling(), HasSubstr("iops=88"));
    loop_.run(driver_->set_write_threshold(guest, disk.source.index.value_or(0), 4096));
}

TEST_F(DriverTest, TheBalloonReports) {
    const auto guest = start(define("<memballoon model='virtio'/>"));
    loop_.run(driver_->set_stats_period(guest, 2s));
    const auto figures = loop_.run(driver_->memory_figures(guest));
    ASSERT_FALSE(figures.empty());
    EXPECT_EQ(figures.back().tag, 9);
}

TEST_F(DriverTest, ASleepersDefinitionIsReplaced) {
    const std::string path = root_ + "/saved";
    loop_.run(driver_->save(start(define()), {.path = path}));
    auto image = loop_.run(driver_->read_saved(path));
    auto changed = std::make_shared<model::DomainDef>(*image.definition);
    changed->title = "asleep";
    image.definition = changed;
    image.running = false;
    loop_.run(driver_->rewrite_saved(path, image));
    const auto again = loop_.run(driver_->read_saved(path));
    EXPECT_EQ(again.definition->title, "asleep");
    EXPECT_FALSE(again.running);
    changed->description = std::string(5000, 'x');
    EXPECT_THROW(loop_.run(driver_->rewrite_saved(path, image)), Error);
    const auto guest = start(again.definition, {.paused = true, .restore_from = path});
    EXPECT_THAT(status_of(guest), HasSubstr("paused"));
}

TEST_F(DriverTest, PathsLongerThanASocketsNameAreReached) {
    close();
    const std::string folder = root_ + "/" + std::string(120, 'x');
    paths_ = Paths::standard(Paths::Privilege::user, folder);
    open();
    const auto guest = start(define());
    EXPECT_THAT(status_of(guest), HasSubstr("running"));
}

}  // namespace
}  // namespace innkeeper::qemu
