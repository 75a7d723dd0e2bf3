#include "rpc/codec/procedure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "protocol/admin.h"
#include "protocol/constants.h"
#include "protocol/qemu.h"
#include "protocol/remote.h"
#include "protocol/remote/event_ids.h"

namespace innkeeper::protocol {
namespace {

const Program& remote_program() { return *find_program(remote::program_number); }

TEST(Procedures, AreFoundByNumber) {
    EXPECT_EQ(remote_program().find(remote::DomainGetInfo::number), &remote::DomainGetInfo::row);
    EXPECT_EQ(find_program(qemu::program_number)->find(1)->name, "domain_monitor_command");
    EXPECT_EQ(find_program(1), nullptr);
}

TEST(Procedures, AreNotEventsNorAnythingElse) {
    EXPECT_EQ(remote_program().find(remote::DomainEventLifecycle::number), nullptr);
    for (const int number : {0, -1, 457, 1 << 30}) EXPECT_EQ(remote_program().find(number), nullptr);
}

TEST(Procedures, HaveTheNamesOfTheirFunctions) {
    EXPECT_EQ(remote::DomainGetXmlDesc::row.api, "virDomainGetXMLDesc");
    EXPECT_EQ(remote::NwfilterLookupByUuid::row.api, "virNWFilterLookupByUUID");
    EXPECT_EQ(remote::StorageVolGetPath::row.api, "virStorageVolGetPath");
    EXPECT_EQ(remote::NodeGetCpuStats::row.api, "virNodeGetCPUStats");
    EXPECT_EQ(remote::DomainPinIothread::row.api, "virDomainPinIOThread");
    EXPECT_EQ(qemu::DomainAgentCommand::row.api, "virDomainQemuAgentCommand");
}

TEST(Procedures, SayWhatAReadOnlyConnectionMayCall) {
    EXPECT_TRUE(remote::DomainCreate::row.needs_write.holds({}));
    EXPECT_FALSE(remote::DomainGetInfo::row.needs_write.holds({}));
    const auto& xml = remote::DomainGetXmlDesc::row.needs_write;
    EXPECT_FALSE(xml.holds({.flags = VIR_DOMAIN_XML_INACTIVE}));
    EXPECT_TRUE(xml.holds({.flags = VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE}));
    EXPECT_TRUE(xml.holds({.flags = VIR_DOMAIN_XML_MIGRATABLE}));
    const auto agent = remote::DomainInterfaceAddresses::access_values(
        {.source = static_cast<std::uint32_t>(VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)});
    EXPECT_TRUE(remote::DomainInterfaceAddresses::row.needs_write.holds(agent));
    EXPECT_FALSE(remote::DomainInterfaceAddresses::row.needs_write.holds({}));
}

// What runs something, takes a path or gives a secret away must never be open to readers.
TEST(Procedures, AreNotOpenToReadersWhenTheirPermissionsSayWrite) {
    const std::set<std::string_view> writing = {
        "write",    "start",       "stop",       "delete",      "save",         "migrate",    "create",     "core_dump",
        "mem_read", "block_write", "data_write", "read_secure", "set_password", "send_input", "open_device"};
    // They tell, or change nothing but the connection's own state.
    const std::set<std::string_view> readers_too = {"domain_migrate_get_compression_cache",
                                                    "domain_migrate_get_max_downtime", "connect_set_identity"};
    for (const auto& program : {remote_program(), *find_program(qemu::program_number)}) {
        for (const auto& row : program.procedures) {
            if (row.event || readers_too.contains(row.name)) continue;
            for (const auto& rule : row.acl) {
                if (!writing.contains(rule.permission)) continue;
                const AccessValues values{.flags = rule.when.kind == Condition::Kind::any_flag ? rule.when.value : 0,
                                          .selector = rule.when.value};
                EXPECT_TRUE(row.needs_write.holds(values)) << row.name << ' ' << rule.permission;
            }
        }
    }
}

TEST(Procedures, CarryTheirRules) {
    const auto& acl = remote::DomainUndefineFlags::row.acl;
    EXPECT_TRUE(std::ranges::any_of(acl, [](const AccessRule& rule) { return rule.permission == "delete"; }));
    EXPECT_EQ(remote::ConnectListAllDomains::row.acl_filter.front().permission, "getattr");
    EXPECT_TRUE(remote::AuthList::row.acl.empty());
}

TEST(Procedures, KnowTheirStreamsAndDescriptors) {
    EXPECT_EQ(remote::StorageVolUpload::row.stream, StreamDirection::write);
    EXPECT_EQ(remote::StorageVolUpload::row.sparse_flag, VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM);
    EXPECT_EQ(remote::DomainOpenGraphicsFd::row.fds, FdDirection::reply);
}

TEST(Events, AreMessagesOfTheTable) {
    for (const auto& event : remote::domain_events) {
        const auto is_event = [&](std::int32_t number) {
            return remote::procedures[number - 1].number == number && remote::procedures[number - 1].event;
        };
        EXPECT_TRUE(is_event(event.callback)) << event.event;
        if (event.legacy != 0) {
            EXPECT_TRUE(is_event(event.legacy)) << event.event;
        }
    }
}

}  // namespace
}  // namespace innkeeper::protocol
