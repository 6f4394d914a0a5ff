#!/bin/sh
# On a worker, waits until the lab has copied the pods' images into it (tasks/worker-node): a pod that starts without
# its image would wait for minutes, because there is no registry to pull from.
set -eu
[ "$NODE_ROLE" = worker ] || exit 0
until [ -e /var/lib/lab-node/has-images ]; do sleep 0.5; done
