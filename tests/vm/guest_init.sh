#!/bin/sh
# The first process of the guest. It is root on the host's files, so they are mounted read-only by the kernel's own
# command line; only the job's folder, which the kernel hands over as $JOB, is mounted a second time for writing.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
# a guest must not outlive those who wait for it
(sleep "$SECONDS_LEFT"; echo o > /proc/sysrq-trigger) &
mkdir /run/job
mount -t hostfs -o "$JOB" job /run/job
exec > /run/job/log 2>&1
# together, as plain loading by hand fails on the order of dependencies
modprobe --all --dirname "$JOB/root" --set-version "$(uname -r)" \
    ipv6 dummy bonding 8021q bridge team macvlan ipvlan vrf veth vxlan ipip tun
"$PYTHON" "$RUNNER" /run/job
sync
# deleting the namespaces can hang; the power goes with them in place
echo o > /proc/sysrq-trigger
sleep 60
