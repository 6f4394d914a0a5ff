// Package pki finds the certificate authorities of a cluster in the Secrets of the management cluster. If it may, it
// creates them and the kubeconfig before KCP does.
//
// Creating them early saves time. The ClusterCaches of Cluster API's core, KCP and CAPM3 connect as soon as they see a
// Cluster. If `<cluster>-kubeconfig` does not exist then, they try again only after a fixed 30 s. KCP uses what it
// finds: it looks the authorities up before it generates any, and it adopts Secrets of type cluster.x-k8s.io/secret,
// including the rotation of the client certificate (KubeadmControlPlane: reconcileClusterCertificates,
// adoptKubeconfigSecret).
package pki
