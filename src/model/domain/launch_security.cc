#include "model/domain/launch_security.h"

#include "xml/parts.h"

namespace innkeeper::model {

using Security = LaunchSecurity;

const xml::Element<LaunchSecurity> launch_security_element = xml::describe<LaunchSecurity>(
    "launchSecurity", xml::attribute("type", &Security::type).required(),
    xml::when(
        +[](const Security& security) { return security.type == Security::Type::sev; },
        xml::attribute("kernelHashes", &Security::kernel_hashes, xml::yes_no),
        xml::value("cbitpos", &Security::c_bit_position)
            .complain(ErrorCode::xml_error, "Invalid format for launch security cbitpos"),
        xml::value("reducedPhysBits", &Security::reduced_physical_bits)
            .complain(ErrorCode::xml_error, "Invalid format for launch security reduced-phys-bits"),
        xml::value("policy", &Security::policy)
            .hex(4)
            .required(ErrorCode::xml_error, "failed to get launch security policy")
            .complain(ErrorCode::xml_error, "failed to get launch security policy"),
        xml::value("dhCert", &Security::owners_certificate), xml::value("session", &Security::session)));

}  // namespace innkeeper::model
