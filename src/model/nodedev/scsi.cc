#include "model/nodedev/scsi.h"

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

namespace {

using enum ErrorCode;

const auto fc_host =
    xml::describe<FcHost>("capability", xml::value("wwnn", &FcHost::wwnn), xml::value("wwpn", &FcHost::wwpn),
                          xml::value("fabric_wwn", &FcHost::fabric_wwn));
const auto vport_operations = xml::describe<VportOperations>(
    "capability", xml::value("max_vports", &VportOperations::most), xml::value("vports", &VportOperations::in_use));
const auto host_capability = xml::describe<ScsiHostCapability>(
    "capability", xml::one_of("type", &ScsiHostCapability::kind, xml::alternative("fc_host", fc_host),
                              xml::alternative("vport_ops", vport_operations))
                      .required(internal_error, "missing SCSI host capability type for 'new device'")
                      .complain(internal_error, "unknown SCSI host capability type '{}' for 'new device'"));

const auto remote_port = xml::describe<FcRemotePort>(
    "capability",
    xml::value("rport", &FcRemotePort::rport).required(internal_error, "missing rport name for 'new device'"),
    xml::value("wwpn", &FcRemotePort::wwpn));
const auto target_capability = xml::describe<ScsiTargetCapability>(
    "capability", xml::one_of("type", &ScsiTargetCapability::kind, xml::alternative("fc_remote_port", remote_port))
                      .required(internal_error, "missing SCSI target capability type for 'new device'")
                      .complain(internal_error, "unknown SCSI target capability type '{}' for 'new device'"));

template <class Kind>
const Kind* capability_of(const ScsiHost& host) {
    for (const auto& each : host.capabilities)
        if (const auto* kind = std::get_if<Kind>(&each.kind)) return kind;
    return nullptr;
}

}  // namespace

const FcHost* ScsiHost::fc_host() const { return capability_of<FcHost>(*this); }
const VportOperations* ScsiHost::vports() const { return capability_of<VportOperations>(*this); }

const xml::Element<ScsiHost> scsi_host = xml::describe<ScsiHost>(
    "capability",
    xml::value("host", &ScsiHost::host).complain(internal_error, "invalid SCSI host ID supplied for 'new device'"),
    xml::value("unique_id", &ScsiHost::unique_id)
        .complain(internal_error, "invalid unique_id supplied for SCSI host for 'new device'"),
    xml::children(&ScsiHost::capabilities, host_capability));

const xml::Element<ScsiTarget> scsi_target = xml::describe<ScsiTarget>(
    "capability",
    xml::value("target", &ScsiTarget::target).required(internal_error, "no target name supplied for 'new device'"),
    xml::child(&ScsiTarget::capability, target_capability));

const xml::Element<Scsi> scsi =
    xml::describe<Scsi>("capability",
                        xml::value("host", &Scsi::host)
                            .required(internal_error, "no SCSI host ID supplied for 'new device'")
                            .complain(internal_error, "invalid SCSI host ID supplied for 'new device'"),
                        xml::value("bus", &Scsi::bus)
                            .required(internal_error, "no SCSI bus ID supplied for 'new device'")
                            .complain(internal_error, "invalid SCSI bus ID supplied for 'new device'"),
                        xml::value("target", &Scsi::target)
                            .required(internal_error, "no SCSI target ID supplied for 'new device'")
                            .complain(internal_error, "invalid SCSI target ID supplied for 'new device'"),
                        xml::value("lun", &Scsi::lun)
                            .required(internal_error, "no SCSI LUN ID supplied for 'new device'")
                            .complain(internal_error, "invalid SCSI LUN ID supplied for 'new device'"),
                        xml::value("type", &Scsi::type));

const xml::Element<ScsiGeneric> scsi_generic =
    xml::describe<ScsiGeneric>("capability", xml::value("char", &ScsiGeneric::path));

}  // namespace innkeeper::model::nodedev
