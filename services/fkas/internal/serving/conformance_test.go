package serving_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"metal3-scale-lab/fkas/internal/testkit"
)

// call is a command line of kubectl, and what comes of it: how it ends, and a part of what it prints.
type call struct {
	line  string
	input string
	// fails says that the command ends with an error.
	fails bool
	// says is a regular expression that all of the output matches, errors included.
	says string
	// only names the one of the two servers for which the row holds, and why the other differs is in the row's comment.
	only server
}

type server string

const (
	both       server = ""
	fakeServer server = "fake"
	realServer server = "real"
)

// TestKubectlFindsARealAPIServer runs the table against a fake cluster. So that the table is no invention, it also runs
// against a real kube-apiserver, which has neither nodes nor controllers and gets the same Nodes and Pods.
func TestKubectlFindsARealAPIServer(t *testing.T) {
	kubectl := assetPath(t, "kubectl")
	t.Run("fake", func(t *testing.T) {
		server := newServer(t)
		s := spec(t, "c")
		if err := server.Ensure(s); err != nil {
			t.Fatal(err)
		}
		fill(t, server, s, []string{"cp"}, []string{"w"})
		run(t, fakeServer, kubectl, testkit.RESTConfig(t, s.CA, address(s)))
	})
	t.Run("real", func(t *testing.T) {
		config := testkit.StartAPIServer(t, &envtest.Environment{})
		populate(t, config)
		run(t, realServer, kubectl, config)
	})
}

// assetPath is the path of a program that npm test builds.
func assetPath(t *testing.T, name string) string {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	path := filepath.Join(assets, name)
	if _, err := os.Stat(path); assets == "" || err != nil {
		t.Skipf("KUBEBUILDER_ASSETS names no folder with %s: npm test builds it", name)
	}
	return path
}

// populate gives a real API server what a fake cluster has.
func populate(t *testing.T, config *rest.Config) {
	t.Helper()
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w"})
	from, to := clientset(t, s).CoreV1(), kubernetes.NewForConfigOrDie(config).CoreV1()
	nodes, err := from.Nodes().List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	for _, node := range nodes.Items {
		status := node.Status
		node.ResourceVersion, node.UID = "", ""
		created, err := to.Nodes().Create(ctx, &node, metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		created.Status = status
		_, err = to.Nodes().UpdateStatus(ctx, created, metav1.UpdateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
	}
	_, err = to.ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
}

func run(t *testing.T, where server, kubectl string, config *rest.Config) {
	t.Helper()
	home := t.TempDir()
	file := filepath.Join(home, "kubeconfig")
	if err := clientcmd.WriteToFile(*kubeconfig(config), file); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if c.only != both && c.only != where {
			continue
		}
		t.Run(c.line, func(t *testing.T) {
			g := NewWithT(t)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			// The lines are those of a shell, without quotes: \s stands for a space within an argument.
			var arguments []string
			for _, argument := range strings.Fields(c.line) {
				arguments = append(arguments, strings.ReplaceAll(argument, `\s`, " "))
			}
			command := exec.CommandContext(ctx, kubectl, arguments...)
			command.Env = []string{"KUBECONFIG=" + file, "HOME=" + home}
			command.Stdin = strings.NewReader(c.input)
			var output bytes.Buffer
			command.Stdout, command.Stderr = &output, &output
			err := command.Run()
			g.Expect(ctx.Err()).NotTo(HaveOccurred(), "it does not end")
			g.Expect(err != nil).To(Equal(c.fails), output.String())
			g.Expect(output.String()).To(MatchRegexp(`(?s)^`+c.says+`$`), fmt.Sprint(err))
		})
	}
}

func kubeconfig(config *rest.Config) *clientcmdapi.Config {
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters["c"] = &clientcmdapi.Cluster{
		Server: config.Host, CertificateAuthorityData: config.CAData,
	}
	kubeconfig.AuthInfos["u"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData, ClientKeyData: config.KeyData,
	}
	kubeconfig.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	kubeconfig.CurrentContext = "x"
	return kubeconfig
}
