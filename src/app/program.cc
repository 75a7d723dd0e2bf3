#include "app/program.h"

#include <algorithm>
#include <array>

namespace innkeeper::app {

namespace {

template <class... P>
constexpr unsigned all(P... parts) {
    return (static_cast<unsigned>(parts) | ...);
}

using enum Part;
using Ip = Program::Ip;

constexpr std::array table{
    Program{"libvirtd", "libvirt", Ip::if_told,
            all(qemu, test, network, storage, secret, nwfilter, nodedev, interface)},
    Program{"virtqemud", "virtqemud", Ip::never, all(qemu)},
    Program{"virtnetworkd", "virtnetworkd", Ip::never, all(network)},
    Program{"virtstoraged", "virtstoraged", Ip::never, all(storage)},
    Program{"virtsecretd", "virtsecretd", Ip::never, all(secret)},
    Program{"virtnwfilterd", "virtnwfilterd", Ip::never, all(nwfilter)},
    Program{"virtnodedevd", "virtnodedevd", Ip::never, all(nodedev)},
    Program{"virtinterfaced", "virtinterfaced", Ip::never, all(interface)},
    Program{"virtproxyd", "libvirt", Ip::by_configuration, all(test)},
    Program{"virtlogd", "virtlogd", Ip::never, all(log)},
    Program{"virtlockd", "virtlockd", Ip::never, all(lock)},
};

}  // namespace

std::span<const Program> programs() { return table; }

const Program& program_called(std::string_view argv0) {
    const auto name = argv0.substr(argv0.rfind('/') + 1);
    const auto at = std::ranges::find(table, name, &Program::name);
    return at != table.end() ? *at : table.front();
}

}  // namespace innkeeper::app
