#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// SASL (RFC 4422), the server's side, by Cyrus's library: its mechanisms are plugins, and its configuration is
/// `libvirt.conf` in its own folder. A session's calls may read files and keep a core busy (SCRAM's are meant to), so
/// they are made on a thread of the pool, one at a time.
namespace innkeeper::access {

/// Whom the daemon takes, and what protects the bytes.
struct SaslPolicy {
    /// Where libvirt.conf is looked for instead of the library's own folder; empty: there.
    std::string folder;
    /// Patterns (glob(7)) of users; any if not set, nobody if empty.
    std::optional<std::vector<std::string>> allowed_users;
    /// Bits of the key that a mechanism must protect a connection with that nothing else does.
    unsigned least_strength = 56;
};

class SaslSession {
  public:
    /// What protects the connection already: nothing if 0, and then the mechanism has to.
    struct Transport {
        std::string local, remote;  ///< "192.0.2.1;16509"
        unsigned strength = 0;
        bool is_secure = false;
    };
    /// Throws Error (auth_failed).
    SaslSession(const SaslPolicy& policy, const Transport& transport);
    ~SaslSession();
    SaslSession(const SaslSession&) = delete;
    SaslSession& operator=(const SaslSession&) = delete;

    /// The mechanisms that fit, separated by commas. Throws Error (auth_failed) if there is none.
    std::string mechanisms() const;

    struct Step {
        bool complete = false;
        std::optional<std::string> data;  ///< for the client
    };
    /// Both throw Error (auth_failed): the session is of no more use then.
    Step start(const std::string& mechanism, const std::optional<std::string>& data);
    Step step(const std::optional<std::string>& data);

    /// Of a session that is complete.
    const std::string& user() const { return user_; }
    /// Bits of the key of the layer that everything is to be wrapped with from now on; 0 if there is none.
    unsigned layer_strength() const { return strength_; }
    std::size_t longest() const;
    /// Good until the next call. Throw Error (auth_failed).
    std::string_view encode(std::string_view plain);
    std::string_view decode(std::string_view wrapped);

  private:
    struct State;
    Step after(int result, const char* data, unsigned size);

    std::unique_ptr<State> state_;
    SaslPolicy policy_;
    bool wants_layer_;
    std::string user_;
    unsigned strength_ = 0;
};

}  // namespace innkeeper::access
