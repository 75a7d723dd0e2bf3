#pragma once

#include <memory>
#include <string>

#include "base/paths.h"
#include "drivers/nwfilter/bindings.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "model/nwfilter/filter.h"
#include "objects/file_store.h"
#include "objects/registry.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/nwfilter.h"
#include "rpc/codec/handlers.h"

/// Filters for guests' packets: what is defined, and its files. Nothing here puts a filter's rules into force yet
/// (`bindings.h`).
namespace innkeeper::nwfilter {

class Filter {
  public:
    explicit Filter(DefPtr def) : def_(std::move(def)) {}

    const std::string& name() const { return def_->name; }
    const Uuid& uuid() const { return *def_->uuid; }
    const DefPtr& def() const { return def_; }
    void set_def(DefPtr def) { def_ = std::move(def); }

  private:
    DefPtr def_;
};

class Filters {
  public:
    explicit Filters(const Paths& paths);

    Task<> start();
    /// Takes up what appeared or changed on disk.
    Task<> reload();
    rpc::HandlerTable handlers();

  private:
    using Registry = objects::Registry<Filter>;
    using Ptr = Registry::Ptr;

    protocol::remote::ConnectNumOfNwfiltersRet num(const rpc::Caller&);
    protocol::remote::ConnectListNwfiltersRet list(const rpc::Caller&,
                                                   const protocol::remote::ConnectListNwfiltersArgs&);
    protocol::remote::ConnectListAllNwfiltersRet list_all(const rpc::Caller&,
                                                          const protocol::remote::ConnectListAllNwfiltersArgs&);
    protocol::remote::NwfilterLookupByNameRet by_name(const rpc::Caller&,
                                                      const protocol::remote::NwfilterLookupByNameArgs&);
    protocol::remote::NwfilterLookupByUuidRet by_uuid(const rpc::Caller&,
                                                      const protocol::remote::NwfilterLookupByUuidArgs&);
    protocol::remote::NwfilterGetXmlDescRet xml(const rpc::Caller&, const protocol::remote::NwfilterGetXmlDescArgs&);

    Task<protocol::remote::NwfilterDefineXmlRet> define(rpc::Caller, protocol::remote::NwfilterDefineXmlArgs);
    Task<protocol::remote::NwfilterDefineXmlFlagsRet> define_flags(rpc::Caller,
                                                                   protocol::remote::NwfilterDefineXmlFlagsArgs);
    Task<> undefine(rpc::Caller, protocol::remote::NwfilterUndefineArgs);

    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);

    Ptr find(const Uuid& uuid) const;
    Ptr find_name(const std::string& name) const;
    Ptr match(const model::Filter& def) const;
    DefPtr def_of(std::string_view name) const;
    void check_change(const DefPtr& def) const;
    Task<Ptr> define_document(std::string text);

    std::string folder_;
    objects::FileStore store_;
    Registry registry_;
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
    Bindings bindings_;
};

}  // namespace innkeeper::nwfilter
