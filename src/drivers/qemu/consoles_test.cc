#include "drivers/qemu/consoles.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/error.h"
#include "loop/loop.h"

namespace innkeeper::qemu {
namespace {

using namespace std::chrono_literals;

std::pair<Fd, Fd> socket_pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

TEST(Consoles, AUserWhoHasGoneDoesNotHoldALineThatTakesNothing) {
    Loop loop(Loop::Time::manual);
    Consoles consoles;
    auto [line, guest] = socket_pair();
    Fd user = loop.run(consoles.open("/line", std::move(line), false));
    const std::string much(4096, 'x');
    while (::send(user.get(), much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) loop.run_ready();
    user.reset();
    loop.run_ready();
    auto [second_line, other] = socket_pair();
    EXPECT_THROW(loop.run(consoles.open("/line", std::move(second_line), false)), Error);
    loop.advance(2s);
    auto [third_line, another] = socket_pair();
    EXPECT_NO_THROW(user = loop.run(consoles.open("/line", std::move(third_line), false)));
    loop.run(consoles.close());
}

}  // namespace
}  // namespace innkeeper::qemu
