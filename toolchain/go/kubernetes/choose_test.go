package main

import (
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name    string
		argv    []string
		program string
		args    []string
	}{
		{"by link", []string{"kubelet", "--v=2"}, "kubelet", []string{"kubelet", "--v=2"}},
		{"by link with a path", []string{"/usr/bin/kubectl", "get", "kubelet"}, "kubectl", []string{"/usr/bin/kubectl", "get", "kubelet"}},
		{"the link wins over the first argument", []string{"kubectl", "kube-proxy"}, "kubectl", []string{"kubectl", "kube-proxy"}},
		{"by first argument", []string{"/opt/kube", "kube-apiserver", "--help"}, "kube-apiserver", []string{"kube-apiserver", "--help"}},
		{"by first argument under any name", []string{"k", "kube-scheduler"}, "kube-scheduler", []string{"kube-scheduler"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, args, err := choose(c.argv)
			if err != nil {
				t.Fatal(err)
			}
			if p.name != c.program || !slices.Equal(args, c.args) {
				t.Errorf("choose(%q) = %s %q, want %s %q", c.argv, p.name, args, c.program, c.args)
			}
		})
	}
}

func TestChooseRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		argv []string
		want string
	}{
		{"no arguments at all", nil, "usage: kube PROGRAM"},
		{"no program", []string{"kube"}, "usage: kube PROGRAM"},
		{"an unknown program", []string{"kube", "kubeadm"}, `no program "kubeadm"`},
		{"a flag in its place", []string{"kube", "--help"}, `no program "--help"`},
		{"a path as first argument", []string{"kube", "/bin/kubelet"}, `no program "/bin/kubelet"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, args, err := choose(c.argv)
			if err == nil {
				t.Fatalf("choose(%q) = %s %q, want an error", c.argv, p.name, args)
			}
			for _, want := range []string{c.want, "kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubectl"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("choose(%q): %q does not say %q", c.argv, err, want)
				}
			}
		})
	}
}
