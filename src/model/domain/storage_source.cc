#include "model/domain/storage_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Type = StorageSource::Type;

const auto cipher_element = xml::describe<Encryption::Cipher>(
    "cipher",  //
    xml::attribute("name", &Encryption::Cipher::name), xml::attribute("size", &Encryption::Cipher::size),
    xml::attribute("mode", &Encryption::Cipher::mode), xml::attribute("hash", &Encryption::Cipher::hash));

const auto ivgen_element = xml::describe<Encryption::Ivgen>("ivgen",  //
                                                            xml::attribute("name", &Encryption::Ivgen::name),
                                                            xml::attribute("hash", &Encryption::Ivgen::hash));

const auto host_element = xml::describe<StorageHost>(
    "host",  //
    xml::attribute("name", &StorageHost::name), xml::attribute("port", &StorageHost::port),
    xml::attribute("transport", &StorageHost::transport).omit("tcp"), xml::attribute("socket", &StorageHost::socket));

}  // namespace

bool StorageSource::is_empty() const {
    switch (type) {
        case Type::file:
        case Type::block:
        case Type::dir:
            return path.empty();
        case Type::network:
            return !protocol;
        case Type::volume:
            return pool.empty();
        case Type::nvme:
            return !nvme_address;
        case Type::vhostuser:
            return path.empty();
    }
    return true;
}

const xml::Element<SecretReference> secret_reference_element = xml::describe<SecretReference>(
    "secret",  //
    xml::attribute("type", &SecretReference::type), xml::attribute("uuid", &SecretReference::uuid),
    xml::attribute("usage", &SecretReference::usage));

const xml::Element<StorageAuth> storage_auth_element = xml::describe<StorageAuth>(
    "auth",  //
    xml::attribute("username", &StorageAuth::username).required(ErrorCode::xml_error, "missing username for auth"),
    xml::child("secret", &StorageAuth::secret, secret_reference_element));

const xml::Element<Encryption> encryption_element =
    xml::describe<Encryption>(
        "encryption",  //
        xml::attribute("format", &Encryption::format), xml::attribute("engine", &Encryption::engine),
        xml::children(&Encryption::secrets, secret_reference_element), xml::child(&Encryption::cipher, cipher_element),
        xml::child(&Encryption::ivgen, ivgen_element))
        .finished_by([](Encryption& encryption) {
            // The image says itself how it is encrypted; only those who create one choose it.
            if (encryption.format == Encryption::Format::luks && encryption.cipher)
                throw Error(ErrorCode::config_unsupported,
                            "supplying <cipher> for domain disk definition is unnecessary");
            encryption.cipher.reset();
            encryption.ivgen.reset();
        });

const xml::Element<Reconnect> reconnect_element =
    xml::describe<Reconnect>("reconnect",  //
                             xml::attribute("enabled", &Reconnect::enabled, xml::yes_no),
                             xml::attribute("timeout", &Reconnect::timeout))
        .finished_by([](Reconnect& reconnect) {
            if (!reconnect.enabled.value_or(false))
                reconnect.timeout.reset();
            else if (!reconnect.timeout)
                throw Error(ErrorCode::xml_error, "Missing required attribute 'timeout' in element 'reconnect'");
        });

namespace {

/// The port where such a server is found when no other is named; 0: there is no usual one.
unsigned usual_port(StorageSource::Protocol protocol) {
    switch (protocol) {
        case StorageSource::Protocol::nbd:
            return 10809;
        case StorageSource::Protocol::sheepdog:
            return 7000;
        case StorageSource::Protocol::gluster:
            return 24007;
        case StorageSource::Protocol::iscsi:
            return 3260;
        case StorageSource::Protocol::http:
            return 80;
        case StorageSource::Protocol::https:
            return 443;
        case StorageSource::Protocol::ftp:
            return 21;
        case StorageSource::Protocol::ftps:
            return 990;
        case StorageSource::Protocol::tftp:
            return 69;
        case StorageSource::Protocol::ssh:
            return 22;
        case StorageSource::Protocol::vxhs:
            return 9999;
        case StorageSource::Protocol::nfs:
        case StorageSource::Protocol::rbd:
            return 0;
    }
    return 0;
}

void check_cookies(const std::vector<HttpCookie>& cookies) {
    std::set<std::string_view> names;
    for (const auto& cookie : cookies)
        if (!names.insert(cookie.name).second)
            throw Error(ErrorCode::xml_error, fmt::format("duplicate cookie '{}'", cookie.name));
}

void settle_network(StorageSource& source) {
    check_cookies(source.cookies);
    std::erase_if(source.labels, [](const SourceLabel& label) { return label.label.empty() && !label.relabel; });
    std::set<std::string_view> models;
    if (source.labels.size() > 1 && std::ranges::find(source.labels, "", &SourceLabel::model) != source.labels.end())
        throw Error(ErrorCode::xml_error, "missing security model when using multiple labels");
    for (const auto& label : source.labels)
        if (!models.insert(label.model).second)
            throw Error(ErrorCode::xml_detail, fmt::format("seclabel for model {} is already provided", label.model));
    if (source.type != Type::network || !source.protocol) return;
    for (auto& host : source.hosts)
        if (const auto port = usual_port(*source.protocol); port && !host.port && !host.transport) host.port = port;
}

/// RFC 6265, 4.1.1: a name is a token, a value may be quoted as a whole.
void check_cookie(HttpCookie& cookie) {
    const auto refuse = [](std::string sentence) { throw Error(ErrorCode::xml_error, std::move(sentence)); };
    if (cookie.name.empty()) refuse("missing cookie name");
    if (cookie.value.empty()) refuse(fmt::format("missing value for cookie '{}'", cookie.name));
    if (cookie.name.find_first_of(" \t\"'(),/:;<=>?@[\\]{}") != std::string::npos)
        refuse(fmt::format("cookie name '{}' contains invalid characters", cookie.name));
    std::string_view value = cookie.value;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (value.find_first_of(" \t\",;\\") != value.npos)
        refuse(fmt::format("value of cookie '{}' contains invalid characters", cookie.name));
}

const auto cookie_element =
    xml::describe<HttpCookie>("cookie", xml::attribute("name", &HttpCookie::name), xml::text(&HttpCookie::value))
        .finished_by(check_cookie);

/// The first slice of the storage counts; those of other types are passed over.
void read_slice(const xml::Node& node, StorageSource& source, const xml::ParseFlags&) {
    auto slice = node.child("slice");
    while (slice && slice.attribute("type") != "storage") slice = slice.next("slice");
    if (!slice) return;
    const auto offset = slice.attribute("offset"), size = slice.attribute("size");
    if (!offset || !size) throw Error(ErrorCode::xml_error, "missing offset or size attribute of slice");
    const auto number = [](std::string_view name, std::string_view text) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size())
            throw Error(ErrorCode::xml_error,
                        fmt::format("malformed value '{}' of '{}' attribute of slice", text, name));
        return value;
    };
    source.slice = {number("offset", *offset), number("size", *size)};
}
void write_slice(const StorageSource& source, xml::Writer& writer) {
    if (!source.slice) return;
    writer.open("slice");
    writer.attribute("type", "storage");
    writer.attribute("offset", std::to_string(source.slice->offset));
    writer.attribute("size", std::to_string(source.slice->size));
    writer.close();
}

void read_helper(const xml::Node& node, Reservations& reservations, const xml::ParseFlags&) {
    const auto source = node.child("source");
    if (!source && reservations.managed == true) return;
    const auto required = [&](std::string_view name, std::string_view what) {
        const auto value = source.attribute(name);
        if (!value) throw Error(ErrorCode::xml_error, fmt::format("missing {} for <reservations/>", what));
        return *value;
    };
    const auto only = [](std::string_view value, std::string_view wanted, std::string_view what) {
        if (value != wanted)
            throw Error(ErrorCode::xml_error, fmt::format("unsupported {} for <reservations/>: {}", what, value));
    };
    const auto type = required("type", "connection type");
    const auto path = required("path", "path");
    const auto mode = required("mode", "connection mode");
    only(type, "unix", "connection type");
    only(mode, "client", "connection mode");
    reservations.socket = path;
}
void write_helper(const Reservations& reservations, xml::Writer& writer) {
    if (reservations.socket.empty()) return;
    writer.open("source");
    writer.attribute("type", "unix");
    writer.attribute("path", reservations.socket);
    writer.attribute("mode", "client");
    writer.close();
}

const auto reservations_element = xml::describe<Reservations>(
    "reservations", xml::attribute("managed", &Reservations::managed, xml::yes_no).required(),
    xml::by_hand(read_helper, write_helper).holds("source@type", "source@path", "source@mode"));

}  // namespace

const xml::Element<StorageSource> storage_source_element =
    xml::describe<StorageSource>(
        "source",
        xml::when(&StorageSource::type, Type::file, xml::attribute("file", &StorageSource::path),
                  xml::attribute("fdgroup", &StorageSource::fd_group)),
        xml::when(&StorageSource::type, Type::block, xml::attribute("dev", &StorageSource::path)),
        xml::when(&StorageSource::type, Type::dir, xml::attribute("dir", &StorageSource::path)),
        xml::when(&StorageSource::type, Type::network,
                  xml::attribute("protocol", &StorageSource::protocol)
                      .required(ErrorCode::xml_error, "missing network source protocol type"),
                  xml::attribute("name", &StorageSource::name), xml::attribute("query", &StorageSource::query),
                  xml::attribute("tls", &StorageSource::tls, xml::yes_no),
                  xml::attribute("tlsHostname", &StorageSource::tls_hostname)),
        xml::when(&StorageSource::type, Type::volume, xml::attribute("pool", &StorageSource::pool),
                  xml::attribute("volume", &StorageSource::volume), xml::attribute("mode", &StorageSource::mode)),
        xml::when(&StorageSource::type, Type::nvme,
                  xml::by_hand<StorageSource>(
                      [](const xml::Node& node, StorageSource& source, const xml::ParseFlags&) {
                          if (node.attribute("type").value_or("pci") != "pci")
                              throw Error(ErrorCode::xml_error,
                                          fmt::format("unsupported source type '{}'", *node.attribute("type")));
                          source.nvme_address.emplace();
                      },
                      [](const StorageSource&, xml::Writer& writer) { writer.attribute("type", "pci"); })
                      .holds("@type"),
                  xml::attribute("managed", &StorageSource::managed, xml::yes_no),
                  xml::attribute("namespace", &StorageSource::nvme_namespace).required().at_least(1)),
        xml::when(&StorageSource::type, Type::vhostuser,
                  xml::by_hand<StorageSource>(
                      [](const xml::Node& node, StorageSource&, const xml::ParseFlags&) {
                          if (node.attribute("type").value_or("unix") != "unix")
                              throw Error(ErrorCode::xml_error, "invalid vhost-user source type");
                      },
                      [](const StorageSource& source, xml::Writer& writer) {
                          if (!source.path.empty()) writer.attribute("type", "unix");
                      })
                      .holds("@type"),
                  xml::attribute("path", &StorageSource::path)),
        xml::attribute("startupPolicy", &StorageSource::startup_policy),
        xml::attribute("index", &StorageSource::index).live_only(),
        // Attributes end here: an element cannot get any behind its first child.
        xml::when(&StorageSource::type, Type::nvme,
                  xml::child("address", &StorageSource::nvme_address, pci_address_element)),
        xml::when(&StorageSource::type, Type::vhostuser,
                  xml::child("reconnect", &StorageSource::reconnect, reconnect_element)),
        xml::when(&StorageSource::type, Type::network, xml::children(&StorageSource::hosts, host_element),
                  xml::child("snapshot", xml::attribute("name", &StorageSource::snapshot)),
                  xml::child("config", xml::attribute("file", &StorageSource::config_file)),
                  xml::child("initiator", xml::child("iqn", xml::attribute("name", &StorageSource::initiator_iqn))),
                  xml::child("ssl", xml::attribute("verify", &StorageSource::ssl_verify, xml::yes_no)),
                  xml::child("readahead", xml::attribute("size", &StorageSource::readahead_bytes)),
                  xml::child("timeout", xml::attribute("seconds", &StorageSource::timeout_seconds)),
                  xml::child("cookies", xml::children(&StorageSource::cookies, cookie_element)).secret(),
                  xml::child("reconnect", xml::embed(&StorageSource::reconnect, reconnect_element)),
                  xml::child("identity", xml::attribute("user", &StorageSource::user),
                             xml::attribute("group", &StorageSource::group),
                             xml::attribute("username", &StorageSource::ssh_username),
                             xml::attribute("keyfile", &StorageSource::keyfile)),
                  xml::child("knownHosts", xml::attribute("path", &StorageSource::known_hosts))),
        xml::child("slices", xml::by_hand(read_slice, write_slice).holds("slice@type", "slice@offset", "slice@size")),
        xml::child(&StorageSource::auth, storage_auth_element),
        xml::when(
            +[](const StorageSource& source) { return source.type != Type::network; },
            xml::children(&StorageSource::labels, source_label_element)),
        xml::child(&StorageSource::reservations, reservations_element),
        xml::child(&StorageSource::encryption, encryption_element))
        .finished_by([](StorageSource& source) {
            if (source.type == Type::volume && source.pool.empty() != source.volume.empty())
                throw Error(ErrorCode::xml_error,
                            "'pool' and 'volume' must be specified together for 'pool' type source");
            settle_network(source);
        });

const xml::Element<StorageSource> storage_type_element =
    xml::describe<StorageSource>("", xml::attribute("type", &StorageSource::type));
const xml::Element<StorageSource> storage_format_element =
    xml::describe<StorageSource>("format", xml::attribute("type", &StorageSource::format));

namespace {

/// A layer's position stands in `<backingStore>`, a disk's own in `<source>`.
const xml::Element<StorageSource> layer_place_element = xml::describe<StorageSource>(
    "", xml::attribute("type", &StorageSource::type), xml::attribute("index", &StorageSource::index).live_only());

void read_layer(const xml::Node& node, BackingStore& layer, const xml::ParseFlags& flags) {
    if (const auto source = node.child("source")) xml::read_into(storage_source_element, source, &layer.source, flags);
}
void write_layer(const BackingStore& layer, xml::Writer& writer) {
    StorageSource source = layer.source;
    source.index.reset();
    storage_source_element.write(source, writer);
}

}  // namespace

/// The terminator has no type: that is how it is told from a layer.
const xml::Element<BackingStore> backing_store_element =
    xml::describe<BackingStore>(
        "backingStore",
        xml::by_hand<BackingStore>([](const xml::Node& node, BackingStore& layer,
                                      const xml::ParseFlags&) { layer.is_terminator = !node.attribute("type"); },
                                   [](const BackingStore&, xml::Writer&) {}),
        xml::when(&BackingStore::is_terminator, false, xml::embed(&BackingStore::source, layer_place_element),
                  xml::child("format", xml::embed(&BackingStore::source, storage_format_element)),
                  xml::by_hand(read_layer, write_layer)
                      .holds(xml::child("source", &BackingStore::source, storage_source_element).keep_empty()),
                  xml::child(&BackingStore::next, backing_store_element)))
        .finished_by([](BackingStore& layer) { layer.source.startup_policy.reset(); });

}  // namespace innkeeper::model
