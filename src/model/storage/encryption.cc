#include "model/storage/encryption.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Encryption = VolumeEncryption;

const xml::Element<Encryption::Secret> secret =
    xml::describe<Encryption::Secret>(
        "secret",
        xml::attribute("type", &Encryption::Secret::type)
            .required(ErrorCode::xml_error, "unknown volume encryption secret type (null)")
            .complain(ErrorCode::xml_error, "unknown volume encryption secret type {}"),
        xml::attribute("uuid", &Encryption::Secret::uuid), xml::attribute("usage", &Encryption::Secret::usage))
        .finished_by(+[](Encryption::Secret& read) {
            if (!read.uuid && read.usage.empty())
                throw Error(ErrorCode::xml_error, "missing secret uuid or usage attribute");
            if (read.uuid && !read.usage.empty())
                throw Error(ErrorCode::xml_error, "either secret uuid or usage expected");
        });

const xml::Element<Encryption::Cipher> cipher = xml::describe<Encryption::Cipher>(
    "cipher", xml::attribute("name", &Encryption::Cipher::name).required(),
    xml::attribute("size", &Encryption::Cipher::size).required(), xml::attribute("mode", &Encryption::Cipher::mode),
    xml::attribute("hash", &Encryption::Cipher::hash));

const xml::Element<Encryption::Ivgen> ivgen =
    xml::describe<Encryption::Ivgen>("ivgen", xml::attribute("name", &Encryption::Ivgen::name).required(),
                                     xml::attribute("hash", &Encryption::Ivgen::hash));

}  // namespace

const xml::Element<VolumeEncryption> volume_encryption =
    xml::describe<Encryption>("encryption",
                              xml::attribute("format", &Encryption::format)
                                  .required(ErrorCode::xml_error, "unknown volume encryption format (null)")
                                  .complain(ErrorCode::config_unsupported, "unknown volume encryption format type {}"),
                              xml::expanded<Encryption>(), xml::children(&Encryption::secrets, secret),
                              xml::child(&Encryption::cipher, cipher), xml::child(&Encryption::ivgen, ivgen));

}  // namespace innkeeper::model
