#!/bin/sh
# Connects the pods of this node with those of all others. Each node has a range of the pod network that follows from
# its index alone, so there are routes to the ranges of all nodes that there can ever be: no node that runs has to be
# told of a new one.
# Input: POD_CIDR, NODE_POD_CIDR (the range of this node) and POD_ROUTES ("RANGE=ADDRESS RANGE=ADDRESS ...").
set -eu

for route in $POD_ROUTES; do
    ip route replace "${route%=*}" via "${route#*=}"
done

# What a pod sends out of the pod network gets the address of its node, because nobody there knows the way to a pod.
# What it sends to pods and by multicast keeps the pod's own address, also on another node.
iptables -t nat -N LAB-POD-MASQUERADE
iptables -t nat -A LAB-POD-MASQUERADE -d "$POD_CIDR" -j RETURN
iptables -t nat -A LAB-POD-MASQUERADE -d 224.0.0.0/4 -j RETURN
iptables -t nat -A LAB-POD-MASQUERADE -j MASQUERADE
iptables -t nat -A POSTROUTING -s "$NODE_POD_CIDR" -j LAB-POD-MASQUERADE
