#!/bin/bash
# make_guest.sh DIR: a tiny Linux guest, DIR/vmlinuz and DIR/initrd.gz. Debian's cloud kernel (its package is downloaded
# and unpacked, not installed) and busybox. The guest says INNKEEPER-GUEST-UP on its serial console, then runs a shell
# there; it powers off when asked to by ACPI. Does nothing where both files exist.
set -euo pipefail
mkdir -p "${1:?usage: make_guest.sh DIR}"
dir=$(cd "$1" && pwd)
[ -s "$dir/vmlinuz" ] && [ -s "$dir/initrd.gz" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
kernel_package() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }'; }
package=$(kernel_package)
if [ -z "$package" ] || ! apt-get download -qq "$package" 2>/dev/null; then
    apt-get update -qq
    package=$(kernel_package)
    apt-get download -qq "$package"
fi
dpkg -x linux-image*.deb kernel

mkdir -p root/bin root/dev root/proc root/sys root/modules
cp "$(command -v busybox)" root/bin/busybox
# The power button reaches user space through these modules, where the kernel does not have them built in.
find kernel \( -name 'button.ko*' -o -name 'evdev.ko*' \) -exec cp {} root/modules/ \;
cat >root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
for module in /modules/*.ko; do [ -e "$module" ] && insmod "$module"; done
for event in /sys/class/input/event*; do
    [ "$(cat "$event/device/name")" = 'Power Button' ] || continue
    (dd if="/dev/input/${event##*/}" of=/dev/null bs=24 count=1 2>/dev/null
     echo INNKEEPER-GUEST-DOWN >/dev/ttyS0
     poweroff -f) </dev/null &
done
echo INNKEEPER-GUEST-UP >/dev/ttyS0
exec setsid cttyhack sh </dev/ttyS0 >/dev/ttyS0 2>&1
INIT
chmod +x root/init
(cd root && find . | cpio -o -H newc 2>/dev/null | gzip -9) >"$dir/initrd.gz"
cp kernel/boot/vmlinuz-* "$dir/vmlinuz"
chmod 644 "$dir/vmlinuz" "$dir/initrd.gz"
