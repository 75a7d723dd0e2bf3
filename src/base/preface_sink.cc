#include "base/preface_sink.h"

#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace innkeeper::log {

void PrefaceSink::log(const spdlog::details::log_msg& line) {
    std::call_once(said_, [&] {
        // (Without a place in the program.)
        output_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S.%e+0000: %t: %l : %v",
                                                                           spdlog::pattern_time_type::utc));
        say(line, "libvirt version: 9.0.0, package: innkeeper");
        std::array<char, 256> host{};
        if (::gethostname(host.data(), host.size() - 1) == 0) say(line, std::string("hostname: ") + host.data());
        if (formatter_) output_->set_formatter(formatter_->clone());
    });
    output_->log(line);
}

void PrefaceSink::say(const spdlog::details::log_msg& like, const std::string& words) {
    spdlog::details::log_msg line(like.time, {}, like.logger_name, spdlog::level::info, words);
    line.thread_id = like.thread_id;
    output_->log(line);
}

void PrefaceSink::set_formatter(std::unique_ptr<spdlog::formatter> formatter) {
    formatter_ = formatter->clone();
    output_->set_formatter(std::move(formatter));
}

}  // namespace innkeeper::log
