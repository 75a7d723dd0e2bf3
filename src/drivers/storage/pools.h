#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "drivers/storage/backend.h"
#include "drivers/storage/pool.h"
#include "loop/group.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "objects/definition_store.h"
#include "objects/event_hub.h"
#include "objects/registry.h"
#include "objects/volumes.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/storage.h"
#include "rpc/codec/handlers.h"
#include "rpc/codec/stream.h"

/// Storage pools and their volumes: what is defined and what is active, their files and their events. Where the volumes
/// are is the backend's.
namespace innkeeper::storage {

class Pools final : public objects::Volumes {
  public:
    /// `state_folder` is where it is noted which pools are active; empty: nowhere, they end with the daemon.
    Pools(std::unique_ptr<objects::DefinitionStore> store, std::unique_ptr<Backend> backend, std::string state_folder);

    /// Ends the transfers that run.
    Task<> stop() { return transfers_.close(); }
    /// Reads what is on disk, goes on with the pools that were active, and starts those that start by themselves.
    Task<> start();
    /// Takes up what appeared or changed on disk; an active pool changes at its next start.
    Task<> reload();
    /// A <pool> of a simulated machine's description: it is defined, active, and has the volumes that stand in it.
    Task<> add(xml::Node element);
    const rpc::HandlerTable& handlers() const { return handlers_; }

    Task<objects::Volumes::Place> place(std::string pool, std::string volume) override;

  private:
    using Registry = objects::Registry<Pool>;
    using Ptr = Registry::Ptr;
    Task<model::Pool> read_definition(objects::DefinitionStore::Found found);
    struct Place {
        Ptr pool;
        std::string volume;
    };
    void add_pool_handlers(rpc::HandlerTable& table);
    void add_volume_handlers(rpc::HandlerTable& table);

    // For access rules (directory.cc).
    void describe(rpc::HandlerTable& table);
    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);
    Task<protocol::Subject> volume_subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> volume_subjects(protocol::Subject pool);

    // Questions about pools (pool_questions.cc).
    protocol::remote::ConnectNumOfStoragePoolsRet num_active(const rpc::Caller&);
    protocol::remote::ConnectNumOfDefinedStoragePoolsRet num_defined(const rpc::Caller&);
    protocol::remote::ConnectListStoragePoolsRet list_active(const rpc::Caller&,
                                                             const protocol::remote::ConnectListStoragePoolsArgs&);
    protocol::remote::ConnectListDefinedStoragePoolsRet list_defined(
        const rpc::Caller&, const protocol::remote::ConnectListDefinedStoragePoolsArgs&);
    protocol::remote::ConnectListAllStoragePoolsRet list_all(const rpc::Caller&,
                                                             const protocol::remote::ConnectListAllStoragePoolsArgs&);
    protocol::remote::ConnectGetStoragePoolCapabilitiesRet capabilities(
        const rpc::Caller&, const protocol::remote::ConnectGetStoragePoolCapabilitiesArgs&);
    protocol::remote::ConnectFindStoragePoolSourcesRet find_sources(
        const rpc::Caller&, const protocol::remote::ConnectFindStoragePoolSourcesArgs&);
    protocol::remote::StoragePoolLookupByNameRet by_name(const rpc::Caller&,
                                                         const protocol::remote::StoragePoolLookupByNameArgs&);
    protocol::remote::StoragePoolLookupByUuidRet by_uuid(const rpc::Caller&,
                                                         const protocol::remote::StoragePoolLookupByUuidArgs&);
    protocol::remote::StoragePoolLookupByVolumeRet by_volume(const rpc::Caller&,
                                                             const protocol::remote::StoragePoolLookupByVolumeArgs&);
    protocol::remote::StoragePoolLookupByTargetPathRet by_target(
        const rpc::Caller&, const protocol::remote::StoragePoolLookupByTargetPathArgs&);
    protocol::remote::StoragePoolGetInfoRet info(const rpc::Caller&, const protocol::remote::StoragePoolGetInfoArgs&);
    protocol::remote::StoragePoolGetXmlDescRet xml(const rpc::Caller&,
                                                   const protocol::remote::StoragePoolGetXmlDescArgs&);
    protocol::remote::StoragePoolGetAutostartRet get_autostart(const rpc::Caller&,
                                                               const protocol::remote::StoragePoolGetAutostartArgs&);
    protocol::remote::StoragePoolIsActiveRet is_active(const rpc::Caller&,
                                                       const protocol::remote::StoragePoolIsActiveArgs&);
    protocol::remote::StoragePoolIsPersistentRet is_persistent(const rpc::Caller&,
                                                               const protocol::remote::StoragePoolIsPersistentArgs&);
    protocol::remote::ConnectStoragePoolEventRegisterAnyRet register_event(
        const rpc::Caller&, const protocol::remote::ConnectStoragePoolEventRegisterAnyArgs&);
    void deregister_event(const rpc::Caller&, const protocol::remote::ConnectStoragePoolEventDeregisterAnyArgs&);

    // Changes of pools (pool_changes.cc).
    Task<protocol::remote::StoragePoolDefineXmlRet> define(rpc::Caller, protocol::remote::StoragePoolDefineXmlArgs);
    Task<protocol::remote::StoragePoolCreateXmlRet> create_xml(rpc::Caller, protocol::remote::StoragePoolCreateXmlArgs);
    Task<> create(rpc::Caller, protocol::remote::StoragePoolCreateArgs);
    Task<> build(rpc::Caller, protocol::remote::StoragePoolBuildArgs);
    Task<> destroy(rpc::Caller, protocol::remote::StoragePoolDestroyArgs);
    Task<> delete_pool(rpc::Caller, protocol::remote::StoragePoolDeleteArgs);
    Task<> undefine(rpc::Caller, protocol::remote::StoragePoolUndefineArgs);
    Task<> refresh(rpc::Caller, protocol::remote::StoragePoolRefreshArgs);
    Task<> set_autostart(rpc::Caller, protocol::remote::StoragePoolSetAutostartArgs);

    // Volumes (volume_questions.cc, volume_changes.cc).
    protocol::remote::StoragePoolNumOfVolumesRet num_volumes(const rpc::Caller&,
                                                             const protocol::remote::StoragePoolNumOfVolumesArgs&);
    protocol::remote::StoragePoolListVolumesRet list_volumes(const rpc::Caller&,
                                                             const protocol::remote::StoragePoolListVolumesArgs&);
    protocol::remote::StoragePoolListAllVolumesRet list_all_volumes(
        const rpc::Caller&, const protocol::remote::StoragePoolListAllVolumesArgs&);
    protocol::remote::StorageVolLookupByNameRet volume_by_name(const rpc::Caller&,
                                                               const protocol::remote::StorageVolLookupByNameArgs&);
    protocol::remote::StorageVolLookupByKeyRet volume_by_key(const rpc::Caller&,
                                                             const protocol::remote::StorageVolLookupByKeyArgs&);
    protocol::remote::StorageVolLookupByPathRet volume_by_path(const rpc::Caller&,
                                                               const protocol::remote::StorageVolLookupByPathArgs&);
    protocol::remote::StorageVolGetPathRet volume_path(const rpc::Caller&,
                                                       const protocol::remote::StorageVolGetPathArgs&);
    Task<protocol::remote::StorageVolGetInfoRet> volume_info(rpc::Caller, protocol::remote::StorageVolGetInfoArgs);
    Task<protocol::remote::StorageVolGetInfoFlagsRet> volume_info_flags(rpc::Caller,
                                                                        protocol::remote::StorageVolGetInfoFlagsArgs);
    Task<protocol::remote::StorageVolGetXmlDescRet> volume_xml(rpc::Caller, protocol::remote::StorageVolGetXmlDescArgs);
    Task<protocol::remote::StorageVolCreateXmlRet> volume_create(rpc::Caller,
                                                                 protocol::remote::StorageVolCreateXmlArgs);
    Task<protocol::remote::StorageVolCreateXmlFromRet> volume_clone(rpc::Caller,
                                                                    protocol::remote::StorageVolCreateXmlFromArgs);
    Task<> volume_delete(rpc::Caller, protocol::remote::StorageVolDeleteArgs);
    Task<> volume_resize(rpc::Caller, protocol::remote::StorageVolResizeArgs);
    Task<> volume_wipe(rpc::Caller, protocol::remote::StorageVolWipeArgs);
    Task<> volume_wipe_pattern(rpc::Caller, protocol::remote::StorageVolWipePatternArgs);
    Task<> volume_download(rpc::Caller, protocol::remote::StorageVolDownloadArgs);
    Task<> volume_upload(rpc::Caller, protocol::remote::StorageVolUploadArgs);

    Ptr find_name(const std::string& name) const;
    Ptr find_uuid(const Uuid& uuid) const;
    Ptr find_target(const std::string& path) const;
    Ptr find(const protocol::remote::StoragePool& which) const;
    Ptr find_active(const protocol::remote::StoragePool& which) const;
    Place find_volume(const protocol::remote::StorageVol& which) const;
    model::Volume& volume_at(const Place& place) const;
    Place find_path(const std::string& path) const;
    Place find_key(const std::string& key) const;

    void check_conflict(const model::Pool& def) const;
    void allow_flags(std::uint32_t flags, std::uint32_t known, std::string_view function) const;
    Task<Ptr> define_document(std::string text);
    Task<> start_pool(Ptr pool);
    Task<> build_pool(Ptr pool);
    Task<> write_state(Ptr pool);
    Task<> remove_state(Ptr pool);
    Task<> resume(std::string file);
    Task<> start_by_itself();
    /// Looks at one volume's file again.
    Task<> look_again(Place place);
    /// Looks at how full the pool is again; what does not work then shows later.
    Task<> update_facts(Ptr pool);
    Task<protocol::remote::StorageVol> create_volume(Ptr pool, std::string text, std::uint32_t flags,
                                                     std::optional<Original> original);
    Task<> wipe(Place place);
    Task<> download(std::shared_ptr<rpc::Stream> stream, std::shared_ptr<Fd> fd, std::uint64_t offset,
                    std::uint64_t length);
    Task<> upload(std::shared_ptr<rpc::Stream> stream, Place place, std::shared_ptr<Fd> fd, std::uint64_t offset,
                  std::uint64_t length);
    void publish(const Pool& pool, std::int32_t what);
    void publish_refresh(const Pool& pool);

    std::unique_ptr<objects::DefinitionStore> store_;
    std::unique_ptr<Backend> backend_;
    std::string state_folder_;
    Registry registry_;
    objects::EventHub events_;
    rpc::HandlerTable handlers_;
    /// Definitions change one at a time: two pools may not have the same place.
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
    TaskGroup transfers_;
};

}  // namespace innkeeper::storage
