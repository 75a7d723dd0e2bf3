#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "base/error_codes.h"

namespace innkeeper {

/// What ends an operation: a code, the part of the daemon that says so, and the sentence that the client will show.
/// The sentence is the code's template (`protocol/errors.json`) with `detail` put into it. Errors are thrown where the
/// fact is known and caught by the dispatcher; a bug is an assert, never an Error.
///
/// An Error without a domain gets that of the driver whose handler threw it.
class Error : public std::exception {
  public:
    explicit Error(ErrorCode code, std::string detail = {}) : Error(code, ErrorDomain::none, std::move(detail)) {}
    Error(ErrorCode code, ErrorDomain domain, std::string detail = {});

    /// An argument that the interface does not allow: carries the interface's and the argument's name for programs,
    /// as the peer's `invalid argument` errors do.
    static Error invalid_argument(ErrorDomain domain, std::string_view function, std::string_view argument,
                                  std::string message);

    /// A failed system call: `what` with the text of `errno_value` behind it, and the number for programs.
    static Error system(int errno_value, std::string what, ErrorDomain domain = ErrorDomain::none);

    /// What another daemon reported, word for word.
    struct Told {
        std::string message;
        std::optional<std::string> str1, str2, str3;
        int int1 = -1, int2 = -1;
    };
    static Error received(ErrorCode code, ErrorDomain domain, Told told);

    ErrorCode code() const { return code_; }
    ErrorDomain domain() const { return domain_; }
    const std::string& message() const { return message_; }
    const char* what() const noexcept override { return message_.c_str(); }

    /// The fields behind the message in the wire's error struct (WIRE.md, section 4).
    const std::optional<std::string>& str1() const { return str1_; }
    const std::optional<std::string>& str2() const { return str2_; }
    const std::optional<std::string>& str3() const { return str3_; }
    int int1() const { return int1_; }
    int int2() const { return int2_; }

    void set_domain_if_none(ErrorDomain domain) {
        if (domain_ == ErrorDomain::none) domain_ = domain;
    }

  private:
    ErrorCode code_;
    ErrorDomain domain_;
    std::string message_;
    std::optional<std::string> str1_, str2_, str3_;
    int int1_ = -1, int2_ = -1;
};

}  // namespace innkeeper
