package serving_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"metal3-scale-lab/fkas/internal/testkit"
)

// ownProcess is the environment variable that is set in the process which only measures memory.
const ownProcess = "FKAS_TEST_MEASURES_MEMORY"

// live is the memory of all objects that are in use, in bytes.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc) + int64(stats.StackInuse)
}

// TestAClusterTakesLittleMemory has clusters of three machines, each with a client that has listed and watches. The
// memory of the clients, in the same process, is in the figure. The servers of earlier tests give back their memory
// some time after their tests, which would be taken off the figure: so it is measured in a process of its own.
func TestAClusterTakesLittleMemory(t *testing.T) {
	if os.Getenv(ownProcess) == "" {
		command := exec.CommandContext(testkit.Context(t), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		command.Env = append(os.Environ(), ownProcess+"=1")
		output, err := command.CombinedOutput()
		t.Logf("%s", output)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		return
	}
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	add := func(name string) *kubernetes.Clientset {
		s := spec(t, name)
		g.Expect(server.Ensure(s)).To(Succeed())
		fill(t, server, s, []string{name + "-cp"}, []string{name + "-w1", name + "-w2"})
		client := clientset(t, s)
		watching, err := client.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		t.Cleanup(watching.Stop)
		node, err := client.CoreV1().Nodes().Get(ctx, name+"-cp", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		node.Labels["more"] = "x"
		_, err = client.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		return client
	}
	// What all clusters share is there after the first.
	clients := []*kubernetes.Clientset{add("first")}
	before := live()
	const count = 30
	for i := range count {
		clients = append(clients, add(fmt.Sprint("c", i)))
	}
	each := (live() - before) / count / 1024
	t.Logf("%d KiB a cluster", each)
	g.Expect(each).To(And(BeNumerically(">", 0), BeNumerically("<", 1536)), "KiB a cluster")
	runtime.KeepAlive(clients)
}
