#include "model/snapshot/snapshot.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "model/domain/domain.h"
#include "model/snapshot/backup.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {
namespace {

using Mode = Disk::Snapshot;

const std::filesystem::path goldens = std::filesystem::path(INNKEEPER_SOURCE_DIR) / "tests/golden/snapshot";

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Read and written again, by what the file's name says it is.
std::string written(const std::string& kind, const std::string& text) {
    if (kind == "snapshot") return format_snapshot(parse_snapshot(text, SnapshotPart::whole), Secrets::shown);
    if (kind == "checkpoint") return format_checkpoint(parse_checkpoint(text, CheckpointPart::whole), {.secure = true});
    return format_backup(parse_backup(text));
}

TEST(SnapshotDocuments, AreWrittenAsTheGoldensSay) {
    for (const auto& entry : std::filesystem::directory_iterator(goldens)) {
        const auto in = entry.path().string();
        if (!in.ends_with(".in.xml")) continue;
        const auto name = entry.path().filename().string();
        const auto kind = name.substr(0, name.find('_'));
        const auto text = written(kind, contents(in));
        const auto out = in.substr(0, in.size() - 7) + ".out.xml";
        if (std::getenv("INNKEEPER_ACCEPT")) std::ofstream(out, std::ios::binary) << text;
        EXPECT_EQ(text, contents(out)) << in;
        EXPECT_EQ(written(kind, text), text) << in;
        const xml::Schema built_in{"/nonexistent", kind == "snapshot"     ? snapshot_grammar
                                                   : kind == "checkpoint" ? checkpoint_grammar
                                                                          : backup_grammar};
        EXPECT_NO_THROW(xml::validate(text, "(document)", "domain" + kind, built_in)) << in;
    }
}

TEST(Snapshot, KeepsItsSecretsFromWhoMayNotSeeThem) {
    const auto snapshot = parse_snapshot(contents(goldens / "snapshot_external.in.xml"), SnapshotPart::whole);
    EXPECT_TRUE(format_snapshot(snapshot, Secrets::shown).contains("passwd='secret'"));
    EXPECT_FALSE(format_snapshot(snapshot, Secrets::hidden).contains("secret'"));
}

TEST(Snapshot, AskedForByAClientIsOnlyWhatAClientMaySay) {
    const auto asked = parse_snapshot(
        "<domainsnapshot><name>s</name><state>bogus</state><parent><name>p</name></parent><domain/></domainsnapshot>",
        SnapshotPart::request);
    EXPECT_EQ(asked.name, "s");
    EXPECT_EQ(asked.parent, "");
    EXPECT_FALSE(asked.state);
}

std::string complaint(const std::string& inside) {
    try {
        parse_snapshot("<domainsnapshot>" + inside + "</domainsnapshot>", SnapshotPart::whole);
        return "accepted";
    } catch (const Error& error) {
        EXPECT_NE(error.domain(), ErrorDomain::none);
        return error.message();
    }
}

TEST(Snapshot, DefinedAgainSaysAllOfItself) {
    const std::string name = "<name>s</name>", time = "<creationTime>1</creationTime>",
                      state = "<state>shutoff</state>";
    EXPECT_EQ(complaint(time + state), "XML error: a redefined snapshot must have a name");
    EXPECT_EQ(complaint(name + state), "internal error: missing creationTime from existing snapshot");
    EXPECT_EQ(complaint(name + state + "<creationTime>x</creationTime>"),
              "internal error: missing creationTime from existing snapshot");
    EXPECT_EQ(complaint(name + time), "XML error: missing state from existing snapshot");
    EXPECT_EQ(complaint(name + time + "<state>nostate</state>"),
              "unsupported configuration: Invalid state 'nostate' in domain snapshot XML");
    EXPECT_EQ(complaint(name + time + "<state/>"), "XML error: missing state from existing snapshot");
    // What it does not say of the guest may be known already.
    EXPECT_EQ(complaint(name + time + state + "<domain><uuid/></domain>"), "accepted");
}

std::string refusal(std::string_view inside) {
    try {
        parse_snapshot("<domainsnapshot>" + std::string(inside) + "</domainsnapshot>", SnapshotPart::request);
        return "accepted";
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(Snapshot, RefusesWhatNoSnapshotCanBe) {
    EXPECT_EQ(refusal("<memory snapshot='manual'/>"), "XML error: 'manual' memory snapshot mode not supported");
    EXPECT_EQ(refusal("<memory snapshot='no' file='/m'/>"),
              "XML error: memory filename '/m' requires external snapshot");
    EXPECT_EQ(refusal("<memory snapshot='external'/>"), "XML error: external memory snapshots require a filename");
    EXPECT_EQ(refusal("<disks><disk/></disks>"), "internal error: missing name from disk snapshot element");
    EXPECT_EQ(refusal("<disks><disk name='a' type='dir'/></disks>"), "XML error: unsupported disk snapshot type 'dir'");
    EXPECT_EQ(refusal("<disks><disk name='a'><driver type='x'/></disk></disks>"),
              "unsupported configuration: unknown disk snapshot driver 'x'");
    EXPECT_EQ(refusal("<disks><disk name='a'><source file='rel'/></disk></disks>"),
              "XML error: disk snapshot image path 'rel' must be absolute");
}

class SnapshotDisks : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "snapshot-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        std::ofstream(folder_ + "/a.qcow2") << "x";
        std::ofstream(folder_ + "/b") << "x";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// "vda internal, vdb external /file": what becomes of the guest's disks; or the complaint.
    std::string matched(const std::string& disks, SnapshotRule rule) {
        auto snapshot = parse_snapshot("<domainsnapshot><name>s</name><disks>" + disks + "</disks></domainsnapshot>",
                                       SnapshotPart::request);
        snapshot.domain = std::make_shared<const DomainDef>(
            parse_domain("<domain type='qemu'><name>g</name><memory>1</memory><os><type>hvm</type></os><devices>"
                         "<disk type='file'><source file='" +
                         folder_ +
                         "/a.qcow2'/><target dev='vda'/></disk>"
                         "<disk type='file'><source file='" +
                         folder_ +
                         "/b'/><target dev='vdb'/></disk>"
                         "<disk type='file' device='cdrom'><target dev='vdc'/></disk>"
                         "<disk type='file' snapshot='no'><source file='/missing'/><target dev='vdd'/></disk>"
                         "</devices></domain>"));
        try {
            match_disks(snapshot, rule);
        } catch (const Error& error) {
            return error.message();
        }
        std::string text;
        for (const auto& disk : snapshot.disks) {
            text += (text.empty() ? "" : ", ") + disk.name + " " + std::string(xml::name(*disk.mode));
            if (!disk.source.path.empty()) text += disk.source.path.substr(folder_.size());
        }
        return text;
    }

    std::string folder_;
    static constexpr SnapshotRule inside{}, uniform{Mode::internal, true}, files{Mode::external, false};
};

TEST_F(SnapshotDisks, AllGetAnEntryInTheGuestsOrder) {
    EXPECT_EQ(matched("<disk name='vdb'/>", inside), "vda internal, vdb internal, vdc no, vdd no");
    EXPECT_EQ(matched("", files), "vda external/a.s, vdb external/b.s, vdc no, vdd no");
    EXPECT_EQ(matched("<disk name='" + folder_ + "/b' snapshot='no'/>", files),
              "vda external/a.s, vdb no, vdc no, vdd no");
}

TEST_F(SnapshotDisks, ContradictionsAreNamed) {
    EXPECT_EQ(matched("<disk name='vdz'/>", inside), "unsupported configuration: no disk named 'vdz'");
    EXPECT_EQ(matched("<disk name='vda'/><disk name='vda'/>", inside),
              "unsupported configuration: disk 'vda' specified twice");
    EXPECT_EQ(matched("<disk name='vda' snapshot='no'/>", uniform),
              "unsupported configuration: disk 'vda' must use snapshot mode 'internal'");
    EXPECT_EQ(matched("<disk name='vda' snapshot='no'><source file='/q'/></disk>", files),
              "unsupported configuration: file '/q' for disk 'vda' requires use of external snapshot mode");
    EXPECT_EQ(matched("<disk name='vdd' snapshot='external'/>", files),
              "unsupported configuration: source for disk 'vdd' is not a regular file; refusing to generate external "
              "snapshot name");
    EXPECT_EQ(matched("<disk name='vda' snapshot='external' type='block'/>", files),
              "unsupported configuration: cannot generate external snapshot name for disk 'vda' on a 'block' device");
}

TEST(Checkpoint, MeansAllDisksUnlessItNamesSome) {
    const auto disks_of = [](const std::string& disks) {
        auto checkpoint = parse_checkpoint("<domaincheckpoint><name>c</name>" + disks + "</domaincheckpoint>",
                                           CheckpointPart::request);
        checkpoint.domain = std::make_shared<const DomainDef>(parse_domain(
            "<domain type='qemu'><name>g</name><memory>1</memory><os><type>hvm</type></os><devices>"
            "<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
            "<disk type='file'><source file='/b'/><target dev='vdb'/></disk>"
            "<disk type='file' device='cdrom'><source file='/c'/><target dev='vdc'/></disk></devices></domain>"));
        match_disks(checkpoint);
        std::string text;
        for (const auto& disk : checkpoint.disks) text += disk.name + "=" + disk.bitmap + " ";
        return text;
    };
    EXPECT_EQ(disks_of(""), "vda=c vdb=c vdc= ");
    EXPECT_EQ(disks_of("<disks><disk name='vdb' bitmap='x'/></disks>"), "vda= vdb=x vdc= ");
    EXPECT_THROW(disks_of("<disks><disk name='vdz'/></disks>"), Error);
    EXPECT_THROW(disks_of("<disks><disk name='vda'/><disk name='vda'/></disks>"), Error);
}

TEST(Backup, SaysWhatIsWrong) {
    EXPECT_THROW(parse_backup("<domainbackup mode='shove'/>"), Error);
    EXPECT_THROW(parse_backup("<domainbackup><server name='h'/></domainbackup>"), Error);
    EXPECT_THROW(parse_backup("<domainbackup><disks><disk name='a' type='network'/></disks></domainbackup>"), Error);
}

}  // namespace
}  // namespace innkeeper::model
