package lifecycle

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"metal3-scale-lab/fkas/internal/store"
)

// controllerManager is the user of the controllers' requests.
var controllerManager = &user.DefaultInfo{
	Name: "system:kube-controller-manager", Groups: []string{user.AllAuthenticated},
}

// transport hands requests to the API of one cluster, without a connection. It carries no watches.
type transport struct {
	api     http.Handler
	cluster *store.Cluster
}

// RoundTrip returns when the whole answer is there.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := store.With(request.WithUser(r.Context(), controllerManager), t.cluster)
	asked := r.Clone(ctx)
	// It becomes the name of the manager of the fields that are written.
	asked.Header.Set("User-Agent", "kube-controller-manager")
	answer := &answer{header: http.Header{}, code: http.StatusOK}
	t.api.ServeHTTP(answer, asked)
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", answer.code, http.StatusText(answer.code)),
		StatusCode:    answer.code,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        answer.header,
		Body:          io.NopCloser(&answer.body),
		ContentLength: int64(answer.body.Len()),
		Request:       r,
	}, nil
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

var _ http.ResponseWriter = &answer{}

// Header is that of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sets the code.
func (a *answer) WriteHeader(code int) { a.code = code }

// Write adds to the body.
func (a *answer) Write(data []byte) (int, error) { return a.body.Write(data) }

// newClient is a client of the API of a cluster.
func newClient(api http.Handler, cluster *store.Cluster) (*kubernetes.Clientset, error) {
	config := &rest.Config{
		Host: "http://fkas", QPS: -1,
		ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeProtobuf},
	}
	clients, err := kubernetes.NewForConfigAndClient(config, &http.Client{Transport: transport{api, cluster}})
	if err != nil {
		return nil, fmt.Errorf("make a client of a fake cluster: %w", err)
	}
	return clients, nil
}
