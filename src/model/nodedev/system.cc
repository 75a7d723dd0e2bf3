#include "model/nodedev/system.h"

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

const xml::Element<System> system = xml::describe<System>(
    "capability", xml::value("product", &System::product),
    xml::child("hardware", xml::value("vendor", &System::vendor), xml::value("version", &System::version),
               xml::value("serial", &System::serial),
               xml::value("uuid", &System::uuid)
                   .required(ErrorCode::internal_error, "no system UUID supplied for 'new device'")
                   .complain(ErrorCode::internal_error, "malformed uuid element for 'new device'"))
        .required(ErrorCode::internal_error, "no system UUID supplied for 'new device'"),
    xml::child("firmware", xml::expanded<System>(), xml::value("vendor", &System::firmware_vendor),
               xml::value("version", &System::firmware_version),
               xml::value("release_date", &System::firmware_release_date))
        .keep_empty());

}  // namespace innkeeper::model::nodedev
