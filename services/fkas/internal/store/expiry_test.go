package store_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

func TestEventsExpireAnHourAfterTheirLastChange(t *testing.T) {
	g := NewWithT(t)
	s := store.New(clientgoscheme.Scheme)
	s.AddResourceGroup("c")
	c := s.GetResourceGroup("c").GetClient()
	for _, name := range []string{"once", "again"} {
		g.Expect(c.Create(ctx, &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		})).To(Succeed())
	}
	again := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "again"}}
	patch := []byte(`{"lastTimestamp":"` + time.Now().Add(30*time.Minute).UTC().Format(time.RFC3339) + `"}`)
	g.Expect(c.Patch(ctx, again, client.RawPatch(types.MergePatchType, patch))).To(Succeed())
	names := func() []string {
		found, _ := s.Cluster("c").List(corev1.SchemeGroupVersion.WithKind("Event"), "")
		var names []string
		for _, obj := range found {
			names = append(names, obj.GetName())
		}
		return names
	}
	s.ExpireEvents(time.Now().Add(59 * time.Minute))
	g.Expect(names()).To(Equal([]string{"again", "once"}))
	s.ExpireEvents(time.Now().Add(61 * time.Minute))
	g.Expect(names()).To(Equal([]string{"again"}))
	s.ExpireEvents(time.Now().Add(91 * time.Minute))
	g.Expect(names()).To(BeEmpty())
}
