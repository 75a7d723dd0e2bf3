#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/network/dhcp.h"

namespace innkeeper::model {

/// What a network's name server knows beside its guests.
struct Dns {
    struct Forwarder {
        std::optional<std::string> domain;
        std::optional<NetworkAddress> address;
        bool operator==(const Forwarder&) const = default;
    };
    struct Text {
        std::optional<std::string> name, value;
        bool operator==(const Text&) const = default;
    };
    struct Service {
        std::optional<std::string> service, protocol, domain, target;
        std::optional<std::string> port, priority,
            weight;  ///< as texts until they are checked; 0 is written as nothing
        bool operator==(const Service&) const = default;
    };
    struct Host {
        std::optional<NetworkAddress> ip;
        std::vector<std::string> names;
        bool operator==(const Host&) const = default;
    };
    std::optional<bool> enable, forward_plain_names;
    std::vector<Forwarder> forwarders;
    std::vector<Text> texts;
    std::vector<Service> services;
    std::vector<Host> hosts;

    bool has_records() const { return !forwarders.empty() || !texts.empty() || !services.empty() || !hosts.empty(); }
    bool operator==(const Dns&) const = default;
};

extern const xml::Element<Dns> dns;
extern const xml::Element<Dns::Text> dns_text;
extern const xml::Element<Dns::Service> dns_service;
extern const xml::Element<Dns::Host> dns_host;

void check_dns(const Dns& def, std::string_view network);
void check_text(const Dns::Text& text, std::string_view network, Completeness completeness);
void check_service(const Dns::Service& service, std::string_view network, Completeness completeness);
void check_dns_host(const Dns::Host& host, std::string_view network, Completeness completeness);

}  // namespace innkeeper::model
