#!/bin/sh
# Writes what the components of this node read: kubeconfigs, kubelet, containerd and CNI configuration.
set -eu
pki=/etc/kubernetes/pki

kubeconfig() { # NAME: /etc/kubernetes/NAME.conf with the client certificate of the same name
    cat > "/etc/kubernetes/$1.conf" <<EOF
apiVersion: v1
kind: Config
current-context: lab
clusters:
  - name: lab
    cluster: {server: "https://$CONTROL_PLANE_IP:6443", certificate-authority: $pki/ca.crt}
users:
  - name: $1
    user: {client-certificate: $pki/$1.crt, client-key: $pki/$1.key}
contexts:
  - name: lab
    context: {cluster: lab, user: $1}
EOF
}
for client in kubelet kube-proxy; do kubeconfig "$client"; done
if [ "$NODE_ROLE" != worker ]; then
    for client in admin controller-manager scheduler; do kubeconfig "$client"; done
fi

cat > /etc/kubernetes/kubelet.yaml <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
failCgroupV1: false
clusterDNS: ["$CLUSTER_DNS"]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
resolvConf: /etc/kubernetes/resolv.conf
tlsCertFile: $pki/kubelet-server.crt
tlsPrivateKeyFile: $pki/kubelet-server.key
rotateCertificates: false
serverTLSBootstrap: false
failSwapOn: false
maxPods: $MAX_PODS
registerWithTaints: []
# The machine's disk is everybody's: evicting the lab because a neighbour fills it helps nobody, and images
# that were imported rather than pulled cannot be fetched again once collected.
evictionHard: {memory.available: "100Mi", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
imageMaximumGCAge: 0s
shutdownGracePeriod: 0s
serializeImagePulls: false
EOF

cat > /etc/kubernetes/kube-proxy.yaml <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: /etc/kubernetes/kube-proxy.conf}
clusterCIDR: "$POD_CIDR"
hostnameOverride: "$NODE_NAME"
mode: "$KUBE_PROXY_MODE"
# The limits belong to the machine, and are read-only in here.
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
EOF

mkdir -p /etc/containerd /etc/cni/net.d
cat > /etc/containerd/config.toml <<EOF
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
EOF

cat > /etc/cni/net.d/10-lab.conflist <<EOF
{
  "cniVersion": "1.0.0",
  "name": "lab",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true, "mtu": $POD_MTU,
      "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam", "ranges": [[{"subnet": "$NODE_POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
EOF
