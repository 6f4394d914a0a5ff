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
answers() { socat -u OPEN:/dev/null "TCP:127.0.0.1:$port,connect-timeout=5"; }
answers
# Once it was all there a cheap look is enough.
[ ! -e /run/lab-node-was-ready ] || exit 0

# Asks the API server for a path. Not by kubectl: on a slow machine it starts for so long that one check after another
# would take the processor that the node needs to become Ready. The connection stays open for writing, because the API
# server gives up a request of which it hears that nobody writes any more.
pki=/etc/kubernetes/pki
ask() {
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" | socat -t 10 -T 10 - "OPENSSL:$CONTROL_PLANE_IP:6443,connect-timeout=5,\
shut-none,cafile=$pki/ca.crt,cert=$pki/$client.crt,key=$pki/$client.key"
}
found() { # PATH: ends the check where the API server does not have it yet
    status=$(ask "$1" | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')
    [ "$status" = 200 ] || { echo "the API server's answer to $1 is '$status'" >&2; exit 1; }
}
if [ "$NODE_ROLE" != worker ]; then
    found /readyz
    found /api/v1/namespaces/default/serviceaccounts/default
fi
status=$(ask "/api/v1/nodes/$NODE_NAME" | sed -n 's/.*"type":"Ready","status":"\([^"]*\)".*/\1/p')
[ "$status" = True ] || { echo "node $NODE_NAME is not Ready: '$status'" >&2; exit 1; }
touch /run/lab-node-was-ready
