#!/bin/sh
# Runs a job in the guest, after initramfs_init.sh has mounted the host's files. The guest is root, so qemu gives it these
# files read-only; only the job's folder is mounted a second time, for writing.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
# the guest must not outlive the tests that wait for it
(sleep "$SECONDS_LEFT"; busybox poweroff -f) &
mkdir /run/job
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 job /run/job
exec > /run/job/log 2>&1
"$PYTHON" "$RUNNER" /run/job
sync
# deleting the namespaces can hang, so the guest is switched off while they exist
exec busybox poweroff -f
