package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit"
)

// TestANodeFollowsThePowerOfItsHostAtOnce covers the way from the stream of a fake-ipa to a run: no object of the
// management cluster changes.
func TestANodeFollowsThePowerOfItsHostAtOnce(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())

	power := make(chan string)
	pair := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tell := func(power, boot string) {
			_ = json.NewEncoder(w).Encode(map[string]any{"hosts": []map[string]any{{
				"uuid": "uuid-cp", "power": power, "since": time.Now().Add(-time.Minute), "boot": boot,
			}}})
			w.(http.Flusher).Flush()
		}
		tell("On", "boot-1")
		for {
			select {
			case now := <-power:
				tell(now, "boot-2")
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(pair.Close)

	g.Expect(c.Create(ctx, newCluster("a", "0", testkit.FreePort(t)))).To(Succeed())
	machine, m3m, host := newMachine("a", "cp")
	host.Spec.BMC.Address = "redfish+http://127.0.0.1:8000/redfish/v1/Systems/uuid-cp"
	for _, obj := range []client.Object{machine, m3m, host} {
		g.Expect(c.Create(ctx, obj)).To(Succeed())
	}
	host.Status.Provisioning.State = bmov1alpha1.StateProvisioned
	host.Status.OperationalStatus, host.Status.ErrorCount = bmov1alpha1.OperationalStatusOK, 0
	g.Expect(c.Status().Update(ctx, host)).To(Succeed())
	start(t, kube, "--index=0", "--fake-ipa-port="+pair.URL[strings.LastIndex(pair.URL, ":")+1:])

	expect := func(status corev1.ConditionStatus, boot string) {
		t.Helper()
		testkit.Eventually(t, fmt.Sprintf("a Node whose Ready is %s, of %s", status, boot), func() error {
			node, err := readNode(ctx, c)
			if err != nil {
				return err
			}
			for _, condition := range node.Status.Conditions {
				if condition.Type == corev1.NodeReady && condition.Status == status &&
					node.Status.NodeInfo.BootID == boot {
					return nil
				}
			}
			return fmt.Errorf("boot %s, %v", node.Status.NodeInfo.BootID, node.Status.Conditions)
		})
	}
	expect(corev1.ConditionTrue, "boot-1")
	power <- "Off"
	expect(corev1.ConditionUnknown, "boot-1")
	power <- "On"
	expect(corev1.ConditionTrue, "boot-2")
}

// readNode is the Node of the machine `cp` of the cluster `a`.
func readNode(ctx context.Context, c client.Client) (*corev1.Node, error) {
	workload, err := workloadOf(ctx, c, "a")
	if err != nil {
		return nil, err
	}
	return workload.CoreV1().Nodes().Get(ctx, "cp", metav1.GetOptions{})
}
