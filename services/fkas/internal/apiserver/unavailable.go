package apiserver

import (
	"encoding/json"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// absent says why a subresource is not there, by resource and subresource.
var absent = map[string]string{
	"pods/log":       "a fake node runs no containers, so there are no logs",
	"pods/exec":      "a fake node runs no containers in which a command could be executed",
	"pods/attach":    "a fake node runs no containers to which one could attach",
	"pods/proxy":     "a fake node runs no containers to which requests could be forwarded",
	"services/proxy": "a fake node runs no containers to which requests could be forwarded",
	"nodes/proxy":    "a fake node runs no kubelet to which requests could be forwarded",
}

// unavailable answers 501 to requests for what only a kubelet has. Without this, clients would be told that a
// connection failed or that there is no such resource.
func unavailable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if info, ok := request.RequestInfoFrom(r.Context()); ok && info.Subresource != "" {
			if why, ok := absent[info.Resource+"/"+info.Subresource]; ok {
				writeStatus(w, http.StatusNotImplemented, "NotImplemented", why)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func writeStatus(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client is gone if this fails.
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
}
