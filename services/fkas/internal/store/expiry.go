package store

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// eventTTL is how long a kube-apiserver keeps an Event after its last change: the default of its --event-ttl.
const eventTTL = time.Hour

var eventKind = corev1.SchemeGroupVersion.WithKind("Event")

// ExpireEvents deletes the Events of all clusters that have not changed for an hour.
func (s *Store) ExpireEvents(now time.Time) {
	s.mu.RLock()
	clusters := make([]*Cluster, 0, len(s.clusters))
	for _, c := range s.clusters {
		clusters = append(clusters, c)
	}
	s.mu.RUnlock()
	for _, c := range clusters {
		events, _ := c.List(eventKind, "")
		for _, obj := range events {
			if now.Sub(lastChange(obj.(*corev1.Event))) > eventTTL {
				// One that was changed in the meantime stays.
				_, _ = c.Commit(eventKind, client.ObjectKeyFromObject(obj), obj, nil)
			}
		}
	}
}

// lastChange is the latest of the times that an Event tells.
func lastChange(event *corev1.Event) time.Time {
	times := []time.Time{event.CreationTimestamp.Time, event.LastTimestamp.Time, event.EventTime.Time}
	if event.Series != nil {
		times = append(times, event.Series.LastObservedTime.Time)
	}
	return slices.MaxFunc(times, time.Time.Compare)
}
