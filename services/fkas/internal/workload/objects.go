package workload

import (
	"fmt"
	"strings"

	"github.com/blang/semver/v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// coreDNSVersion is the version of CoreDNS that KCP sees. KCP only compares it with the version that it wants, which is
// the existing one unless a KubeadmControlPlane names another.
const coreDNSVersion = "v1.13.1"

const corefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`

// namespaces are the namespaces that every cluster has from its first moment.
func namespaces() []client.Object {
	var out []client.Object
	for _, name := range []string{
		metav1.NamespaceDefault, metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease,
	} {
		out = append(out, &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}},
			Spec:       corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
			Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
		})
	}
	return out
}

// kubeadmObjects are the objects that `kubeadm init` creates on the first control-plane machine. KCP considers the
// control plane initialised if kubeadm-config exists, so none of them may exist before that machine is up.
func kubeadmObjects(cluster Cluster, first Node) []client.Object {
	system := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: name}
	}
	const getNodes = "kubeadm:get-nodes"
	return []client.Object{
		&rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: getNodes},
			Rules: []rbacv1.PolicyRule{
				{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes"}},
			},
		},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: getNodes},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: getNodes},
			Subjects: []rbacv1.Subject{
				{Kind: rbacv1.GroupKind, Name: "system:bootstrappers:kubeadm:default-node-token"},
			},
		},
		&corev1.ConfigMap{ObjectMeta: system("kubeadm-config"), Data: map[string]string{
			"ClusterConfiguration": clusterConfiguration(cluster, first),
		}},
		&corev1.ConfigMap{ObjectMeta: system("kubelet-config"), Data: map[string]string{
			"kubelet": "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
		}},
		&corev1.ConfigMap{ObjectMeta: system("coredns"), Data: map[string]string{"Corefile": corefile}},
		deployment(system("coredns"), "coredns", "registry.k8s.io/coredns/coredns:"+coreDNSVersion, corev1.Toleration{
			Key: ControlPlaneLabel, Effect: corev1.TaintEffectNoSchedule,
		}),
		daemonSet(system("kube-proxy"), "kube-proxy", "registry.k8s.io/kube-proxy:"+first.Version, corev1.Toleration{
			Operator: corev1.TolerationOpExists,
		}),
	}
}

// clusterConfiguration is kubeadm's ClusterConfiguration, in the API version that kubeadm of this Kubernetes version
// writes: v1beta4 from 1.31 on, v1beta3 before. KCP parses and rewrites it when it upgrades the cluster.
func clusterConfiguration(cluster Cluster, first Node) string {
	api := "v1beta4"
	if v, err := semver.ParseTolerant(first.Version); err == nil && v.LT(semver.MustParse("1.31.0-0")) {
		api = "v1beta3"
	}
	return strings.Join([]string{
		"apiVersion: kubeadm.k8s.io/" + api,
		"clusterName: " + cluster.Name.Name,
		fmt.Sprintf("controlPlaneEndpoint: %q", hostPort(cluster.Host, cluster.Port)),
		"kind: ClusterConfiguration",
		"kubernetesVersion: " + first.Version,
		"",
	}, "\n")
}

func deployment(meta metav1.ObjectMeta, app, image string, toleration corev1.Toleration) *appsv1.Deployment {
	labels := map[string]string{"k8s-app": app}
	meta.Labels = labels
	replicas := int32(2)
	return &appsv1.Deployment{
		ObjectMeta: meta,
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: podTemplate(labels, app, image, toleration),
		},
		Status: appsv1.DeploymentStatus{
			Replicas:          replicas,
			UpdatedReplicas:   replicas,
			ReadyReplicas:     replicas,
			AvailableReplicas: replicas,
		},
	}
}

func daemonSet(meta metav1.ObjectMeta, app, image string, toleration corev1.Toleration) *appsv1.DaemonSet {
	labels := map[string]string{"k8s-app": app}
	meta.Labels = labels
	return &appsv1.DaemonSet{
		ObjectMeta: meta,
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: podTemplate(labels, app, image, toleration),
		},
	}
}

func podTemplate(
	labels map[string]string, container, image string, toleration corev1.Toleration,
) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			Containers:  []corev1.Container{{Name: container, Image: image}},
			Tolerations: []corev1.Toleration{toleration},
		},
	}
}
