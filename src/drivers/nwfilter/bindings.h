#pragma once

#include <map>
#include <memory>
#include <string>

#include "drivers/nwfilter/demands.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "model/nwfilter/binding.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/nwfilter.h"
#include "rpc/codec/handlers.h"

namespace innkeeper::nwfilter {

/// Which packets pass which filter: one binding for each device on the host that a guest's card is plugged into. Each
/// has a file that outlives the daemon, as long as the machine runs.
///
/// A binding of a device that is not there waits for it and asks nothing of its filter. Of one that is there the
/// filter's rules would have to be in force; nothing here can do that yet, so that a filter with rules is refused, and
/// with it the change of a filter that would give rules to such a binding.
class Bindings {
  public:
    /// `turns`: of all changes to filters and bindings.
    Bindings(std::string folder, Lookup filters, std::shared_ptr<Turns> turns);

    Task<> start();
    void add_to(rpc::HandlerTable& table);

    /// Throws Error if the bindings could not follow: the filters are going to be those of `changed`.
    void check_change(const Lookup& changed) const;
    /// Whether the packets of a device that is there pass the filter.
    bool need(std::string_view filter) const;

  private:
    using Def = std::shared_ptr<const model::FilterBinding>;

    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);

    protocol::remote::ConnectListAllNwfilterBindingsRet list(
        const rpc::Caller&, const protocol::remote::ConnectListAllNwfilterBindingsArgs&);
    protocol::remote::NwfilterBindingLookupByPortDevRet lookup(
        const rpc::Caller&, const protocol::remote::NwfilterBindingLookupByPortDevArgs&);
    protocol::remote::NwfilterBindingGetXmlDescRet xml(const rpc::Caller&,
                                                       const protocol::remote::NwfilterBindingGetXmlDescArgs&);
    Task<protocol::remote::NwfilterBindingCreateXmlRet> create(rpc::Caller,
                                                               protocol::remote::NwfilterBindingCreateXmlArgs);
    Task<> remove(rpc::Caller, protocol::remote::NwfilterBindingDeleteArgs);

    Def find(const std::string& port) const;
    std::string file_of(const std::string& port) const;

    std::string folder_;
    Lookup filters_;
    std::shared_ptr<Turns> turns_;
    std::map<std::string, Def, std::less<>> bindings_;
};

}  // namespace innkeeper::nwfilter
