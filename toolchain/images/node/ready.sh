#!/bin/sh
# Healthy: the API server is ready, this node is Ready, and the default service account (which pods need) is there.
set -eu
# Once it was all there a cheap look is enough: kubectl every few seconds would cost more than an idle cluster.
if [ -e /run/lab-node-was-ready ]; then
    exec socat -u OPEN:/dev/null TCP:127.0.0.1:6443,connect-timeout=5
fi
kubectl --request-timeout=5s get --raw /readyz > /dev/null
kubectl --request-timeout=5s get serviceaccount default -n default > /dev/null
status=$(kubectl --request-timeout=5s get node "$NODE_NAME" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
[ "$status" = True ] || { echo "node $NODE_NAME is not Ready: '$status'" >&2; exit 1; }
touch /run/lab-node-was-ready
