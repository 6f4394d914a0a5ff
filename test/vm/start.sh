#!/bin/sh
# Makes the machine's disks and emulates it until it powers off.
# Input: /seed (the home of the machine's user), /images.tar (what Docker has there), CPUS, MEMORY (MiB).
set -eu
: "${CPUS:?}" "${MEMORY:?}"
cd /vm

# The emulated machine would take half an hour to load them.
mkdir docker
dockerd --data-root /vm/docker --storage-driver overlay2 --bridge none --iptables=false > dockerd.log 2>&1 &
dockerd=$!
until docker version > /dev/null 2>&1; do kill -0 $dockerd; sleep 0.2; done
docker load --quiet --input /images.tar
kill $dockerd
wait $dockerd
mke2fs -q -t ext4 -d docker docker.img 24G
rm -r docker

ssh-keygen -q -t ed25519 -N '' -f key
mkdir -p home/user/.ssh
cp -a /seed/. home/user/
cp key.pub home/user/.ssh/authorized_keys
# Debian gives the first user this number.
chown -R 1000:1000 home/user
mke2fs -q -t ext4 -d home home.img 12G
rm -r home
mke2fs -q -t ext4 -d /machine root.img 8G

# No KVM, wherever this runs: the test is the same everywhere. The machine reaches nothing but this container.
# Without two features of the processor Linux copies memory eight bytes at a time, and not one at a time: emulated, the
# instructions that they stand for are slow.
disk() { echo "-drive file=$1,format=raw,if=virtio,cache=unsafe,discard=unmap"; }
# shellcheck disable=SC2046
exec qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu max,-erms,-fsrm -smp "$CPUS" -m "$MEMORY" \
    -nodefaults -display none -no-reboot -serial file:console.log \
    -kernel /machine/vmlinuz -initrd /machine/initrd.img -append "root=/dev/vda rw console=ttyS0" \
    $(disk root.img) $(disk home.img) $(disk docker.img) \
    -netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:2222-:22 -device virtio-net-pci,netdev=net \
    -device virtio-rng-pci
