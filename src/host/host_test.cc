#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "host/cpus.h"
#include "host/identity.h"
#include "host/memory.h"

namespace innkeeper::host {
namespace {

TEST(Identity, IsWhatTheAdministratorSays) {
    set_uuid("5ce00000-0000-4000-8000-000000000001", "smbios");
    EXPECT_EQ(uuid().text(), "5ce00000-0000-4000-8000-000000000001");
    EXPECT_THROW(set_uuid("11111111-1111-1111-1111-111111111111", "smbios"), Error);
    EXPECT_THROW(set_uuid("me", "smbios"), Error);
    EXPECT_THROW(set_uuid(std::nullopt, "dice"), Error);
    set_uuid(std::nullopt, "machine-id");
    EXPECT_EQ(uuid(), uuid());
    set_uuid(std::nullopt, "smbios");
    EXPECT_EQ(uuid(), uuid());
}

/// A machine of files: two nodes, each a socket of two cores with two threads.
class Machine : public testing::Test {
  protected:
    Machine() {
        std::string pattern = testing::TempDir() + "hostXXXXXX";
        files_.root = mkdtemp(pattern.data());
        put("/sys/devices/system/cpu/present", "0-7\n");
        put("/sys/devices/system/cpu/online", "0-6\n");
        for (int cpu = 0; cpu < 8; ++cpu) {
            const std::string place = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
            put(place + "physical_package_id", std::to_string(cpu / 4));
            put(place + "core_id", std::to_string(cpu / 2 % 2));
            put(place + "die_id", "-1");
            const int first = cpu / 2 * 2;
            put(place + "thread_siblings_list", std::to_string(first) + "-" + std::to_string(first + 1));
        }
        put("/sys/devices/system/node/online", "0-1");
        for (int node = 0; node < 2; ++node) {
            const std::string place = "/sys/devices/system/node/node" + std::to_string(node);
            const std::string prefix = "Node " + std::to_string(node);
            put(place + "/meminfo", prefix + " MemTotal: 1048576 kB\n" + prefix + " MemFree:  524288 kB\n");
            put(place + "/distance", node == 0 ? "10 21\n" : "21 10\n");
            put(place + "/cpulist", node == 0 ? "0-3" : "4-7");
            put(place + "/hugepages/hugepages-2048kB/nr_hugepages", node == 0 ? "4" : "0");
            put(place + "/hugepages/hugepages-2048kB/free_hugepages", node == 0 ? "3" : "0");
        }
        put("/proc/stat", "cpu  10 1 5 100 7 2 1 0 0 0\ncpu0 4 0 1 50 3 0 0 0 0 0\nintr 5\n");
    }
    ~Machine() override { std::filesystem::remove_all(files_.root); }

    void put(const std::string& path, const std::string& text) {
        const std::filesystem::path whole = files_.root + path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole) << text;
    }

    KernelFiles files_;
};

TEST_F(Machine, TopologyCountsWhatRuns) {
    const Topology found = topology(files_);
    EXPECT_EQ(found.nodes, 2);
    EXPECT_EQ(found.sockets, 1);
    EXPECT_EQ(found.dies, 1);
    EXPECT_EQ(found.cores, 2);
    EXPECT_EQ(found.threads, 2);
    EXPECT_EQ(online_cpus(files_).size(), 7U);
}

TEST_F(Machine, ListsThatAreNoneAreEmpty) {
    for (const char* text : {"", "a", "3-1", "1-", "1;2", "0-99999999", "-1"}) {
        put("/list", text);
        EXPECT_TRUE(files_.numbers("/list").empty()) << text;
    }
    put("/list", "0-2,5\n");
    EXPECT_EQ(files_.numbers("/list"), (std::vector<unsigned>{0, 1, 2, 5}));
}

TEST_F(Machine, CpuTimesAreOfOneProcessorOrOfAll) {
    const std::uint64_t tick = 1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    const auto all = cpu_times(files_, std::nullopt);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->kernel, 8 * tick);
    EXPECT_EQ(all->user, 11 * tick);
    EXPECT_EQ(all->idle, 100 * tick);
    EXPECT_EQ(all->iowait, 7 * tick);
    EXPECT_EQ(cpu_times(files_, 0)->user, 4 * tick);
    EXPECT_FALSE(cpu_times(files_, 9));
}

TEST_F(Machine, SystemPagesAreWhatHugePagesLeave) {
    const auto found = cells(files_);
    ASSERT_EQ(found.size(), 2U);
    const std::uint64_t page = system_page_kib();
    ASSERT_EQ(found[0].pools.size(), 2U);
    EXPECT_EQ(found[0].pools[0].total, (1048576 - 4 * 2048) / page);
    EXPECT_EQ(found[0].pools[0].free, 524288 / page);
    EXPECT_EQ(found[0].pools[1].total, 4U);
    EXPECT_EQ(found[0].pools[1].free, 3U);
    EXPECT_EQ(found[1].pools[0].total, 1048576 / page);
    EXPECT_EQ(found[1].distances, (std::vector<std::pair<unsigned, unsigned>>{{0, 21}, {1, 10}}));
}

TEST_F(Machine, AKernelWithoutNodesIsOneCell) {
    std::filesystem::remove_all(files_.root + "/sys/devices/system/node");
    put("/proc/meminfo", "MemTotal: 2048 kB\nMemFree: 1024 kB\nBuffers: 10 kB\nCached: 20 kB\nSwapCached: 5 kB\n");
    const auto found = cells(files_);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].total_kib, 2048U);
    EXPECT_EQ(found[0].cpus.size(), 7U);
    EXPECT_EQ(memory(files_).cached_kib, 20U);
}

TEST_F(Machine, HugePagesAreSetAndAdded) {
    allocate_pages(files_, 0, 2048, 6, Pages::set);
    EXPECT_EQ(cells(files_)[0].pools[1].total, 6U);
    allocate_pages(files_, 0, 2048, 3, Pages::add);
    EXPECT_EQ(cells(files_)[0].pools[1].total, 9U);
    EXPECT_THROW(allocate_pages(files_, 0, 3, 1, Pages::set), Error);
    EXPECT_THROW(allocate_pages(files_, 0, system_page_kib(), 1, Pages::set), Error);
}

TEST_F(Machine, PageMergingHasOnlyWhatTheKernelHas) {
    put("/sys/kernel/mm/ksm/pages_to_scan", "100");
    EXPECT_EQ(page_merging(files_, "pages_to_scan"), 100U);
    EXPECT_FALSE(page_merging(files_, "merge_across_nodes"));
    set_page_merging(files_, "pages_to_scan", 7);
    EXPECT_EQ(page_merging(files_, "pages_to_scan"), 7U);
}

}  // namespace
}  // namespace innkeeper::host
