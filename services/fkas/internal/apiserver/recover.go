package apiserver

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"k8s.io/klog/v2"
)

// recovered answers 500 to a request whose handler panics, and logs where. Otherwise the client would be told only that
// its connection failed.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			odd := recover()
			if odd == nil {
				return
			}
			if err, ok := odd.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				// A handler ends a request by this on purpose.
				panic(odd)
			}
			klog.ErrorS(fmt.Errorf("%v", odd), "A request made the API server panic",
				"method", r.Method, "path", r.URL.Path, "stack", string(debug.Stack()))
			writeStatus(w, http.StatusInternalServerError, "InternalError",
				"This request caused apiserver to panic. Look in the logs for details.")
		}()
		next.ServeHTTP(w, r)
	})
}
