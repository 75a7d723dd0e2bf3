#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "loop/task.h"

namespace innkeeper::objects {

/// What a hook is told: its four words, and a document on its standard input.
struct HookCall {
    std::string_view driver;  ///< "qemu": whose hooks
    std::string object = "-";
    std::string operation;
    std::string part = "-";  ///< "begin", "end"
    std::string extra = "-";
    std::string input = {};
};

/// The administrator's programs that hear of what happens, and may forbid some of it: FOLDER/DRIVER, then the
/// executables of FOLDER/DRIVER.d in the order of their names (daemon-behaviour, section 10). Loop thread only.
///
/// A hook may take as long as it likes, and nobody waits for it but who called it. It is never killed.
class Hooks {
  public:
    explicit Hooks(std::string folder) : folder_(std::move(folder)) {}

    /// Finds out which of these drivers have hooks. Nobody looks at any other time.
    void look(const std::vector<std::string_view>& drivers);
    bool has(std::string_view driver) const { return programs_.contains(driver); }

    /// Runs them one after the other. Throws Error (hook_script_failed) with what the first wrote that failed; the
    /// others are not run then.
    Task<> run(HookCall call);
    /// The same for documents that hooks may change: what one writes is what the next is told, and the result.
    Task<std::string> filter(HookCall call);

  private:
    std::string folder_;
    std::map<std::string, std::vector<std::string>, std::less<>> programs_;
};

}  // namespace innkeeper::objects
