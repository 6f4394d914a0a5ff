package controller_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-logr/logr"
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"metal3-scale-lab/fkas/internal/power"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// withWorker is a lab with a cluster of a control-plane machine and a worker, on hosts of which BMO says that they are
// on.
func withWorker(t *testing.T) *lab.Lab {
	t.Helper()
	objects := append(
		lab.NewCluster("c", testkit.FreePort(t)),
		lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)...)
	return lab.New(t, append(objects, lab.NewMachine("c", "w", false, bmov1alpha1.StateProvisioned)...)...)
}

func changeHost(g *WithT, l *lab.Lab, change func(*bmov1alpha1.BareMetalHost)) {
	var host bmov1alpha1.BareMetalHost
	g.Expect(l.Management.Get(l.Ctx, lab.Key("w-host"), &host)).To(Succeed())
	change(&host)
	g.Expect(l.Management.Update(l.Ctx, &host)).To(Succeed())
}

func readiness(g *WithT, l *lab.Lab) corev1.ConditionStatus {
	node, err := l.Workload("c").CoreV1().Nodes().Get(l.Ctx, "w", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status
		}
	}
	return ""
}

func TestARunFollowsWhenTheKubeletOfAHostThatWasSwitchedOffIsMissed(t *testing.T) {
	g, l := NewWithT(t), withWorker(t)
	result, err := l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeZero())

	changeHost(g, l, func(host *bmov1alpha1.BareMetalHost) { host.Status.PoweredOn = false })
	result, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeNumerically("~", 50*time.Second, time.Second))
	g.Expect(readiness(g, l)).To(Equal(corev1.ConditionTrue))
}

func TestANodeFollowsWhatFakeIPATellsOfItsHost(t *testing.T) {
	g, l := NewWithT(t), withWorker(t)
	changeHost(g, l, func(host *bmov1alpha1.BareMetalHost) {
		host.Spec.BMC.Address = "redfish+http://192.0.2.1:8000/redfish/v1/Systems/uuid-w"
	})
	pair := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"hosts": []map[string]any{{
			"uuid": "uuid-w", "power": "Off", "since": time.Now().Add(-time.Minute), "boot": "boot",
		}}})
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer pair.Close()
	l.Power = power.New(func(context.Context) ([]string, error) { return []string{pair.URL}, nil }, logr.Discard())
	go func() { _ = l.Power.Start(l.Ctx) }()

	// A process that has just started waits for it, so that it takes no machine that is off for one that is on.
	l.MustRun("c")
	g.Expect(readiness(g, l)).To(Equal(corev1.ConditionUnknown))
}
