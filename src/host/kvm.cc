#include "host/kvm.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/fd.h"

namespace innkeeper::host {

namespace {

Fd open_kvm() { return Fd(::open("/dev/kvm", O_RDWR | O_CLOEXEC)); }

}  // namespace

std::optional<std::uint64_t> kvm_feature_register([[maybe_unused]] std::uint32_t index) {
#if defined(__x86_64__) || defined(__i386__)
    const Fd kvm = open_kvm();
    if (!kvm) return std::nullopt;
    // The kernel's struct ends in an array without a length, here of one.
    alignas(kvm_msrs) unsigned char room[sizeof(kvm_msrs) + sizeof(kvm_msr_entry)] = {};
    auto* question = reinterpret_cast<kvm_msrs*>(room);
    question->nmsrs = 1;
    question->entries[0].index = index;
    if (::ioctl(kvm.get(), KVM_GET_MSRS, question) == 1) return question->entries[0].data;
#endif
    return std::nullopt;
}

std::optional<TimeStampCounter> kvm_time_stamp_counter() {
    const Fd kvm = open_kvm();
    if (!kvm) return std::nullopt;
    // Only a processor of a guest is asked for it.
    const Fd guest(::ioctl(kvm.get(), KVM_CREATE_VM, 0));
    if (!guest) return std::nullopt;
    const Fd processor(::ioctl(guest.get(), KVM_CREATE_VCPU, 0));
    if (!processor) return std::nullopt;
    const int kilohertz = ::ioctl(processor.get(), KVM_GET_TSC_KHZ, 0);
    if (kilohertz <= 0) return std::nullopt;
    return TimeStampCounter{static_cast<std::uint64_t>(kilohertz) * 1000,
                            ::ioctl(kvm.get(), KVM_CHECK_EXTENSION, KVM_CAP_TSC_CONTROL) > 0};
}

}  // namespace innkeeper::host
