package serving_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
)

// kubectlAccept is what kubectl 1.35 sends with `get`.
const kubectlAccept = "application/json;as=Table;v=v1;g=meta.k8s.io," +
	"application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"

func table(t *testing.T, s serving.Spec, path string) ([]string, [][]string) {
	t.Helper()
	raw, err := clientset(
		t,
		s,
	).CoreV1().
		RESTClient().
		Get().
		AbsPath(path).
		SetHeader("Accept", kubectlAccept).
		DoRaw(testkit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	if table.Kind != "Table" {
		t.Fatalf("%s: %s", path, raw)
	}
	var columns []string
	for _, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			columns = append(columns, column.Name)
		}
	}
	var rows [][]string
	for _, row := range table.Rows {
		var cells []string
		for i, cell := range row.Cells {
			if table.ColumnDefinitions[i].Priority == 0 {
				cells = append(cells, fmt.Sprint(cell))
			}
		}
		rows = append(rows, cells)
	}
	return columns, rows
}

func TestKubectlGetShowsTheColumnsOfARealCluster(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	_, rows := table(t, s, "/api/v1/nodes")
	g.Expect(rows).To(BeEmpty())
	fill(t, server, s, []string{"cp"}, []string{"w"})

	columns, rows := table(t, s, "/api/v1/nodes")
	g.Expect(columns).To(Equal([]string{"Name", "Status", "Roles", "Age", "Version"}))
	ages := regexp.MustCompile(`^\d+s$`)
	for _, row := range rows {
		g.Expect(row[3]).To(MatchRegexp(ages.String()))
		row[3] = "age"
	}
	g.Expect(rows).
		To(Equal([][]string{{"cp", "Ready", "control-plane", "age", "v1.35.4"}, {"w", "Ready", "<none>", "age", "v1.35.4"}}))
	columns, rows = table(t, s, "/api/v1/namespaces/kube-system/pods/etcd-cp")
	g.Expect(columns).To(Equal([]string{"Name", "Ready", "Status", "Restarts", "Age"}))
	g.Expect(rows).To(Equal([][]string{{"etcd-cp", "1/1", "Running", "0", rows[0][4]}}))
	_, rows = table(t, s, "/apis/apps/v1/namespaces/kube-system/deployments")
	g.Expect(rows).To(Equal([][]string{{"coredns", "2/2", "2", "2", rows[0][4]}}))
	columns, rows = table(t, s, "/apis/rbac.authorization.k8s.io/v1/clusterroles")
	g.Expect(columns).To(Equal([]string{"Name", "Created At"}))
	g.Expect(rows).To(Equal([][]string{{"kubeadm:get-nodes", rows[0][1]}}))

	discovery := clientset(t, s).Discovery()
	version, err := discovery.ServerVersion()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(version.GitVersion).To(Equal("v1.35.4"))
	g.Expect(version.Major + "." + version.Minor).To(Equal("1.35"))
	_, lists, err := discovery.ServerGroupsAndResources()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(lists).NotTo(BeEmpty())
	raw, err := discovery.RESTClient().Get().AbsPath("/").DoRaw(testkit.Context(t))
	g.Expect(err).NotTo(HaveOccurred())
	var root metav1.RootPaths
	g.Expect(json.Unmarshal(raw, &root)).To(Succeed())
	for _, path := range root.Paths {
		_, err := discovery.RESTClient().Get().AbsPath(path).DoRaw(testkit.Context(t))
		g.Expect(err).NotTo(HaveOccurred(), path)
	}
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		raw, err := discovery.RESTClient().Get().AbsPath(path).DoRaw(testkit.Context(t))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(raw)).To(Equal("ok"))
	}
}
