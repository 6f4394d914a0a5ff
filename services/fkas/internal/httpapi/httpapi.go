package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/controller"
)

const (
	// maxRegister and maxUpdateNode are the longest bodies, in bytes. The labels of a Machine are at most a few KiB.
	maxRegister   = 4 << 10
	maxUpdateNode = 64 << 10
)

// Backend carries out the requests.
type Backend interface {
	// Register serves a cluster, at its declared endpoint or at a free port, and returns host and port.
	Register(ctx context.Context, name types.NamespacedName) (string, int32, error)
	// UpdateNode adds or changes a node of a cluster.
	UpdateNode(ctx context.Context, name types.NamespacedName, node NodeUpdate) error
	// Unregister deletes a registration.
	Unregister(ctx context.Context, name types.NamespacedName) error
	// Statuses lists clusters.
	Statuses() []controller.Status
	// Ready is nil once this process is ready.
	Ready(ctx context.Context) error
}

// Error is a failure, with the HTTP status of its answer.
type Error struct {
	Status  int
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

// NewServer makes the HTTP server. The caller listens and closes it.
func NewServer(backend Backend, log logr.Logger) *http.Server {
	a := &api{backend: backend, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /register", a.register)
	mux.HandleFunc("PUT /updateNode", a.updateNode)
	mux.HandleFunc("GET /clusters", a.list)
	mux.HandleFunc("DELETE /clusters/{namespace}/{name}", a.remove)
	mux.HandleFunc(
		"GET /healthz",
		func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]any{"status": "ok"}) },
	)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, Errorf(http.StatusNotFound, "no such request: %s %s", r.Method, r.URL.Path))
	})
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		// The limit is longer than the backend's own limit for a run, so that a slow run is answered with its error.
		WriteTimeout:   45 * time.Second,
		IdleTimeout:    60 * time.Second,
		MaxHeaderBytes: 16 << 10,
	}
}

type api struct {
	backend Backend
	log     logr.Logger
}

func (a *api) register(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Cluster   string `json:"cluster"`
		Namespace string `json:"namespace"`
	}
	if err := decode(w, r, maxRegister, &request); err != nil {
		a.fail(w, r, err)
		return
	}
	name := types.NamespacedName{Namespace: request.Namespace, Name: request.Cluster}
	if problems := validateName(name); len(problems) > 0 {
		a.fail(w, r, badRequest(problems))
		return
	}
	host, port, err := a.backend.Register(r.Context(), name)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	// The field names are upstream's.
	answer(w, http.StatusOK, map[string]any{"ResourceName": name.String(), "Host": host, "Port": port})
}

func (a *api) updateNode(w http.ResponseWriter, r *http.Request) {
	var update NodeUpdate
	if err := decode(w, r, maxUpdateNode, &update); err != nil {
		a.fail(w, r, err)
		return
	}
	name := types.NamespacedName{Namespace: update.Namespace, Name: update.Cluster}
	if problems := append(validateName(name), update.validate()...); len(problems) > 0 {
		a.fail(w, r, badRequest(problems))
		return
	}
	if err := a.backend.UpdateNode(r.Context(), name, update); err != nil {
		a.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"cluster": name.String(), "node": update.NodeName})
}

func (a *api) list(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"clusters": a.backend.Statuses()})
}

func (a *api) remove(w http.ResponseWriter, r *http.Request) {
	name := types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}
	if problems := validateName(name); len(problems) > 0 {
		a.fail(w, r, badRequest(problems))
		return
	}
	if err := a.backend.Unregister(r.Context(), name); err != nil {
		a.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"removed": name.String()})
}

func (a *api) readyz(w http.ResponseWriter, r *http.Request) {
	if err := a.backend.Ready(r.Context()); err != nil {
		a.fail(w, r, Errorf(http.StatusServiceUnavailable, "%s", err))
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ok"})
}

func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	var known *Error
	if errors.As(err, &known) {
		status = known.Status
	}
	if status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
		a.log.Error(err, "Request failed", "method", r.Method, "path", r.URL.Path)
	}
	answer(w, status, map[string]any{"error": err.Error()})
}

// decode reads one JSON object of at most limit bytes. Unknown fields and further data are errors.
func decode(w http.ResponseWriter, r *http.Request, limit int64, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return Errorf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", limit)
		}
		return Errorf(http.StatusBadRequest, "the body is not the JSON object that is expected: %s", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Errorf(http.StatusBadRequest, "the body holds more than one JSON object")
	}
	return nil
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
