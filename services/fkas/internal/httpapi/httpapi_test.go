package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestAClusterCanBeRegisteredByUpstreamsProtocol(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t)
	url := serve(t, l)
	register := `{"cluster":"c","namespace":"metal3"}`

	code, answer := call(t, "POST", url+"/register", register)
	g.Expect(code).To(Equal(http.StatusConflict))
	g.Expect(answer["error"]).
		To(Equal("Secrets c-ca and c-etcd must exist in namespace metal3 before the cluster is registered"))

	ca := authorities(t, l, "c")
	code, answer = call(t, "POST", url+"/register", register)
	g.Expect(code).To(Equal(http.StatusOK), fmt.Sprint(answer))
	g.Expect(answer).
		To(And(HaveKeyWithValue("ResourceName", "metal3/c"), HaveKeyWithValue("Host", "127.0.0.1"), HaveLen(3)))
	code, again := call(t, "POST", url+"/register", register)
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(again).To(Equal(answer), "idempotent")
	g.Expect(ca.nodes(t, answer)).To(BeEmpty())

	code, refused := call(t, "PUT", url+"/updateNode", node("c", "w", ""))
	g.Expect(code).To(Equal(http.StatusInternalServerError))
	g.Expect(refused["error"]).To(ContainSubstring("no control-plane node yet"))
	code, refused = call(t, "PUT", url+"/updateNode", node("nobody", "cp", controlPlane))
	g.Expect(code).To(Equal(http.StatusInternalServerError))
	g.Expect(refused["error"]).To(Equal("cluster metal3/nobody is not registered"))

	code, _ = call(t, "PUT", url+"/updateNode", node("c", "cp", controlPlane))
	g.Expect(code).To(Equal(http.StatusOK))
	code, _ = call(t, "PUT", url+"/updateNode", node("c", "w", ""))
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(ca.nodes(t, answer)).To(ConsistOf("cp", "w"))

	_, list := call(t, "GET", url+"/clusters", "")
	g.Expect(list["clusters"]).To(HaveLen(1))
	g.Expect(list["clusters"].([]any)[0]).To(And(
		HaveKeyWithValue("cluster", "c"), HaveKeyWithValue("served", true), HaveKeyWithValue("port", answer["Port"]),
		HaveKeyWithValue("nodes", ConsistOf("cp", "w"))))

	// A new process has the same cluster at the same port, with its nodes.
	l = l.Restarted()
	url = serve(t, l)
	code, _ = call(t, "GET", url+"/readyz", "")
	g.Expect(code).To(Equal(http.StatusServiceUnavailable))
	l.MustRun("c")
	code, _ = call(t, "GET", url+"/readyz", "")
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(ca.nodes(t, answer)).To(ConsistOf("cp", "w"))

	code, _ = call(t, "DELETE", url+"/clusters/metal3/c", "")
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(l.Server.Names()).To(BeEmpty())
	var stored corev1.ConfigMapList
	g.Expect(l.Management.List(l.Ctx, &stored)).To(Succeed())
	g.Expect(stored.Items).To(BeEmpty())
	code, _ = call(t, "DELETE", url+"/clusters/metal3/c", "")
	g.Expect(code).To(Equal(http.StatusNotFound))
}

func TestADeclaredClusterNeedsNoRegistration(t *testing.T) {
	g := NewWithT(t)
	port := testkit.FreePort(t)
	l := lab.New(
		t,
		append(lab.NewCluster("c", port), lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)...)...)
	url := serve(t, l)
	code, answer := call(t, "POST", url+"/register", `{"cluster":"c","namespace":"metal3"}`)
	g.Expect(code).To(Equal(http.StatusOK), fmt.Sprint(answer))
	g.Expect(answer["Port"]).To(BeEquivalentTo(port))
	// Upstream's sidecar tells of a node that is derived from its Machine: it is the Machine that counts.
	code, _ = call(t, "PUT", url+"/updateNode", strings.Replace(node("c", "cp", controlPlane), "uid-cp", "another", 1))
	g.Expect(code).To(Equal(http.StatusOK))
	cp, err := l.Workload("c").CoreV1().Nodes().Get(l.Ctx, "cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cp.Labels).To(HaveKeyWithValue("metal3.io/uuid", "uid-cp-host"))
	var stored corev1.ConfigMapList
	g.Expect(l.Management.List(l.Ctx, &stored)).To(Succeed())
	g.Expect(stored.Items).To(BeEmpty(), "nothing needs to be remembered")

	code, refused := call(t, "DELETE", url+"/clusters/metal3/c", "")
	g.Expect(code).To(Equal(http.StatusConflict))
	g.Expect(refused["error"]).To(ContainSubstring("declared by its Cluster object"))
}

func TestEachClusterGetsItsOwnPortUntilNoneIsLeft(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t)
	url := serve(t, l)
	for _, name := range []string{"a", "b", "c"} {
		authorities(t, l, name)
	}
	// All requests come at the same time. Every cluster gets a port of its own, or an error that says that none is
	// left.
	var mu sync.Mutex
	var wg sync.WaitGroup
	codes, ports := map[int]int{}, map[any]bool{}
	for _, name := range []string{"a", "b", "c"} {
		for range 3 {
			wg.Go(func() {
				code, answer := call(t, "POST", url+"/register", `{"cluster":"`+name+`","namespace":"metal3"}`)
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
				if code == http.StatusOK {
					ports[answer["Port"]] = true
				}
			})
		}
	}
	wg.Wait()
	g.Expect(codes).To(Equal(map[int]int{http.StatusOK: 6, http.StatusServiceUnavailable: 3}))
	g.Expect(ports).To(HaveLen(2))
}

func TestABadRequestIsRefusedWithItsReason(t *testing.T) {
	l := lab.New(t)
	url := serve(t, l)
	huge := `{"cluster":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, row := range []struct {
		name, method, path, body string
		code                     int
		says                     string
	}{
		{"no body", "POST", "/register", "", 400, "not the JSON object"},
		{"not JSON", "POST", "/register", "cluster=c", 400, "not the JSON object"},
		{"an array", "POST", "/register", "[]", 400, "not the JSON object"},
		{"two objects", "POST", "/register", `{"cluster":"c","namespace":"n"}{}`, 400, "more than one"},
		{"an unknown key", "POST", "/register", `{"cluster":"c","namespace":"n","caKey":"x"}`, 400,
			`unknown field \"caKey\"`},
		{"a wrong type", "POST", "/register", `{"cluster":1,"namespace":"n"}`, 400, "cluster"},
		{"no names", "POST", "/register", `{}`, 400, `namespace ""`},
		{"a name that is a path", "POST", "/register", `{"cluster":"../../c","namespace":"n"}`, 400, `cluster "../../c"`},
		{"a huge body", "POST", "/register", huge, 413, "larger than 4096 bytes"},
		{"a huge node", "PUT", "/updateNode", huge, 413, "larger than 65536 bytes"},
		{"the wrong method", "GET", "/register", "", 404, "no such request"},
		{"nothing there", "GET", "/", "", 404, "no such request"},
		{"a bad version", "PUT", "/updateNode", strings.Replace(node("c", "n", ""), "v1.35.4", "1.35", 1), 400, "k8sversion"},
		{"no uuid", "PUT", "/updateNode", strings.Replace(node("c", "n", ""), "uid-n", "", 1), 400, "uuid"},
		{"a bad label", "PUT", "/updateNode", node("c", "n", `"labels":{"a b":"c"},`), 400, `label "a b"`},
		{"several problems", "PUT", "/updateNode", `{"cluster":"C","namespace":"n"}`, 400, "nodeName"},
		{"a bad name to remove", "DELETE", "/clusters/Metal3/c", "", 400, "namespace"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := NewWithT(t)
			code, answer := call(t, row.method, url+row.path, row.body)
			g.Expect(code).To(Equal(row.code), fmt.Sprint(answer))
			quoted, err := json.Marshal(answer["error"])
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(quoted)).
				To(Or(ContainSubstring(row.says), ContainSubstring(strings.ReplaceAll(row.says, `"`, `\"`))))
		})
	}
	var stored corev1.ConfigMapList
	if err := l.Management.List(l.Ctx, &stored); err != nil || len(stored.Items) > 0 {
		t.Fatalf("stored %d (%v)", len(stored.Items), err)
	}
}

func TestReadinessFollowsTheDeclaredClusters(t *testing.T) {
	g := NewWithT(t)
	url := serve(t, lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...))
	code, _ := call(t, "GET", url+"/healthz", "")
	g.Expect(code).To(Equal(http.StatusOK))
	code, answer := call(t, "GET", url+"/readyz", "")
	g.Expect(code).To(Equal(http.StatusServiceUnavailable))
	g.Expect(answer["error"]).To(ContainSubstring("metal3/c"))
}

// TestAPeerThatNeverFinishesItsRequestIsDropped sends the beginning of a body and no more. The server serves others
// meanwhile, and closes the connection.
func TestAPeerThatNeverFinishesItsRequestIsDropped(t *testing.T) {
	g := NewWithT(t)
	url := serve(t, lab.New(t))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"))
	g.Expect(err).NotTo(HaveOccurred())
	code, _ := call(t, "GET", url+"/healthz", "")
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(conn.SetReadDeadline(time.Now().Add(25 * time.Second))).To(Succeed())
	answer, err := io.ReadAll(conn)
	var timeout net.Error
	g.Expect(errors.As(err, &timeout) && timeout.Timeout()).To(BeFalse(), "still open after 25 s")
	g.Expect(string(answer)).To(Or(BeEmpty(), ContainSubstring("400 Bad Request")))
}
