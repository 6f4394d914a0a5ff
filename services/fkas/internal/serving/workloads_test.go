package serving_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"metal3-scale-lab/fkas/internal/testkit"
)

func podsNamed(app string) (*metav1.LabelSelector, corev1.PodTemplateSpec) {
	labels := map[string]string{"app": app}
	return &metav1.LabelSelector{MatchLabels: labels}, corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: app, Image: "example.com/" + app + ":1"}}},
	}
}

func newDeployment(app string, replicas int32) *appsv1.Deployment {
	selector, template := podsNamed(app)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, Selector: selector, Template: template},
	}
}

func newDaemonSet(app string, tolerations ...corev1.Toleration) *appsv1.DaemonSet {
	selector, template := podsNamed(app)
	template.Spec.Tolerations = tolerations
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec:       appsv1.DaemonSetSpec{Selector: selector, Template: template},
	}
}

// readyPods counts the pods of an app that run and are Ready, by the name of their Node. It also returns all of them.
func readyPods(ctx context.Context, c kubernetes.Interface, app string) (map[string]int, []corev1.Pod, error) {
	list, err := c.CoreV1().Pods("default").List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		return nil, nil, err
	}
	count := map[string]int{}
	for _, pod := range list.Items {
		for _, condition := range pod.Status.Conditions {
			if pod.Status.Phase == corev1.PodRunning && condition.Type == corev1.PodReady &&
				condition.Status == corev1.ConditionTrue {
				count[pod.Spec.NodeName]++
			}
		}
	}
	return count, list.Items, nil
}

func expectReady(t *testing.T, c kubernetes.Interface, app string, wanted map[string]int) []corev1.Pod {
	t.Helper()
	var pods []corev1.Pod
	testkit.Eventually(t, fmt.Sprintf("pods of %s on %v", app, wanted), func() error {
		count, found, err := readyPods(testkit.Context(t), c, app)
		pods = found
		if err == nil && fmt.Sprint(count) != fmt.Sprint(wanted) {
			err = fmt.Errorf("they are on %v", count)
		}
		return err
	})
	return pods
}

func TestWorkloadsGetPodsThatTurnReady(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w1", "w2"})
	c := clientset(t, s)
	apps := c.AppsV1()

	_, err := apps.Deployments("default").Create(ctx, newDeployment("web", 4), metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	pods := expectReady(t, c, "web", map[string]int{"w1": 2, "w2": 2})
	everywhere := corev1.Toleration{Operator: corev1.TolerationOpExists}
	_, err = apps.DaemonSets("default").Create(ctx, newDaemonSet("agent", everywhere), metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = apps.DaemonSets("default").Create(ctx, newDaemonSet("worker"), metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	expectReady(t, c, "agent", map[string]int{"cp": 1, "w1": 1, "w2": 1})
	expectReady(t, c, "worker", map[string]int{"w1": 1, "w2": 1})
	testkit.Eventually(t, "pods of kube-proxy on each Node, and both of CoreDNS", func() error {
		proxy, err := apps.DaemonSets("kube-system").Get(ctx, "kube-proxy", metav1.GetOptions{})
		if err != nil {
			return err
		}
		dns, err := apps.Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err == nil && (proxy.Status.NumberAvailable != 3 || dns.Status.UpdatedReplicas != 2 ||
			dns.Status.ObservedGeneration == 0 || dns.Status.AvailableReplicas != 2) {
			err = fmt.Errorf("%+v, %+v", proxy.Status, dns.Status)
		}
		return err
	})

	addresses := map[string]bool{}
	for _, pod := range pods {
		addresses[pod.Status.PodIP] = true
		g.Expect(pod.Status.PodIP).To(HavePrefix("10.244."))
		g.Expect(pod.Status.HostIP).To(MatchRegexp(`^198\.1[89]\.`))
		g.Expect(pod.Status.ContainerStatuses).To(HaveLen(1))
		g.Expect(pod.Status.ContainerStatuses[0].State.Running).NotTo(BeNil())
		g.Expect(pod.OwnerReferences[0].Kind).To(Equal("ReplicaSet"))
	}
	g.Expect(addresses).To(HaveLen(4), "each pod has its own")
	testkit.Eventually(t, "the Deployment to be available", func() error {
		found, err := apps.Deployments("default").Get(ctx, "web", metav1.GetOptions{})
		if err == nil && found.Status.AvailableReplicas != 4 {
			err = fmt.Errorf("%+v", found.Status)
		}
		return err
	})

	scale, err := apps.Deployments("default").GetScale(ctx, "web", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	scale.Spec.Replicas = 1
	_, err = apps.Deployments("default").UpdateScale(ctx, "web", scale, metav1.UpdateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	testkit.Eventually(t, "one pod", func() error {
		_, found, err := readyPods(ctx, c, "web")
		if err == nil && len(found) != 1 {
			err = fmt.Errorf("there are %d", len(found))
		}
		return err
	})

	// A Node comes, and another goes.
	fill(t, server, s, []string{"cp"}, []string{"w1", "w3"})
	expectReady(t, c, "agent", map[string]int{"cp": 1, "w1": 1, "w3": 1})
	testkit.Eventually(t, "the pod to be where a Node is", func() error {
		count, _, err := readyPods(ctx, c, "web")
		if err == nil && count["w1"]+count["w3"] != 1 {
			err = fmt.Errorf("%v", count)
		}
		return err
	})
	background := metav1.DeletePropagationBackground
	for _, name := range []string{"agent", "worker"} {
		g.Expect(apps.DaemonSets("default").Delete(
			ctx, name, metav1.DeleteOptions{PropagationPolicy: &background})).To(Succeed())
	}
	foreground := metav1.DeletePropagationForeground
	g.Expect(apps.Deployments("default").Delete(
		ctx, "web", metav1.DeleteOptions{PropagationPolicy: &foreground})).To(Succeed())
	testkit.Eventually(t, "nothing to be left", func() error {
		list, err := c.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			err = fmt.Errorf("%d pods", len(list.Items))
		}
		return err
	})
}

func TestJobsEndAndStatefulSetsAreInOrder(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w"})
	c := clientset(t, s)

	_, template := podsNamed("once")
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := c.BatchV1().Jobs("default").Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "once"}, Spec: batchv1.JobSpec{Template: template},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	selector, template := podsNamed("db")
	replicas := int32(2)
	_, err = c.AppsV1().StatefulSets("default").Create(ctx, &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec:       appsv1.StatefulSetSpec{Replicas: &replicas, Selector: selector, Template: template},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = c.CoreV1().Services("default").Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec:       corev1.ServiceSpec{Selector: selector.MatchLabels, Ports: []corev1.ServicePort{{Port: 5432}}},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())

	pods := expectReady(t, c, "db", map[string]int{"w": 2})
	g.Expect([]string{pods[0].Name, pods[1].Name}).To(Equal([]string{"db-0", "db-1"}))
	testkit.Eventually(t, "the Job to be complete", func() error {
		job, err := c.BatchV1().Jobs("default").Get(ctx, "once", metav1.GetOptions{})
		if err == nil && (job.Status.Succeeded != 1 || job.Status.CompletionTime == nil) {
			err = fmt.Errorf("%+v", job.Status)
		}
		return err
	})
	testkit.Eventually(t, "the Service to have two endpoints", func() error {
		slices, err := c.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{})
		if err == nil && (len(slices.Items) != 1 || len(slices.Items[0].Endpoints) != 2) {
			err = fmt.Errorf("%+v", slices.Items)
		}
		return err
	})
}

// TestAClusterWithoutWorkloadsStartsNothing also sees that controllers end when they have nothing more to do.
func TestAClusterWithoutWorkloadsStartsNothing(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	before := runtime.NumGoroutine()
	fill(t, server, s, []string{"cp"}, []string{"w1", "w2"})
	g.Consistently(runtime.NumGoroutine, time.Second, 50*time.Millisecond).Should(BeNumerically("<=", before))

	c := clientset(t, s)
	_, err := c.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "a"},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	// The client's connection has goroutines of its own.
	before = runtime.NumGoroutine()
	_, err = c.AppsV1().DaemonSets("default").Create(ctx, newDaemonSet("agent"), metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	expectReady(t, c, "agent", map[string]int{"w1": 1, "w2": 1})
	t.Logf("%d goroutines while controllers run", runtime.NumGoroutine()-before)
	g.Expect(runtime.NumGoroutine()).To(BeNumerically(">", before+20), "controllers run")
	testkit.NoMoreGoroutines(t, before)

	// They come back when a Node does.
	fill(t, server, s, []string{"cp"}, []string{"w1", "w2", "w3"})
	expectReady(t, c, "agent", map[string]int{"w1": 1, "w2": 1, "w3": 1})
	testkit.NoMoreGoroutines(t, before)
}
