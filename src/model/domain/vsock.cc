#include "model/domain/vsock.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Vsock> vsock_element =
    xml::describe<Vsock>("vsock", xml::attribute("model", &Vsock::model),
                         xml::child("cid", xml::attribute("auto", &Vsock::auto_cid, xml::yes_no),
                                    xml::attribute("address", &Vsock::cid)),
                         xml::embed(&Vsock::info, device_info_element),
                         xml::child("driver", xml::embed(&Vsock::virtio, virtio_options_element)))
        .finished_by([](Vsock& vsock) {
            // Lower numbers stand for the host and the like.
            if (vsock.cid.value_or(3) < 3) throw Error(ErrorCode::config_unsupported, "guest CIDs must be >= 3");
            if (!vsock.auto_cid && vsock.cid) vsock.auto_cid = false;
        });

}  // namespace innkeeper::model
