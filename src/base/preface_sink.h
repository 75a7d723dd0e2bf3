#pragma once

// Private to this room.

#include <spdlog/sinks/sink.h>

#include <memory>
#include <mutex>

namespace innkeeper::log {

/// An output whose first line is preceded by two that say whose log it is, whatever the output's level is: people who
/// report something send what they find.
class PrefaceSink final : public spdlog::sinks::sink {
  public:
    explicit PrefaceSink(spdlog::sink_ptr output) : output_(std::move(output)) {}

    void log(const spdlog::details::log_msg& line) override;
    void flush() override { output_->flush(); }
    void set_pattern(const std::string& pattern) override { output_->set_pattern(pattern); }
    void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override;

  private:
    void say(const spdlog::details::log_msg& like, const std::string& words);

    const spdlog::sink_ptr output_;
    std::once_flag said_;
    std::unique_ptr<spdlog::formatter> formatter_;
};

}  // namespace innkeeper::log
