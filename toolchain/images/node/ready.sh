#!/bin/sh
# Healthy: the API server is ready, this node is Ready, and the default service account (which pods need) is there.
set -eu
kubectl --request-timeout=5s get --raw /readyz > /dev/null
kubectl --request-timeout=5s get serviceaccount default -n default > /dev/null
status=$(kubectl --request-timeout=5s get node "$NODE_NAME" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
[ "$status" = True ] || { echo "node $NODE_NAME is not Ready: '$status'" >&2; exit 1; }
