#!/bin/sh
# Writes `vmlinuz` and `initramfs`, from which a guest boots, into the folder $1. The kernel is Debian's, because it has
# every link type. (The smaller cloud kernel has no 9p.) Its package is unpacked and not installed: an installation would
# change how this machine boots.
set -eu

# the first line gives access to the host's files, the second has the link types of the scenarios
modules="virtio_pci 9pnet_virtio 9p
    dummy bonding 8021q bridge team macvlan ipvlan vrf veth vxlan ipip tun openvswitch"

here=$(dirname "$(readlink -f "$0")")
target=$(readlink -f "$1")
architecture=$(dpkg --print-architecture)
if [ "$architecture" != amd64 ]; then
    echo "the guests of tests/vm are built for the architecture amd64 only; this machine has $architecture" >&2
    exit 1
fi
for program in busybox modprobe depmod; do
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "$program" > /dev/null; then
        echo "\`$program\` is missing: install the packages \`busybox-static\` and \`kmod\`" >&2
        exit 1
    fi
done
PATH="$PATH:/usr/sbin:/sbin"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/package" "$work/guest/bin" "$work/guest/modules" "$work/guest/machine"
cd "$work"

image=$(apt-cache depends --important linux-image-amd64 |
    sed -n 's/^ *Depends: *\(linux-image-[^ ]*\).*/\1/p')
if [ -z "$image" ]; then
    echo "apt does not know the package \`linux-image-amd64\`: run \`apt-get update\`" >&2
    exit 1
fi
apt-get -qq -o APT::Sandbox::User= download "$image"
dpkg-deb --extract ./linux-image-*.deb package
kernel=$(basename package/boot/vmlinuz-*)
version=${kernel#vmlinuz-}

# Debian 12 has the modules in /lib, later releases in /usr/lib; in which of them kmod looks depends on its release
[ -e package/lib ] || ln -s usr/lib package/lib
[ -e package/usr/lib ] || ln -s ../lib package/usr/lib
depmod --basedir package "$version"
for module in $modules; do
    modprobe --config /dev/null --dirname package --set-version "$version" --show-depends "$module" > depends
    cat depends >> all
done
# modprobe lists a module after the modules that it depends on
sed -n 's/^insmod \([^ ]*\).*/\1/p' all | awk '!seen[$0]++' > paths
while read -r path; do
    module=$(basename "$path")
    cp "$path" guest/modules/
    case $module in # later releases compress the modules
        *.xz) busybox unxz "guest/modules/$module" ;;
    esac
    echo "${module%.xz}" >> guest/modules/order
done < paths

cp "$(command -v busybox)" guest/bin/busybox
cp "$here/initramfs_init.sh" guest/init
(cd guest && find . | busybox cpio -o -H newc) > initramfs 2> cpio-messages
mkdir -p "$target"
cp "package/boot/$kernel" "$target/vmlinuz"
cp initramfs "$target/initramfs"
