// Package httpapi speaks the HTTP protocol of upstream's FKAS, and adds requests to list, to remove and to check
// health.
//
//	POST   /register               {"cluster","namespace"} → {"ResourceName","Host","Port"}; idempotent
//	PUT    /updateNode             {"cluster","namespace","nodeName","providerID","uuid","labels","k8sversion"}
//	GET    /clusters               every fake cluster of this process, with its nodes and last error
//	DELETE /clusters/{ns}/{name}   remove a registration; 409 while the Cluster itself exists
//	GET    /healthz                200 while this process answers
//	GET    /readyz                 200 once every cluster declared at the start is served, else 503
//
// The first two are those of hack/fake-apiserver in cluster-api-provider-metal3. Errors are {"error": "…"}. A status of
// 4xx is a mistake of the caller and one of 5xx a failure of FKAS, with two exceptions: like upstream, FKAS answers 500
// for an unknown cluster and for a worker before the first control-plane node, because upstream's callers try again on
// 500.
package httpapi
