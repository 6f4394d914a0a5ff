#!/bin/sh
# Makes a container fit to be a minikube node, then hands over to systemd. With `docker run --privileged` most of this
# is so already; the rest serves machines where a container gets single capabilities in its place.
set -eu

if ! mount -o remount,bind,rw /sys 2>/dev/null; then
    echo 'the container may not remount /sys: it needs --privileged or CAP_SYS_ADMIN' >&2
    exit 1
fi
awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts | while read -r mountpoint; do
    mount -o remount,bind,rw "$mountpoint"
done
if grep -q ' /proc/sys ' /proc/mounts; then
    mount -o remount,bind,rw /proc/sys
fi
mount --make-rshared /
[ -e /dev/kmsg ] || ln -s /dev/console /dev/kmsg

# Docker's resolver (127.0.0.11) does not answer in the network namespace of a pod, and CoreDNS would ask itself there
# and stop. A newer Docker leaves the machine's own servers in a comment. With an older one the gateway stands in their
# place: where nothing answers there, names outside the cluster are not found, and those inside are.
if grep -q '127\.0\.0\.11' /etc/resolv.conf; then
    servers=$(sed -n 's/^# ExtServers: \[\(.*\)\]/\1/p' /etc/resolv.conf | tr ' ' '\n' | sed 's/host(\(.*\))/\1/')
    [ -n "$servers" ] || servers=$(ip -4 route show default | awk '{print $3; exit}')
    search=$(grep '^search' /etc/resolv.conf || true)
    { for server in $servers; do echo "nameserver $server"; done; echo "$search"; } > /run/resolv.conf
    cat /run/resolv.conf > /etc/resolv.conf
fi

# Every node has a machine ID and SSH host keys of its own.
rm -f /etc/machine-id
systemd-machine-id-setup > /dev/null
ssh-keygen -A > /dev/null
mkdir -p /run/sshd

exec "$@"
