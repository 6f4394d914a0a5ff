package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"runtime"
	"sync"
	"weak"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// definitions are those of all clusters.
var definitions = sharedDefinitions{
	latest: map[[sha256.Size]byte]weak.Pointer[apiextensionsv1.CustomResourceDefinition]{},
}

// sharedDefinitions makes the definitions of resources share memory. A definition may take a megabyte, and a thousand
// clusters with the same addon have the same ones.
type sharedDefinitions struct {
	mu sync.Mutex
	// latest is the definition that was stored last of those with the same spec.
	latest map[[sha256.Size]byte]weak.Pointer[apiextensionsv1.CustomResourceDefinition]
}

// adopt has a definition that nobody else knows yet share what it can with one that is stored. Objects of a store never
// change.
func (s *sharedDefinitions) adopt(next *apiextensionsv1.CustomResourceDefinition) {
	text, err := json.Marshal(next.Spec)
	if err != nil {
		return
	}
	content := sha256.Sum256(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.latest[content].Value(); other != nil {
		next.Spec = other.Spec
		shareFields(next, other)
	}
	s.latest[content] = weak.Make(next)
	runtime.AddCleanup(next, s.forget, content)
}

func (s *sharedDefinitions) forget(content [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest[content].Value() == nil {
		delete(s.latest, content)
	}
}

// shareFields has a definition share what is said about the managers of its fields.
func shareFields(next, other *apiextensionsv1.CustomResourceDefinition) {
	for i := range next.ManagedFields {
		for _, known := range other.ManagedFields {
			if own := next.ManagedFields[i].FieldsV1; own != nil && known.FieldsV1 != nil &&
				bytes.Equal(own.Raw, known.FieldsV1.Raw) {
				next.ManagedFields[i].FieldsV1 = known.FieldsV1
			}
		}
	}
	for key, value := range other.Annotations {
		// The annotation of kubectl apply has the whole of the definition.
		if next.Annotations[key] == value {
			next.Annotations[key] = value
		}
	}
}
