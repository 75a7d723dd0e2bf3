#include "drivers/nwfilter/filters.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "objects/subjects.h"
#include "xml/node.h"

namespace innkeeper::nwfilter {

namespace remote = protocol::remote;
using namespace std::chrono_literals;
using protocol::Subject;

namespace {

constexpr auto patience = 30s;

remote::Nwfilter handle(const Filter& filter) { return {.name = filter.name(), .uuid = filter.uuid()}; }

Subject subject_of(const Filter& filter) {
    return {.kind = "nwfilter", .by = Subject::By::identity, .name = filter.name(), .uuid = filter.uuid()};
}

std::vector<std::string> names(const rpc::Caller& caller, const objects::Registry<Filter>& registry) {
    std::vector<std::string> names;
    for (const auto& [name, filter] : registry.all())
        if (caller.sees(name)) names.push_back(name);
    return names;
}

model::Filter parse(std::string_view text) {
    const auto document = xml::Document::parse(text, "(nwfilter_definition)");
    return model::nwfilter.read(document.root("filter"));
}

/// Documents are parsed where the files are read: the distribution's two dozen are there on every host.
std::vector<DefPtr> read_all(const std::string& folder) {
    constexpr std::string_view suffix = ".xml";
    std::vector<DefPtr> filters;
    for (const auto& file : list_directory(folder)) {
        if (!file.ends_with(suffix)) continue;
        try {
            const auto text = read_file(folder + "/" + file);
            if (!text) continue;
            auto filter = std::make_shared<const model::Filter>(parse(*text));
            if (filter->name + std::string(suffix) != file)
                throw Error(ErrorCode::internal_error, fmt::format("it describes '{}'", filter->name));
            filters.push_back(std::move(filter));
        } catch (const Error& error) {
            log::error("filter '{}/{}' is left alone: {}", folder, file, error.message());
        }
    }
    return filters;
}

}  // namespace

Filters::Filters(const Paths& paths)
    : folder_(paths.config() + "/nwfilter"),
      store_(folder_, "filter", "nwfilter-edit"),
      registry_("filter", ErrorDomain::nwfilter),
      bindings_(paths.state() + "/nwfilter-binding", [this](std::string_view name) { return def_of(name); }, turns_) {}

Task<> Filters::start() {
    const std::string folder = folder_;
    for (auto& def : co_await in_pool([folder] { return read_all(folder); })) {
        try {
            registry_.add(std::make_shared<Filter>(def));
        } catch (const Error& error) {
            log::error("filter '{}' is left alone: {}", def->name, error.message());
        }
    }
    co_await bindings_.start();
}

Task<> Filters::reload() {
    const auto turn = co_await turns_->take("reload", patience, "filters");
    const std::string folder = folder_;
    for (auto& def : co_await in_pool([folder] { return read_all(folder); })) {
        try {
            if (const auto filter = registry_.match(def->name, *def->uuid))
                filter->set_def(def);
            else
                registry_.add(std::make_shared<Filter>(def));
        } catch (const Error& error) {
            log::error("filter '{}' is left alone: {}", def->name, error.message());
        }
    }
}

rpc::HandlerTable Filters::handlers() {
    rpc::HandlerTable table;
    table.describe("nwfilter", *this, &Filters::subject, &Filters::subjects);
    table.add<remote::ConnectNumOfNwfilters>(*this, &Filters::num);
    table.add<remote::ConnectListNwfilters>(*this, &Filters::list);
    table.add<remote::ConnectListAllNwfilters>(*this, &Filters::list_all);
    table.add<remote::NwfilterLookupByName>(*this, &Filters::by_name);
    table.add<remote::NwfilterLookupByUuid>(*this, &Filters::by_uuid);
    table.add<remote::NwfilterGetXmlDesc>(*this, &Filters::xml);
    table.add<remote::NwfilterDefineXml>(*this, &Filters::define);
    table.add<remote::NwfilterDefineXmlFlags>(*this, &Filters::define_flags);
    table.add<remote::NwfilterUndefine>(*this, &Filters::undefine);
    bindings_.add_to(table);
    return table;
}

Filters::Ptr Filters::find_name(const std::string& name) const {
    if (auto found = registry_.by_name(name)) return found;
    throw Error(ErrorCode::no_nwfilter, fmt::format("no nwfilter with matching name '{}'", name));
}

Task<Subject> Filters::subject(Subject asked) {
    switch (asked.by) {
        case Subject::By::document:
            co_return objects::described("nwfilter", asked.word, "filter", "(nwfilter_definition)",
                                         objects::Naming::attribute);
        case Subject::By::name:
            co_return subject_of(*find_name(asked.name));
        default:
            co_return subject_of(*find(asked.uuid));
    }
}

Task<std::vector<Subject>> Filters::subjects(Subject) {
    std::vector<Subject> all;
    for (const auto& [name, filter] : registry_.all()) all.push_back(subject_of(*filter));
    co_return all;
}

Filters::Ptr Filters::find(const Uuid& uuid) const {
    if (auto found = registry_.by_uuid(uuid)) return found;
    throw Error(ErrorCode::no_nwfilter, fmt::format("no nwfilter with matching uuid '{}'", uuid.text()));
}

// ---------------------------------------------------------------------------------------------------------- questions

remote::ConnectNumOfNwfiltersRet Filters::num(const rpc::Caller& caller) {
    return {.num = static_cast<std::int32_t>(names(caller, registry_).size())};
}

remote::ConnectListNwfiltersRet Filters::list(const rpc::Caller& caller, const remote::ConnectListNwfiltersArgs& args) {
    return {.names = objects::at_most(names(caller, registry_), args.maxnames)};
}

remote::ConnectListAllNwfiltersRet Filters::list_all(const rpc::Caller& caller,
                                                     const remote::ConnectListAllNwfiltersArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::nwfilter, "nwfilterConnectListAllNWFilters");
    remote::ConnectListAllNwfiltersRet ret;
    for (const auto& [name, filter] : registry_.all()) {
        if (!caller.sees(name)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.filters.push_back(handle(*filter));
    }
    return ret;
}

remote::NwfilterLookupByNameRet Filters::by_name(const rpc::Caller&, const remote::NwfilterLookupByNameArgs& args) {
    return {.nwfilter = handle(*find_name(args.name))};
}

remote::NwfilterLookupByUuidRet Filters::by_uuid(const rpc::Caller&, const remote::NwfilterLookupByUuidArgs& args) {
    return {.nwfilter = handle(*find(args.uuid))};
}

remote::NwfilterGetXmlDescRet Filters::xml(const rpc::Caller&, const remote::NwfilterGetXmlDescArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::nwfilter, "nwfilterGetXMLDesc");
    return {.xml = model::nwfilter.format(*find(args.nwfilter.uuid)->def())};
}

// ------------------------------------------------------------------------------------------------------------ changes

Filters::Ptr Filters::match(const model::Filter& def) const {
    const auto same = registry_.by_uuid(*def.uuid);
    if (same && same->name() != def.name)
        throw Error(ErrorCode::operation_failed,
                    fmt::format("filter with same UUID but different name ('{}') already exists", same->name()));
    return registry_.match(def.name, *def.uuid);
}

DefPtr Filters::def_of(std::string_view name) const {
    const auto found = registry_.by_name(name);
    return found ? found->def() : nullptr;
}

/// Whether the filter may be there, among the others.
void Filters::check_change(const DefPtr& def) const {
    const Lookup changed = [&](std::string_view name) { return name == def->name ? def : def_of(name); };
    if (leads_to_itself(*def, changed)) throw Error(ErrorCode::operation_failed, "filter would introduce a loop");
    bindings_.check_change(changed);
}

Task<Filters::Ptr> Filters::define_document(std::string text) {
    const auto def = std::make_shared<const model::Filter>(parse(text));
    if (def->name.contains('/')) throw Error(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: /");
    const auto turn = co_await turns_->take("define", patience, "filters");
    auto filter = match(*def);
    check_change(def);
    co_await store_.write(def->name, *def->uuid, model::nwfilter.format(*def));
    if (filter) {
        filter->set_def(def);
    } else {
        filter = std::make_shared<Filter>(def);
        registry_.add(filter);
    }
    co_return filter;
}

Task<remote::NwfilterDefineXmlRet> Filters::define(rpc::Caller, remote::NwfilterDefineXmlArgs args) {
    const auto filter = co_await define_document(std::move(args.xml));
    co_return remote::NwfilterDefineXmlRet{.nwfilter = handle(*filter)};
}

Task<remote::NwfilterDefineXmlFlagsRet> Filters::define_flags(rpc::Caller, remote::NwfilterDefineXmlFlagsArgs args) {
    objects::allow_flags(args.flags, 1, ErrorDomain::nwfilter, "nwfilterDefineXMLFlags");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_filter(text); });
    const auto filter = co_await define_document(std::move(args.xml));
    co_return remote::NwfilterDefineXmlFlagsRet{.nwfilter = handle(*filter)};
}

Task<> Filters::undefine(rpc::Caller, remote::NwfilterUndefineArgs args) {
    const auto turn = co_await turns_->take("undefine", patience, "filters");
    const auto filter = find(args.nwfilter.uuid);
    if (bindings_.need(filter->name())) throw Error(ErrorCode::operation_invalid, "nwfilter is in use");
    co_await store_.remove(filter->name());
    registry_.remove(*filter);
}

}  // namespace innkeeper::nwfilter
