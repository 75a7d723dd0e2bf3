# Sourced by ./run and ./test: installs the Debian packages that they need.
#   install_packages PACKAGE…      nothing to do where all are there; apt-get needs root

packages_build=(clang-19 lld-19 libclang-rt-19-dev cmake ninja-build ccache pkg-config python3
    libboost1.81-dev libboost-json1.81-dev libpugixml-dev libxml2-dev libgnutls28-dev libsasl2-dev libaudit-dev libudev-dev libsystemd-dev libspdlog-dev libfmt-dev libgtest-dev libgmock-dev)
packages_guest=(qemu-system-x86 qemu-utils libvirt-clients busybox-static cpio)
packages_test=(python3-pytest python3-libvirt libxml2-utils gnutls-bin sasl2-bin libsasl2-modules libsasl2-modules-gssapi-mit krb5-kdc krb5-admin-server krb5-user openssh-client netcat-openbsd clang-19 llvm-19 iproute2 procps util-linux
    virtinst ovmf swtpm swtpm-tools qemu-system-arm qemu-system-misc
    debootstrap systemd-container dpkg-dev file dbus-daemon dbus-bin polkitd systemd python3-dbus python3-gi
    libvirt-daemon libvirt-daemon-driver-qemu)  # the daemon that tests compare with; nothing starts it but they

install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "These Debian packages are missing; install them as root, then try again:" >&2
        echo "    apt-get install -y --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
}
