#!/bin/sh
# Healthy, on the control plane: the API server is ready, and the default service account, which pods need, is there.
# On a worker: its kubelet answers. On both: the Node is Ready. A worker without images is no Node yet, and is healthy
# as soon as images can be copied into it.
set -eu
if [ "$NODE_ROLE" = worker ]; then
    client="kubelet"
    port=10248
    if [ ! -e /var/lib/lab-node/has-images ]; then
        ctr version > /dev/null
        exit 0
    fi
else
    client="admin"
    port=6443
fi
socat -u OPEN:/dev/null "TCP:127.0.0.1:$port,connect-timeout=5"
# Once it was all there a cheap look is enough.
[ ! -e /run/lab-node-was-ready ] || exit 0

ask() { /usr/local/lib/lab-node/ask-api.sh "$client" "$1"; }
found() { # PATH: ends the check where the API server does not have it yet
    status=$(ask "$1" | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')
    [ "$status" = 200 ] || { echo "the API server's answer to $1 is '$status'" >&2; exit 1; }
}
if [ "$NODE_ROLE" != worker ]; then
    [ -e /run/lab-node-api-answered ] || { echo "the API server is not ready" >&2; exit 1; }
    found /api/v1/namespaces/default/serviceaccounts/default
fi
status=$(ask "/api/v1/nodes/$NODE_NAME" | sed -n 's/.*"type":"Ready","status":"\([^"]*\)".*/\1/p')
[ "$status" = True ] || { echo "node $NODE_NAME is not Ready: '$status'" >&2; exit 1; }
touch /run/lab-node-was-ready
