#!/bin/sh
# On the control plane, waits until the API server is ready. Whatever asks it sooner only takes the processor from it,
# and some programs end when they get no answer, and start again: a slow machine did not get out of that.
set -eu
[ "$NODE_ROLE" = control-plane ] || exit 0
answered=/run/lab-node-api-answered
# One asks for all that wait.
exec 9> /run/lab-node-api-lock
flock 9
until [ -e "$answered" ]; do
    if /usr/local/lib/lab-node/ask-api.sh admin /readyz 2> /dev/null | grep -q '^HTTP/[0-9.]* 200'; then
        touch "$answered"
    else
        sleep 1
    fi
done
