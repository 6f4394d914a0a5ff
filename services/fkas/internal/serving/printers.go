package serving

import (
	"fmt"
	"sort"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// printer makes the columns that kubectl shows for a kind; the names are kube-apiserver's.
type printer struct {
	columns []metav1.TableColumnDefinition
	cells   func(*unstructured.Unstructured) ([]any, error)
}

var printers = map[string]printer{
	"": {
		columns("Name", "Age"),
		func(u *unstructured.Unstructured) ([]any, error) { return []any{u.GetName(), age(u)}, nil },
	},
	"Node": {columns("Name", "Status", "Roles", "Age", "Version"), nodeCells},
	"Pod":  {columns("Name", "Ready", "Status", "Restarts", "Age"), podCells},
	"Namespace": {columns("Name", "Status", "Age"), func(u *unstructured.Unstructured) ([]any, error) {
		phase, _, err := unstructured.NestedString(u.Object, "status", "phase")
		return []any{u.GetName(), phase, age(u)}, err
	}},
	"ConfigMap": {columns("Name", "Data", "Age"), func(u *unstructured.Unstructured) ([]any, error) {
		data, _, err := unstructured.NestedMap(u.Object, "data")
		return []any{u.GetName(), int64(len(data)), age(u)}, err
	}},
	"Deployment": {columns("Name", "Ready", "Up-to-date", "Available", "Age"), deploymentCells},
	"DaemonSet":  {columns("Name", "Desired", "Current", "Ready", "Age"), daemonSetCells},
}

func columns(names ...string) []metav1.TableColumnDefinition {
	out := make([]metav1.TableColumnDefinition, 0, len(names))
	for _, name := range names {
		column := metav1.TableColumnDefinition{Name: name, Type: "string"}
		if name == "Name" {
			column.Format = "name"
		}
		out = append(out, column)
	}
	return out
}

func age(u *unstructured.Unstructured) string {
	created := u.GetCreationTimestamp()
	if created.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(time.Since(created.Time))
}

func nodeCells(u *unstructured.Unstructured) ([]any, error) {
	var node corev1.Node
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &node); err != nil {
		return nil, err
	}
	status := "Unknown"
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
			status = "Ready"
		} else if c.Type == corev1.NodeReady {
			status = "NotReady"
		}
	}
	if node.Spec.Unschedulable {
		status += ",SchedulingDisabled"
	}
	var roles []string
	for label := range node.Labels {
		if role, ok := strings.CutPrefix(label, "node-role.kubernetes.io/"); ok && role != "" {
			roles = append(roles, role)
		}
	}
	sort.Strings(roles)
	if len(roles) == 0 {
		roles = []string{"<none>"}
	}
	return []any{node.Name, status, strings.Join(roles, ","), age(u), node.Status.NodeInfo.KubeletVersion}, nil
}

func podCells(u *unstructured.Unstructured) ([]any, error) {
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &pod); err != nil {
		return nil, err
	}
	ready, restarts := 0, int32(0)
	for _, c := range pod.Status.ContainerStatuses {
		if c.Ready {
			ready++
		}
		restarts += c.RestartCount
	}
	return []any{
		pod.Name,
		fmt.Sprintf("%d/%d", ready, len(pod.Spec.Containers)),
		string(pod.Status.Phase),
		int64(restarts),
		age(u),
	}, nil
}

func deploymentCells(u *unstructured.Unstructured) ([]any, error) {
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
		return nil, err
	}
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	return []any{
		d.Name,
		fmt.Sprintf("%d/%d", d.Status.ReadyReplicas, wanted),
		int64(d.Status.UpdatedReplicas),
		int64(d.Status.AvailableReplicas),
		age(u),
	}, nil
}

func daemonSetCells(u *unstructured.Unstructured) ([]any, error) {
	var d appsv1.DaemonSet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
		return nil, err
	}
	return []any{
		d.Name,
		int64(d.Status.DesiredNumberScheduled),
		int64(d.Status.CurrentNumberScheduled),
		int64(d.Status.NumberReady),
		age(u),
	}, nil
}
