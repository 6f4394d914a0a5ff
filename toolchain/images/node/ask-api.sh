#!/bin/sh
# Prints what the API server answers to a GET of a path, the status line first: ask-api.sh CLIENT PATH, where CLIENT is
# a name of a certificate in the folder of the PKI. Not kubectl: on a slow machine its start alone takes so long that
# what asks again and again would have all of the processor.
# The connection stays open for writing, because the API server gives up a request of which it hears that nobody writes
# any more.
set -eu
pki=/etc/kubernetes/pki
printf 'GET %s HTTP/1.0\r\n\r\n' "$2" | socat -t 10 -T 10 - "OPENSSL:$CONTROL_PLANE_IP:6443,connect-timeout=5,\
shut-none,cafile=$pki/ca.crt,cert=$pki/$1.crt,key=$pki/$1.key"
