#include "drivers/qemu/scsi_generic.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

namespace fs = std::filesystem;

model::DomainDef with_scsi(const std::string& adapter, const std::string& unit) {
    return model::parse_domain(
        "<domain type='qemu'><name>t</name><memory>65536</memory><os><type>hvm</type></os><devices>"
        "<hostdev mode='subsystem' type='scsi'><source><adapter name='" +
        adapter + "'/><address bus='1' target='2' unit='" + unit + "'/></source></hostdev></devices></domain>");
}

TEST(ScsiGeneric, IsFoundByTheAddressOfTheDevice) {
    std::string folder = (fs::temp_directory_path() / "scsi-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    fs::create_directories(fs::path(folder) / "bus/scsi/devices/4:1:2:1074872354/scsi_generic/sg7");
    const auto found = scsi_generics(with_scsi("scsi_host4", "1074872354"), folder);
    EXPECT_EQ(found, (decltype(found){{"4:1:2:1074872354", "/dev/sg7"}}));
    EXPECT_THROW(scsi_generics(with_scsi("scsi_host4", "3"), folder), Error);
    EXPECT_THROW(scsi_generics(with_scsi("eth0", "3"), folder), Error);
    fs::remove_all(folder);
}

}  // namespace
}  // namespace innkeeper::qemu
