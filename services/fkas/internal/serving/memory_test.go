package serving_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"metal3-scale-lab/fkas/internal/serving"
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

// inOwnProcess runs a test in a process of its own, and says whether this is that process. The servers of earlier tests
// give back their memory some time after their tests, which would be taken off the figure.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownProcess) != "" {
		return true
	}
	command := exec.CommandContext(testkit.Context(t), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), ownProcess+"=1")
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return false
}

// ofThreeMachines makes a cluster, and returns a client of it.
func ofThreeMachines(t *testing.T, server *serving.Server, name string) *kubernetes.Clientset {
	t.Helper()
	s := spec(t, name)
	NewWithT(t).Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{name + "-cp"}, []string{name + "-w1", name + "-w2"})
	return clientset(t, s)
}

// TestAClusterTakesLittleMemory has clusters of three machines, each with a client that has listed and watches. The
// memory of the clients, in the same process, is in the figure.
func TestAClusterTakesLittleMemory(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	add := func(name string) *kubernetes.Clientset {
		client := ofThreeMachines(t, server, name)
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

// TestAnAddonTakesLittleMemory has clusters of three machines with a Deployment of three Pods and a DaemonSet, when
// their controllers have ended. It also tells the CPU time until then.
func TestAnAddonTakesLittleMemory(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	add := func(name string) *kubernetes.Clientset {
		client := ofThreeMachines(t, server, name)
		_, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		return client
	}
	addon := func(name string, client *kubernetes.Clientset) {
		_, err := client.AppsV1().Deployments("default").Create(ctx, newDeployment("web", 3), metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		_, err = client.AppsV1().DaemonSets("default").Create(ctx, newDaemonSet("agent"), metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		expectReady(t, client, "agent", map[string]int{name + "-w1": 1, name + "-w2": 1})
	}
	const count = 10
	clients := map[string]*kubernetes.Clientset{}
	for i := range count {
		name := fmt.Sprint("c", i)
		clients[name] = add(name)
	}
	// What all clusters share is there after the first.
	first := add("first")
	addon("first", first)
	g.Eventually(server.Working, "20s").Should(BeZero())
	before, cpu := live(), cpuTime(t)
	for name, client := range clients {
		addon(name, client)
	}
	busy := live()
	g.Eventually(server.Working, "20s").Should(BeZero())
	each := (live() - before) / count / 1024
	t.Logf("%d KiB a cluster at rest, %d KiB while its controllers run, %v of CPU",
		each, (busy-before)/count/1024, (cpuTime(t)-cpu)/count)
	g.Expect(each).To(And(BeNumerically(">", 0), BeNumerically("<", 512)), "KiB a cluster")
	runtime.KeepAlive(clients)
}

// cpuTime is the CPU time of this process.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
