#include "model/domain/lease.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Lease> lease_element = xml::describe<Lease>(
    "lease", xml::value("lockspace", &Lease::lockspace), xml::value("key", &Lease::key),
    xml::child("target", xml::attribute("path", &Lease::path), xml::attribute("offset", &Lease::offset).omit("0")));

}  // namespace innkeeper::model
