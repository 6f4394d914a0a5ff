#!/bin/sh
# Makes iptables see what pods of this node send each other: without it a Service's answer to a pod of its own node
# comes from the address of a pod, and is dropped. Docker has not loaded the module for that since its version 27.3.
set -eu

# The machine's modules are not in here, but the kernel itself loads the one by whose name a network interface is asked
# for.
ip link show br_netfilter > /dev/null 2>&1 || true
if [ ! -e /proc/sys/net/bridge ]; then
    echo "pods would not reach Services: the machine's kernel has no br_netfilter ('sudo modprobe br_netfilter')" >&2
    exit 1
fi
sysctl -qw net.bridge.bridge-nf-call-iptables=1
