#include "drivers/test/host.h"

#include <fmt/format.h>

#include <chrono>

namespace innkeeper::test {

namespace {

constexpr std::string_view before_cells = R"(<capabilities>

  <host>
    <cpu>
      <arch>i686</arch>
      <features>
        <pae/>
        <nonpae/>
      </features>
      <pages unit='KiB' size='4'/>
      <pages unit='KiB' size='8'/>
      <pages unit='KiB' size='2048'/>
      <pages unit='KiB' size='1048576'/>
    </cpu>
    <power_management/>
    <iommu support='no'/>
    <topology>
)";

constexpr std::string_view after_cells = R"(    </topology>
    <secmodel>
      <model>testSecurity</model>
      <doi></doi>
    </secmodel>
  </host>

  <guest>
    <os_type>hvm</os_type>
    <arch name='i686'>
      <wordsize>32</wordsize>
      <emulator>/usr/bin/test-hv</emulator>
      <domain type='test'/>
    </arch>
    <features>
      <pae/>
      <nonpae/>
    </features>
  </guest>

  <guest>
    <os_type>xen</os_type>
    <arch name='i686'>
      <wordsize>32</wordsize>
      <emulator>/usr/bin/test-hv</emulator>
      <domain type='test'/>
    </arch>
    <features>
      <pae/>
      <nonpae/>
    </features>
  </guest>

</capabilities>
)";

constexpr unsigned cpus_of_cell = 8;

std::string cell_document(const Cell& cell, unsigned number) {
    std::string text = fmt::format(
        "        <cell id='{0}'>\n          <memory unit='KiB'>{1}</memory>\n"
        "          <pages unit='KiB' size='{2}'>{3}</pages>\n"
        "          <pages unit='KiB' size='2048'>0</pages>\n          <pages unit='KiB' size='1048576'>0</pages>\n"
        "          <cpus num='{4}'>\n",
        number, cell.memory_kib, cell.page_kib, cell.memory_kib / cell.page_kib, cpus_of_cell);
    for (unsigned core = 0; core < cpus_of_cell; ++core)
        text += fmt::format("            <cpu id='{0}' socket_id='{1}' die_id='0' core_id='{2}' siblings='{0}'/>\n",
                            number * cpus_of_cell + core, number, core);
    return text + "          </cpus>\n        </cell>\n";
}

}  // namespace

std::string capabilities_document(const Host& host) {
    std::string text(before_cells);
    text += fmt::format("      <cells num='{}'>\n", host.cells.size());
    for (unsigned i = 0; i < host.cells.size(); ++i) text += cell_document(host.cells[i], i);
    return text + "      </cells>\n" + std::string(after_cells);
}

const std::string_view sysinfo_document = R"(<sysinfo type='smbios'>
  <bios>
    <entry name='vendor'>LENOVO</entry>
    <entry name='version'>G4ETA1WW (2.61 )</entry>
    <entry name='date'>05/07/2014</entry>
    <entry name='release'>2.61</entry>
  </bios>
</sysinfo>
)";

std::uint64_t now_us() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace innkeeper::test
