package serving_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"

	"metal3-scale-lab/fkas/internal/testkit"
)

// TestHelmInstallsAChart has a chart of what addons have: workloads, a definition with an object of it, a Service, and
// a Job that must end before the rest is made. Helm waits until all of it is ready.
func TestHelmInstallsAChart(t *testing.T) {
	helm, kubectl := assetPath(t, "helm"), assetPath(t, "kubectl")
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w"})
	home := t.TempDir()
	file := filepath.Join(home, "kubeconfig")
	g.Expect(clientcmd.WriteToFile(*kubeconfig(testkit.RESTConfig(t, s.CA, address(s))), file)).To(Succeed())
	do := func(program string, arguments ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		command := exec.CommandContext(ctx, program, arguments...)
		command.Env = []string{"KUBECONFIG=" + file, "HOME=" + home}
		var output bytes.Buffer
		command.Stdout, command.Stderr = &output, &output
		g.Expect(command.Run()).To(Succeed(), output.String())
		return output.String()
	}
	chart := filepath.Join("testdata", "addon")
	g.Expect(do(helm, "install", "a", chart, "--wait", "--timeout", "60s")).To(ContainSubstring("STATUS: deployed"))
	g.Expect(do(kubectl, "rollout", "status", "deployment/a-controller", "--timeout=10s")).
		To(ContainSubstring("successfully rolled out"))
	g.Expect(do(kubectl, "get", "deployment/a-controller", "-o", "jsonpath={.status.readyReplicas}")).To(Equal("2"))
	g.Expect(do(kubectl, "get", "daemonset/a-agent", "-o", "jsonpath={.status.numberReady}")).To(Equal("2"))
	g.Expect(do(kubectl, "get", "job/a-migrate", "-o", "jsonpath={.status.succeeded}")).To(Equal("1"))
	g.Expect(do(kubectl, "get", "wg")).To(MatchRegexp(`NAME +SIZE\na +3\n`))

	do(helm, "upgrade", "a", chart, "--set", "replicas=3", "--wait", "--timeout", "60s")
	g.Expect(do(kubectl, "get", "deployment/a-controller", "-o", "jsonpath={.status.readyReplicas}")).To(Equal("3"))
	g.Expect(do(helm, "list", "-q")).To(Equal("a\n"))
	g.Expect(do(helm, "rollback", "a", "1", "--wait", "--timeout", "60s")).To(ContainSubstring("success"))
	g.Expect(do(helm, "uninstall", "a", "--wait", "--timeout", "60s")).To(ContainSubstring("uninstalled"))
	g.Expect(do(kubectl, "get", "deployments,daemonsets,services,wg", "-o", "name")).To(BeEmpty())
}
