#include "base/error.h"

#include <fmt/format.h>

#include <cstring>

namespace innkeeper {

Error::Error(ErrorCode code, ErrorDomain domain, std::string detail) : code_(code), domain_(domain) {
    const ErrorText text = error_text(code);
    if (text.with_detail == "%s") {
        // Codes without a sentence of their own: the whole message stands in str2.
        message_ = detail;
        str1_ = "%s";
        str2_ = std::move(detail);
        return;
    }
    if (detail.empty()) {
        message_ = text.alone;
        str1_ = text.alone;
        return;
    }
    const auto at = text.with_detail.find("%s");
    message_ = fmt::format("{}{}{}", text.with_detail.substr(0, at), detail, text.with_detail.substr(at + 2));
    str1_ = text.with_detail;
    str2_ = std::move(detail);
}

Error Error::invalid_argument(ErrorDomain domain, std::string_view function, std::string_view argument,
                              std::string message) {
    Error error(ErrorCode::invalid_arg, domain);
    error.message_ = std::move(message);
    error.str1_ = function;
    error.str2_ = argument;
    error.int1_ = error.int2_ = 0;
    return error;
}

Error Error::received(ErrorCode code, ErrorDomain domain, Told told) {
    Error error(code, domain);
    error.message_ = std::move(told.message);
    error.str1_ = std::move(told.str1);
    error.str2_ = std::move(told.str2);
    error.str3_ = std::move(told.str3);
    error.int1_ = told.int1;
    error.int2_ = told.int2;
    return error;
}

Error Error::system(int errno_value, std::string what, ErrorDomain domain) {
    Error error(ErrorCode::system_error, domain, fmt::format("{}: {}", what, std::strerror(errno_value)));
    error.int1_ = errno_value;
    return error;
}

}  // namespace innkeeper
