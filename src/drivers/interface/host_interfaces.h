#pragma once

#include "loop/task.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/interface.h"
#include "rpc/codec/handlers.h"

/// The host's network interfaces, as the kernel tells of them. They are looked at and not changed: their configuration
/// is somebody else's, and the distribution's peer refuses it, too.
namespace innkeeper::host_interface {

class HostInterfaces {
  public:
    rpc::HandlerTable handlers();

  private:
    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);

    Task<protocol::remote::ConnectNumOfInterfacesRet> num(rpc::Caller);
    Task<protocol::remote::ConnectNumOfDefinedInterfacesRet> num_defined(rpc::Caller);
    Task<protocol::remote::ConnectListInterfacesRet> list(rpc::Caller, protocol::remote::ConnectListInterfacesArgs);
    Task<protocol::remote::ConnectListDefinedInterfacesRet> list_defined(
        rpc::Caller, protocol::remote::ConnectListDefinedInterfacesArgs);
    Task<protocol::remote::ConnectListAllInterfacesRet> list_all(rpc::Caller,
                                                                 protocol::remote::ConnectListAllInterfacesArgs);
    Task<protocol::remote::InterfaceLookupByNameRet> by_name(rpc::Caller, protocol::remote::InterfaceLookupByNameArgs);
    Task<protocol::remote::InterfaceLookupByMacStringRet> by_mac(rpc::Caller,
                                                                 protocol::remote::InterfaceLookupByMacStringArgs);
    Task<protocol::remote::InterfaceGetXmlDescRet> xml(rpc::Caller, protocol::remote::InterfaceGetXmlDescArgs);
    Task<protocol::remote::InterfaceIsActiveRet> is_active(rpc::Caller, protocol::remote::InterfaceIsActiveArgs);
};

}  // namespace innkeeper::host_interface
