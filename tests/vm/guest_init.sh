#!/bin/sh
# What the guest does once it sees this machine's files. It is root on them, so they are mounted read-only, by itself and
# by qemu; only the job's folder is mounted a second time for writing.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
# a guest must not outlive those who wait for it
(sleep "$SECONDS_LEFT"; busybox poweroff -f) &
mkdir /run/job
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 job /run/job
exec > /run/job/log 2>&1
"$PYTHON" "$RUNNER" /run/job
sync
# deleting the namespaces can hang; the power goes with them in place
exec busybox poweroff -f
