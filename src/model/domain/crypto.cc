#include "model/domain/crypto.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Crypto> crypto_element = xml::describe<Crypto>(
    "crypto", xml::attribute("model", &Crypto::model).required(), xml::attribute("type", &Crypto::type).required(),
    xml::child("backend", xml::attribute("model", &Crypto::backend).required(),
               xml::attribute("queues", &Crypto::queues))
        .required(),
    xml::child("driver", xml::embed(&Crypto::virtio, virtio_options_element)),
    xml::embed(&Crypto::info, device_info_element));

}  // namespace innkeeper::model
