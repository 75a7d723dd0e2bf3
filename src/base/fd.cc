#include "base/fd.h"

#include <fcntl.h>

#include <cerrno>

#include "base/error.h"

namespace innkeeper {

Fd Fd::duplicate() const {
    const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw Error::system(errno, "cannot duplicate a file descriptor");
    return Fd(copy);
}

}  // namespace innkeeper
