#!/bin/sh
# Healthy, on the control plane: the API server is ready, and the default service account, which pods need, is there.
# On a worker: its kubelet answers. On both: the Node is Ready. A worker without images is no Node yet, and is healthy
# as soon as images can be copied into it.
set -eu
if [ "$NODE_ROLE" = worker ]; then
    config=/etc/kubernetes/kubelet.conf
    port=10248
    if [ ! -e /var/lib/lab-node/has-images ]; then
        ctr version > /dev/null
        exit 0
    fi
else
    config=/etc/kubernetes/admin.conf
    port=6443
fi
answers() { socat -u OPEN:/dev/null "TCP:127.0.0.1:$port,connect-timeout=5"; }
ask() { kubectl --kubeconfig "$config" --request-timeout=5s "$@"; }
answers
# Once it was all there a cheap look is enough: kubectl every few seconds would cost more than an idle cluster.
[ ! -e /run/lab-node-was-ready ] || exit 0
if [ "$NODE_ROLE" != worker ]; then
    ask get --raw /readyz > /dev/null
    ask get serviceaccount default -n default > /dev/null
fi
status=$(ask get node "$NODE_NAME" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
[ "$status" = True ] || { echo "node $NODE_NAME is not Ready: '$status'" >&2; exit 1; }
touch /run/lab-node-was-ready
