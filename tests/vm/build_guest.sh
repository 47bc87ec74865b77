#!/bin/sh
# Makes what a guest boots: the folder $1 gets `vmlinuz` and `initramfs`. The kernel is Debian's, which has every link
# type; its package is unpacked and not installed, so that this machine's own boot stays as it is.
set -eu

# first what reaches this machine's files, then what the scenarios build
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

image=$(apt-cache depends --important linux-image-amd64 | sed -n 's/^ *Depends: *\(linux-image-[^ ]*\).*/\1/p' | head -n 1)
if [ -z "$image" ]; then
    echo "apt does not know the package \`linux-image-amd64\`: run \`apt-get update\`" >&2
    exit 1
fi
apt-get -qq -o APT::Sandbox::User= download "$image"
dpkg-deb --extract ./linux-image-*.deb package
kernel=$(basename package/boot/vmlinuz-*)
version=${kernel#vmlinuz-}

# Debian 12 has the modules in /lib and later ones in /usr/lib; kmod looks in either, as it was built
[ -e package/lib ] || ln -s usr/lib package/lib
[ -e package/usr/lib ] || ln -s ../lib package/usr/lib
depmod --basedir package "$version"
for module in $modules; do
    modprobe --config /dev/null --dirname package --set-version "$version" --show-depends "$module" > depends
    cat depends >> all
done
# a module stands after those it needs
sed -n 's/^insmod \([^ ]*\).*/\1/p' all | awk '!seen[$0]++' > paths
while read -r path; do
    cp "$path" guest/modules/
    basename "$path" >> guest/modules/order
done < paths

cp "$(readlink -f "$(command -v busybox)")" guest/bin/busybox
cp "$here/initramfs_init.sh" guest/init
(cd guest && find . | busybox cpio -o -H newc) > initramfs 2> cpio-messages
mkdir -p "$target"
cp "package/boot/$kernel" "$target/vmlinuz"
cp initramfs "$target/initramfs"
