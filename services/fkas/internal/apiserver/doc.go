// Package apiserver answers requests to fake clusters as kube-apiserver does, by its own code: the registries of
// k8s.io/kubernetes (defaults, validation, columns, subresources) and the handlers of k8s.io/apiserver (discovery,
// OpenAPI, patches, server-side apply, dry runs, watches) over the in-memory store in the place of etcd.
//
// All clusters share one set of handlers, which costs memory once. The context of a request names its cluster
// (package store). What of a kube-apiserver is left out, and why:
//   - the filters of its handler chain for fairness, audit, time-outs and CORS: a fake cluster has few clients;
//   - RBAC: who is authenticated may do everything;
//   - admission plugins, of which some would call webhooks that nothing serves; only namespaces are looked after;
//   - the loopback client, informers and controllers: what clients wait for is done by the store and
//     by package lifecycle;
//   - what needs a kubelet (logs, exec), see unavailable.go.
package apiserver
