package serving

import (
	"sync"
	"time"

	"metal3-scale-lab/fkas/internal/store"
)

// expireEvents looks for Events that are too old, of all clusters, once a minute. It returns what ends that.
func expireEvents(objects *store.Store) (stop func()) {
	ended := make(chan struct{})
	ticker := time.NewTicker(time.Minute)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case now := <-ticker.C:
				objects.ExpireEvents(now)
			case <-ended:
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(ended) })
}
