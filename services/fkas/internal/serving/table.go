package serving

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
)

// wantsTable says whether the client asked for rows to print, as `kubectl get` does. The in-memory handler answers
// with plain objects, of which kubectl can print no more than name and age.
func wantsTable(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		if strings.Contains(accept, "as=Table") && strings.Contains(accept, "v=v1;") {
			return strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/apis/")
		}
	}
	return false
}

// table answers with a meta.k8s.io/v1 Table made from the in-memory handler's answer.
func (s *Server) table(w http.ResponseWriter, r *http.Request) {
	recorded := &recorder{header: http.Header{}}
	plain := r.Clone(r.Context())
	plain.Header.Set("Accept", runtime.ContentTypeJSON)
	s.api.ServeHTTP(recorded, plain)

	var content unstructured.Unstructured
	if recorded.code() == http.StatusOK && json.Unmarshal(recorded.body.Bytes(), &content.Object) == nil {
		if table, ok := toTable(&content); ok {
			writeJSON(w, http.StatusOK, table)
			return
		}
	}
	for name, values := range recorded.header {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.code())
	_, _ = w.Write(recorded.body.Bytes())
}

// toTable makes a table of an object or a list. It returns false for a Status and for discovery.
func toTable(content *unstructured.Unstructured) (*metav1.Table, bool) {
	kind := content.GetKind()
	items := []unstructured.Unstructured{*content}
	switch {
	case slices.Contains([]string{"", "Status", "APIResourceList", "APIGroup", "APIGroupList", "APIVersions"}, kind):
		return nil, false
	case strings.HasSuffix(kind, "List"):
		list, err := content.ToList()
		if err != nil {
			return nil, false
		}
		items, kind = list.Items, strings.TrimSuffix(kind, "List")
	}
	// The in-memory store lists in no order; kube-apiserver lists by namespace and name.
	slices.SortFunc(items, func(a, b unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	printer, ok := printers[kind]
	if !ok {
		printer = printers[""]
	}
	table := &metav1.Table{
		TypeMeta:          metav1.TypeMeta{APIVersion: metav1.SchemeGroupVersion.String(), Kind: "Table"},
		ListMeta:          metav1.ListMeta{ResourceVersion: content.GetResourceVersion()},
		ColumnDefinitions: printer.columns,
		Rows:              []metav1.TableRow{},
	}
	for i := range items {
		meta, err := partial(&items[i])
		if err != nil {
			return nil, false
		}
		cells, err := printer.cells(&items[i])
		if err != nil {
			return nil, false
		}
		table.Rows = append(table.Rows, metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Raw: meta}})
	}
	return table, true
}

// partial is the metadata that goes with a row (includeObject=Metadata, the default): kubectl reads name, namespace
// and labels from it.
func partial(item *unstructured.Unstructured) ([]byte, error) {
	return json.Marshal(map[string]any{
		"apiVersion": metav1.SchemeGroupVersion.String(),
		"kind":       "PartialObjectMetadata",
		"metadata":   item.Object["metadata"],
	})
}

// oldestNodeVersion is the version of the kubelet that registered first, and empty where there is no Node.
func oldestNodeVersion(c inmemoryclient.Client) string {
	var nodes corev1.NodeList
	if err := c.List(context.Background(), &nodes); err != nil {
		return ""
	}
	var oldest *corev1.Node
	for i := range nodes.Items {
		if n := &nodes.Items[i]; oldest == nil || n.CreationTimestamp.Before(&oldest.CreationTimestamp) {
			oldest = n
		}
	}
	if oldest == nil {
		return ""
	}
	return oldest.Status.NodeInfo.KubeletVersion
}

// recorder is a ResponseWriter that keeps the answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
