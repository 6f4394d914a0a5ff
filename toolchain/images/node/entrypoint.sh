#!/bin/sh
# Makes a container fit to be a Kubernetes node, then hands over to runit.
# Input: the files of /etc/kubernetes/pki and the variables NODE_ROLE (control-plane or worker), NODE_NAME, NODE_IP,
# NODE_POD_CIDR, POD_ROUTES, MAX_PODS, CONTROL_PLANE_IP, POD_CIDR, SERVICE_CIDR, CLUSTER_DNS, PAUSE_IMAGE, NODE_VOLUMES,
# KUBE_PROXY_MODE, POD_MTU, KUBE_APISERVER_ARGS (components/substrate/embedded).
set -eu

: "${NODE_ROLE:?}" "${NODE_NAME:?}" "${NODE_IP:?}" "${POD_CIDR:?}" "${SERVICE_CIDR:?}"

# The container has its own cgroup namespace, but Docker mounts its view read-only.
mount -o remount,bind,rw /sys
awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts | while read -r mountpoint; do
    mount -o remount,bind,rw "$mountpoint"
done
mount -o remount,bind,rw /proc/sys
mount --make-rshared /
[ -e /dev/kmsg ] || ln -s /dev/console /dev/kmsg

# cgroup v2 forbids processes in a group that hands controllers to its children: everything goes into a leaf.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    while read -r pid; do echo "$pid" > /sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true; done < /sys/fs/cgroup/cgroup.procs
    tr ' ' '\n' < /sys/fs/cgroup/cgroup.controllers | while read -r controller; do
        echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control || true
    done
fi

# Pods resolve names through the node's file; Docker's embedded resolver (127.0.0.11) does not answer in a pod's
# network namespace, so the machine's own servers go into a file kubelet hands to pods.
if grep -q '127\.0\.0\.11' /etc/resolv.conf; then
    { sed -n 's/^# ExtServers: \[\(.*\)\]/\1/p' /etc/resolv.conf | tr ' ' '\n' | sed 's/host(\(.*\))/\1/; s/^/nameserver /'
      grep '^search' /etc/resolv.conf || true; } > /etc/kubernetes/resolv.conf
else
    cp /etc/resolv.conf /etc/kubernetes/resolv.conf
fi

sysctl -qw net.ipv4.ip_forward=1
/usr/local/lib/lab-node/bridge-netfilter.sh
/usr/local/lib/lab-node/pod-network.sh

# Data of pods that are not root: kubelet makes a missing directory for root alone.
for volume in $NODE_VOLUMES; do
    mkdir -p "/var/lib/lab-volumes/$volume"
    chmod 1777 "/var/lib/lab-volumes/$volume"
done

rm -rf /run/service
/usr/local/lib/lab-node/write-configuration.sh
mkdir -p /var/log/lab-node /var/lib/lab-node /var/lib/kubelet /var/lib/etcd /run/service
for service in /etc/lab-node/service/*; do
    case "$NODE_ROLE ${service##*/}" in
        "worker etcd" | "worker kube-apiserver" | "worker kube-controller-manager" | "worker kube-scheduler") ;;
        *) cp -r "$service" /run/service/ ;;
    esac
done
exec runsvdir -P /run/service
