#pragma once

#include <string>
#include <string_view>

namespace innkeeper::host {

/// The host's audit system: who looks after it reads there what guests got and lost.
class Audit {
  public:
    /// As the kernel numbers records: lives of guests, what they are given, and their labels.
    enum class Kind { control, resource, machine_id };

    /// Level 0: no records; 1: if the host audits; 2: always, and Error (system_error) if it cannot. Records go to the
    /// daemon's log as well if that is asked for.
    Audit(unsigned level, bool to_log);
    ~Audit();
    Audit(const Audit&) = delete;
    Audit& operator=(const Audit&) = delete;

    /// Whether anybody reads what is recorded; who does not ask makes texts for nobody.
    bool is_on() const { return socket_ >= 0 || to_log_; }
    /// What cannot be recorded is a warning.
    void record(Kind kind, bool success, const std::string& text) const;

    /// `name="value"`, or the value in hexadecimal digits if it has what would end it.
    static std::string field(const std::string& name, const std::string& value);

  private:
    int socket_ = -1;
    bool to_log_;
};

}  // namespace innkeeper::host
