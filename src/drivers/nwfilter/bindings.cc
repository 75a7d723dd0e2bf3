#include "drivers/nwfilter/bindings.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "loop/pool.h"
#include "objects/definition_store.h"
#include "objects/requests.h"
#include "objects/subjects.h"
#include "protocol/constants.h"
#include "xml/node.h"

namespace innkeeper::nwfilter {

namespace remote = protocol::remote;
using namespace std::chrono_literals;
using model::FilterBinding;
using protocol::Subject;

namespace {

constexpr auto patience = 30s;

remote::NwfilterBinding handle(const FilterBinding& binding) {
    return {.portdev = binding.port, .filtername = binding.filter.filter};
}

Subject subject_of(const FilterBinding& binding) {
    return {
        .kind = "nwfilter_binding", .by = Subject::By::identity, .name = binding.port, .word = binding.filter.filter};
}

bool is_there(const std::string& device) { return if_nametoindex(device.c_str()) != 0; }

/// What the filter is told of the card, unless the binding has said it.
void add_address(FilterBinding& binding) {
    auto& parameters = binding.filter.parameters;
    const auto place = std::ranges::lower_bound(parameters, "MAC", {}, &model::FilterReference::Parameter::name);
    if (place == parameters.end() || place->name != "MAC") parameters.insert(place, {"MAC", binding.mac->text()});
}

/// Throws Error unless the binding of a device that is there can be in force.
void require_force(const FilterBinding& binding, const Lookup& filters) {
    const auto demands = demands_of(binding.filter, filters);
    if (!demands.unresolved.empty())
        throw Error(ErrorCode::internal_error,
                    fmt::format("Cannot instantiate filter due to unresolvable variables or unavailable list elements: "
                                "{}",
                                fmt::join(demands.unresolved, ", ")));
    if (demands.has_rules)
        throw Error(ErrorCode::operation_unsupported,
                    fmt::format("the rules of filter '{}' cannot be put into force on device '{}': this daemon does "
                                "not filter packets yet",
                                binding.filter.filter, binding.port));
}

std::vector<FilterBinding> read_all(const std::string& folder) {
    std::vector<FilterBinding> bindings;
    for (const auto& file : list_directory(folder)) {
        if (!file.ends_with(".xml")) continue;
        try {
            const auto text = read_file(folder + "/" + file);
            if (!text) continue;
            const auto document = xml::Document::parse(*text, "(nwfilterbinding_status)");
            auto binding = model::filter_binding_status.read(document.root(model::filter_binding_status.tag)).binding;
            if (binding.port + ".xml" != file)
                throw Error(ErrorCode::internal_error, fmt::format("it describes '{}'", binding.port));
            bindings.push_back(std::move(binding));
        } catch (const Error& error) {
            log::error("filter binding '{}/{}' is left alone: {}", folder, file, error.message());
        }
    }
    return bindings;
}

}  // namespace

Bindings::Bindings(std::string folder, Lookup filters, std::shared_ptr<Turns> turns)
    : folder_(std::move(folder)), filters_(std::move(filters)), turns_(std::move(turns)) {}

Task<> Bindings::start() {
    const std::string folder = folder_;
    for (auto& binding : co_await in_pool([folder] { return read_all(folder); })) {
        // Rules that an earlier daemon made for one of them are in force and stay so: nothing here knows them.
        std::string port = binding.port;
        bindings_.emplace(std::move(port), std::make_shared<const FilterBinding>(std::move(binding)));
    }
}

void Bindings::add_to(rpc::HandlerTable& table) {
    table.describe("nwfilter_binding", *this, &Bindings::subject, &Bindings::subjects);
    table.add<remote::ConnectListAllNwfilterBindings>(*this, &Bindings::list);
    table.add<remote::NwfilterBindingLookupByPortDev>(*this, &Bindings::lookup);
    table.add<remote::NwfilterBindingGetXmlDesc>(*this, &Bindings::xml);
    table.add<remote::NwfilterBindingCreateXml>(*this, &Bindings::create);
    table.add<remote::NwfilterBindingDelete>(*this, &Bindings::remove);
}

void Bindings::check_change(const Lookup& changed) const {
    for (const auto& [port, binding] : bindings_)
        if (is_there(port)) require_force(*binding, changed);
}

bool Bindings::need(std::string_view filter) const {
    return std::ranges::any_of(bindings_, [&](const auto& each) {
        if (!is_there(each.first)) return false;
        if (each.second->filter.filter == filter) return true;
        try {
            return demands_of(each.second->filter, filters_).filters.contains(filter);
        } catch (const Error&) {
            return false;  // one that is missing is not in force
        }
    });
}

Bindings::Def Bindings::find(const std::string& port) const {
    if (const auto found = bindings_.find(port); found != bindings_.end()) return found->second;
    throw Error(ErrorCode::no_nwfilter_binding, fmt::format("no nwfilter binding for port dev '{}'", port));
}

std::string Bindings::file_of(const std::string& port) const { return fmt::format("{}/{}.xml", folder_, port); }

Task<Subject> Bindings::subject(Subject asked) {
    if (asked.by == Subject::By::document) {
        objects::require_small(asked.word);
        co_return subject_of(model::parse_filter_binding(asked.word));
    }
    co_return subject_of(*find(asked.name));
}

Task<std::vector<Subject>> Bindings::subjects(Subject) {
    std::vector<Subject> all;
    for (const auto& [port, binding] : bindings_) all.push_back(subject_of(*binding));
    co_return all;
}

remote::ConnectListAllNwfilterBindingsRet Bindings::list(const rpc::Caller& caller,
                                                         const remote::ConnectListAllNwfilterBindingsArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::nwfilter, "nwfilterConnectListAllNWFilterBindings");
    remote::ConnectListAllNwfilterBindingsRet ret;
    for (const auto& [port, binding] : bindings_) {
        if (!caller.sees(port)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.bindings.push_back(handle(*binding));
    }
    return ret;
}

remote::NwfilterBindingLookupByPortDevRet Bindings::lookup(const rpc::Caller&,
                                                           const remote::NwfilterBindingLookupByPortDevArgs& args) {
    return {.nwfilter = handle(*find(args.name))};
}

remote::NwfilterBindingGetXmlDescRet Bindings::xml(const rpc::Caller&,
                                                   const remote::NwfilterBindingGetXmlDescArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::nwfilter, "nwfilterBindingGetXMLDesc");
    return {.xml = model::filter_binding.format(*find(args.nwfilter.portdev))};
}

Task<remote::NwfilterBindingCreateXmlRet> Bindings::create(rpc::Caller, remote::NwfilterBindingCreateXmlArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_NWFILTER_BINDING_CREATE_VALIDATE, ErrorDomain::nwfilter,
                         "nwfilterBindingCreateXML");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_filter_binding(text); });
    auto binding = model::parse_filter_binding(args.xml);
    // No device is called so, and its file would lie elsewhere (the peer takes it).
    if (binding.port.contains('/')) throw Error(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: /");
    const auto turn = co_await turns_->take("bind", patience, "filters");
    if (bindings_.contains(binding.port))
        throw Error(ErrorCode::operation_failed, fmt::format("binding '{}' already exists", binding.port));
    if (is_there(binding.port)) {
        add_address(binding);
        require_force(binding, filters_);
    }
    const auto def = std::make_shared<const FilterBinding>(std::move(binding));
    const std::string text = objects::DefinitionStore::with_comment("nwfilter-binding-create", def->port, {},
                                                                    model::filter_binding_status.format({*def}));
    co_await in_pool([folder = folder_, path = file_of(def->port), text] {
        make_directories(folder, 0700);
        write_volatile_file(path, text, 0600);
    });
    bindings_.emplace(def->port, def);
    co_return remote::NwfilterBindingCreateXmlRet{.nwfilter = handle(*def)};
}

Task<> Bindings::remove(rpc::Caller, remote::NwfilterBindingDeleteArgs args) {
    const auto turn = co_await turns_->take("unbind", patience, "filters");
    const Def def = find(args.nwfilter.portdev);
    co_await in_pool([path = file_of(def->port)] { remove_file(path); });
    bindings_.erase(def->port);
}

}  // namespace innkeeper::nwfilter
