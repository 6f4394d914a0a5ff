#!/bin/sh
# Runs after each start of containerd and imports the images of this folder once. minikube restarts containerd and then
# looks which images are there, so systemd must not report the start as done before.
set -eu
images=/opt/minikube-base/images
done=/var/lib/containerd/minikube-base-images
[ ! -e "$done" ] || exit 0
for archive in "$images"/*.tar; do
    name=$(basename "$archive" .tar)
    # The archive's own name for the image goes: it would only confuse a list of what the lab loaded.
    imported=$(ctr -n k8s.io images import "$archive" | awk '{print $2; exit}')
    awk -v name="$name" '$2 == name {print $1}' "$images/images.txt" | while read -r tag; do
        ctr -n k8s.io images tag --force "$imported" "$tag" > /dev/null
    done
    ctr -n k8s.io images rm "$imported" > /dev/null
done
touch "$done"
