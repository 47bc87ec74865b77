#!/bin/busybox sh
# The first process of the guest: it loads the modules, mounts the host's files read-only, and then runs $INIT.
busybox=/bin/busybox
while read -r module; do
    $busybox insmod "/modules/$module" || echo "the module $module was not loaded"
done < /modules/order
$busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose machine /machine
exec $busybox switch_root /machine "$INIT"
