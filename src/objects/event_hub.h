#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/codec/caller.h"
#include "rpc/codec/procedure.h"

namespace innkeeper::objects {

/// Who wants to hear of which events of one class (domains, networks, …), and the way to all of them: an event is
/// encoded once, whoever listens. A client's registrations end with its connection.
class EventHub {
  public:
    enum class Style {
        callback,  ///< each message begins with the number of the registration
        legacy,    ///< messages without one
    };

    /// Messages carry an event in either style; null: there is none in that style.
    struct Rows {
        const protocol::Procedure* callback = nullptr;
        const protocol::Procedure* legacy = nullptr;
    };

    /// Registrations of one client: far more than anybody wants, and few enough to go through at each event.
    static constexpr std::size_t most_of_a_client = 16'384;

    EventHub() = default;
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;
    ~EventHub();

    /// The number of the registration, unique among those of the client. `object` is the key of the only object of
    /// interest, empty for all; `detail` is a further word to choose by (the name of a monitor's event). Throws Error
    /// (invalid_arg) if the client has the same one already, (operation_failed) if it has too many.
    int add(std::shared_ptr<rpc::ClientSession> session, int event, std::string object, Style style,
            std::string detail = {});
    /// Throws Error (internal_error) if the client has no such registration.
    void remove(const rpc::ClientSession& session, int callback);
    void remove_legacy(const rpc::ClientSession& session, int event);

    /// Whether it is worth to encode the event.
    bool wanted(int event, std::string_view object, std::string_view detail = {}) const;
    /// `body` is the message without the number before it.
    void publish(int event, std::string_view object, Rows rows, const std::string& body, std::string_view detail = {});

  private:
    struct Registration {
        std::weak_ptr<rpc::ClientSession> session;
        std::uint64_t session_id;
        int callback;
        Style style;
        std::string object, detail;
        bool wants(std::string_view which, std::string_view what) const {
            return (object.empty() || object == which) && (detail.empty() || detail == what);
        }
    };
    struct Client {
        std::weak_ptr<rpc::ClientSession> session;
        std::uint64_t close_number = 0;
        int next_callback = 0;
        std::size_t registrations = 0;
    };

    void erase(std::vector<Registration>& list, std::vector<Registration>::iterator found);
    void forget(std::uint64_t session);

    std::map<int, std::vector<Registration>> events_;
    std::map<std::uint64_t, Client> clients_;
};

}  // namespace innkeeper::objects
