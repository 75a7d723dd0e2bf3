#include <gmock/gmock.h>

#include "guests/fake_for_tests.h"
#include "protocol/constants.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

namespace innkeeper::guests {
namespace {

namespace wire = protocol::remote;
using namespace protocol;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t config = VIR_DOMAIN_AFFECT_CONFIG, live = VIR_DOMAIN_AFFECT_LIVE;

/// Processors, threads and memory of a guest with four processors, two of them plugged in, and 48 MiB.
class Resources : public GuestsTest {
  protected:
    void SetUp() override {
        GuestsTest::SetUp();
        dom = call<wire::DomainDefineXml>(
                  {"<domain type='qemu'><name>a</name><uuid>5ce00000-0000-4000-8000-000000000001</uuid>"
                   "<memory unit='MiB'>48</memory><vcpu current='2'>4</vcpu>"
                   "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
                   "<devices><disk type='file' device='disk'><source file='/d.img'/><target dev='vda'/></disk>"
                   "<memballoon model='virtio'/></devices></domain>"})
                  .dom;
    }
    std::string document(std::uint32_t flags = VIR_DOMAIN_XML_INACTIVE) {
        return call<wire::DomainGetXmlDesc>({dom, flags}).xml;
    }
    void start() { call<wire::DomainCreate>({dom}); }
    wire::Domain dom;
};

TEST_F(Resources, ProcessorsOfTheNextStart) {
    call<wire::DomainSetVcpusFlags>({dom, 3, config});
    EXPECT_THAT(document(), HasSubstr("<vcpu placement='static' current='3'>4</vcpu>"));
    EXPECT_EQ(refusal<wire::DomainSetVcpusFlags>({dom, 5, config}),
              "invalid argument: requested vcpus is greater than max allowable vcpus for the persistent domain: 5 > 4");
    call<wire::DomainSetVcpusFlags>({dom, 2, config | VIR_DOMAIN_VCPU_MAXIMUM});
    EXPECT_THAT(document(), HasSubstr("<vcpu placement='static'>2</vcpu>"));
    EXPECT_EQ(refusal<wire::DomainSetVcpusFlags>({dom, 1, live}),
              "Requested operation is not valid: domain is not running");
}

TEST_F(Resources, ProcessorsComeAndGoWhileItRuns) {
    start();
    call<wire::DomainSetVcpusFlags>({dom, 4, live});
    EXPECT_THAT(hypervisor->did, ElementsAre("plug 2", "plug 3"));
    EXPECT_THAT(document(0), HasSubstr("<vcpu id='1' enabled='yes' hotpluggable='no' order='2'/>\n"
                                       "    <vcpu id='2' enabled='yes' order='3'/>"));
    EXPECT_EQ(refusal<wire::DomainSetVcpu>({dom, "2", 0, live}), "invalid argument: vcpu '2' can't be hotunplugged");
    EXPECT_EQ(refusal<wire::DomainSetVcpu>({dom, "3", 1, live}),
              "invalid argument: vcpu '3' is already in requested state");
    EXPECT_EQ(refusal<wire::DomainSetVcpu>({dom, "0", 0, live}),
              "Operation not supported: vcpu '0' can't be unplugged");
    EXPECT_EQ(refusal<wire::DomainSetVcpu>({dom, "9", 1, live}),
              "invalid argument: vcpu 9 is not present in live config");
    call<wire::DomainSetVcpusFlags>({dom, 3, live});
    EXPECT_THAT(hypervisor->did, ElementsAre("plug 2", "plug 3", "unplug 3"));
    EXPECT_EQ(call<wire::DomainGetVcpusFlags>({dom, live}).num, 3);
    EXPECT_EQ(call<wire::DomainGetVcpusFlags>({dom, config}).num, 2);
}

TEST_F(Resources, PinsAreKept) {
    call<wire::DomainPinVcpuFlags>({dom, 1, {1}, config});
    call<wire::DomainPinVcpuFlags>({dom, 0, {1}, config});
    call<wire::DomainPinEmulator>({dom, {1}, config});
    EXPECT_THAT(document(), HasSubstr("  <cputune>\n    <vcpupin vcpu='0' cpuset='0'/>\n"
                                      "    <vcpupin vcpu='1' cpuset='0'/>\n    <emulatorpin cpuset='0'/>\n"));
    EXPECT_EQ(refusal<wire::DomainPinVcpuFlags>({dom, 5, {1}, config}),
              "invalid argument: vcpu 5 is out of range of persistent cpu count 4");
    EXPECT_EQ(refusal<wire::DomainPinVcpuFlags>({dom, 0, {0}, config}), "invalid argument: Empty cpu list for pinning");
    start();
    call<wire::DomainPinVcpu>({dom, 1, {1}});
    EXPECT_THAT(hypervisor->did, ElementsAre("pin vcpu 1"));
}

TEST_F(Resources, ThreadsForDisks) {
    call<wire::DomainAddIothread>({dom, 1, config});
    call<wire::DomainAddIothread>({dom, 4, config});
    EXPECT_EQ(refusal<wire::DomainAddIothread>({dom, 1, config}),
              "invalid argument: an IOThread is already using iothread_id '1'");
    EXPECT_THAT(document(), HasSubstr("  <iothreads>2</iothreads>\n  <iothreadids>\n    <iothread id='1'/>\n"
                                      "    <iothread id='4'/>\n  </iothreadids>\n"));
    call<wire::DomainDelIothread>({dom, 4, config});
    EXPECT_EQ(refusal<wire::DomainDelIothread>({dom, 9, config}),
              "invalid argument: cannot find IOThread '9' in iothreadids list");
    rpc::TypedParams polling;
    rpc::add_ullong(polling, "poll_max_ns", 100);
    EXPECT_EQ(refusal<wire::DomainSetIothreadParams>({dom, 1, polling, config}),
              "Operation not supported: configuring persistent polling values is not supported");
    start();
    call<wire::DomainAddIothread>({dom, 2, live});
    call<wire::DomainSetIothreadParams>({dom, 1, polling, live});
    EXPECT_THAT(hypervisor->did, ElementsAre("add iothread 2", "tune iothread 1"));
    EXPECT_THAT(document(), Not(HasSubstr("<iothread id='2'/>")));
}

TEST_F(Resources, MemoryOfTheNextStart) {
    call<wire::DomainSetMemoryFlags>({dom, 32768, config});
    EXPECT_THAT(document(), HasSubstr("<currentMemory unit='KiB'>32768</currentMemory>"));
    EXPECT_EQ(refusal<wire::DomainSetMemoryFlags>({dom, 65536, config}),
              "invalid argument: cannot set memory higher than max memory");
    call<wire::DomainSetMaxMemory>({dom, 16384});
    EXPECT_THAT(document(), HasSubstr("<memory unit='KiB'>16384</memory>\n"
                                      "  <currentMemory unit='KiB'>16384</currentMemory>"));
    start();
    EXPECT_EQ(refusal<wire::DomainSetMaxMemory>({dom, 65536}),
              "Requested operation is not valid: cannot resize the maximum memory on an active domain");
}

TEST_F(Resources, LimitsOfMemoryFitTogether) {
    const auto set = [&](std::string_view name, std::uint64_t value) {
        rpc::TypedParams params;
        rpc::add_ullong(params, name, value);
        return refusal<wire::DomainSetMemoryParameters>({dom, params, config});
    };
    EXPECT_EQ(set("hard_limit", 1048576), "");
    EXPECT_EQ(set("swap_hard_limit", 524288),
              "invalid argument: memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
    EXPECT_EQ(set("min_guarantee", 1), "argument unsupported: parameter 'min_guarantee' not supported");
    EXPECT_THAT(document(), HasSubstr("<hard_limit unit='KiB'>1048576</hard_limit>"));
    EXPECT_EQ(set("hard_limit", VIR_DOMAIN_MEMORY_PARAM_UNLIMITED), "");
    EXPECT_THAT(document(), Not(HasSubstr("memtune")));
    EXPECT_EQ(call<wire::DomainGetMemoryParameters>({dom, 0, config}).nparams, 3);
}

TEST_F(Resources, SharesOfProcessors) {
    const auto set = [&](auto add, std::string_view name, auto value) {
        rpc::TypedParams params;
        add(params, name, value);
        return refusal<wire::DomainSetSchedulerParametersFlags>({dom, params, config});
    };
    EXPECT_EQ(set(rpc::add_ullong, "cpu_shares", 512U), "");
    EXPECT_EQ(set(rpc::add_llong, "global_quota", -1), "");
    EXPECT_EQ(set(rpc::add_ullong, "vcpu_period", 2U),
              "invalid argument: value of 'vcpu_period' is out of range [1000, 1000000]");
    EXPECT_EQ(set(rpc::add_llong, "vcpu_quota", 500),
              "invalid argument: value of 'vcpu_quota' is out of range [1000, 17592186044415]");
    EXPECT_EQ(set(rpc::add_ullong, "bogus", 1U), "argument unsupported: parameter 'bogus' not supported");
    EXPECT_THAT(document(), HasSubstr("<shares>512</shares>\n    <global_quota>-1</global_quota>"));
    const auto all = call<wire::DomainGetSchedulerParametersFlags>({dom, 9, config}).params;
    ASSERT_EQ(all.size(), 9U);
    EXPECT_EQ(all[0].field, "cpu_shares");
    EXPECT_EQ(all[2].field, "vcpu_quota");
    start();
    EXPECT_EQ(refusal<wire::DomainSetSchedulerParameters>({dom, {}}),
              "Requested operation is not valid: cgroup CPU controller is not mounted");
}

TEST_F(Resources, NodesOfMemory) {
    rpc::TypedParams params;
    rpc::add_int(params, "numa_mode", VIR_DOMAIN_NUMATUNE_MEM_PREFERRED);
    rpc::add_string(params, "numa_nodeset", "0");
    call<wire::DomainSetNumaParameters>({dom, params, config});
    EXPECT_THAT(document(), HasSubstr("<memory mode='preferred' nodeset='0'/>"));
    params.clear();
    rpc::add_string(params, "numa_nodeset", "99x");
    EXPECT_EQ(refusal<wire::DomainSetNumaParameters>({dom, params, config}),
              "invalid argument: Failed to parse bitmap '99x'");
    EXPECT_EQ(call<wire::DomainGetNumaParameters>({dom, 0, config | VIR_TYPED_PARAM_STRING_OKAY}).nparams, 2);
}

TEST_F(Resources, LimitsOfDisks) {
    const auto set = [&](std::uint32_t flags, std::vector<std::pair<std::string_view, std::uint64_t>> values) {
        rpc::TypedParams params;
        for (const auto& [name, value] : values) rpc::add_ullong(params, name, value);
        return refusal<wire::DomainSetBlockIoTune>({dom, "vda", params, flags});
    };
    EXPECT_EQ(set(config, {{"total_bytes_sec", 10}, {"read_bytes_sec", 10}}),
              "invalid argument: total and read/write of bytes_sec cannot be set at the same time");
    EXPECT_EQ(set(config, {{"read_iops_sec", 100}}), "");
    EXPECT_EQ(set(config, {{"total_iops_sec", 10}}), "");
    EXPECT_THAT(document(), HasSubstr("<iotune>\n        <total_iops_sec>10</total_iops_sec>\n      </iotune>"));
    EXPECT_EQ(refusal<wire::DomainGetBlockIoTune>({dom, "vdx", 0, config}),
              "invalid argument: disk 'vdx' was not found in the domain config");
    start();
    EXPECT_EQ(set(live, {{"write_bytes_sec", 2000}, {"write_bytes_sec_max", 3000}}), "");
    EXPECT_EQ(set(live, {{"total_bytes_sec", 0}}),
              "unsupported configuration: cannot reset 'write_bytes_sec' when 'write_bytes_sec_max' is set");
    EXPECT_THAT(hypervisor->did, ElementsAre("limit vda to 2000"));
}

TEST_F(Resources, WhatIsCounted) {
    rpc::TypedParams params;
    rpc::add_boolean(params, "cmt", true);
    call<wire::DomainSetPerfEvents>({dom, params, config});
    EXPECT_THAT(document(), HasSubstr("<event name='cmt' enabled='yes'/>"));
    EXPECT_EQ(call<wire::DomainGetPerfEvents>({dom, config}).params.size(), 22U);
    params.clear();
    rpc::add_boolean(params, "nope", true);
    EXPECT_EQ(refusal<wire::DomainSetPerfEvents>({dom, params, config}),
              "argument unsupported: parameter 'nope' not supported");
}

TEST_F(Resources, ABrokenFileLeavesWhatWasKnown) {
    const auto before = document();
    write_file(etc("a.xml"), "<domain type='qemu'><name>a</name");
    write_file(etc("b.xml"),
               "<domain type='qemu'><name>b</name><uuid>5ce00000-0000-4000-8000-000000000002</uuid>"
               "<memory unit='MiB'>48</memory><os><type arch='x86_64' machine='pc'>hvm</type></os></domain>");
    write_file(etc("b.xml.new"), "somebody is writing");
    call<wire::ConnectDomainEventCallbackRegisterAny>({0, std::nullopt});
    loop.run(guests->reload());
    EXPECT_EQ(document(), before);
    EXPECT_TRUE(guests->find("b")->is_persistent());
    EXPECT_TRUE(path_exists(etc("b.xml.new")));
    EXPECT_EQ(session->sent.size(), 1U);
    write_file(etc("b.xml"),
               "<domain type='qemu'><name>b</name><uuid>5ce00000-0000-4000-8000-000000000002</uuid>"
               "<memory unit='MiB'>64</memory><os><type arch='x86_64' machine='pc'>hvm</type></os></domain>");
    loop.run(guests->reload());
    EXPECT_EQ(loop.run(guests->find("b")->persistent())->memory_kib, 65536U);
}

}  // namespace
}  // namespace innkeeper::guests
