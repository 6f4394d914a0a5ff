package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.25.0\n\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestModulesGetTheNewestVersionThatAnyOfThemRequires(t *testing.T) {
	a := write(t, `require (
	x.org/both v1.9.0 // indirect
	x.org/only v0.1.0
	x.org/pinned v0.35.6
	helm.sh/helm/v3 v3.18.6
)
`)
	b := write(t, `require (
	x.org/both v1.10.0
	x.org/pinned v0.0.0
	helm.sh/helm/v3 v3.20.0
)

replace x.org/pinned => x.org/pinned v0.35.4
`)
	if err := run([]string{a, b}, true); err == nil {
		t.Error("-check passed where versions differ")
	}
	if strings.Contains(read(t, a), "v1.10.0") {
		t.Error("-check changed a file")
	}
	before := read(t, b)
	if err := run([]string{a, b}, false); err != nil {
		t.Fatal(err)
	}
	got := read(t, a)
	for _, want := range []string{
		"x.org/both v1.10.0 // indirect", // by version, not by spelling
		"x.org/only v0.1.0",
		"x.org/pinned v0.35.4", // the replacement, though older
		"helm.sh/helm/v3 v3.18.6",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if after := read(t, b); after != before {
		t.Errorf("b changed:\n%s", after)
	}
	if err := run([]string{a, b}, true); err != nil {
		t.Errorf("not aligned after alignment: %v", err)
	}
}

// TestThisRepositoryIsAligned compares the modules of this repository. That they agree keeps the whole build short.
func TestThisRepositoryIsAligned(t *testing.T) {
	found, err := filepath.Glob("../*/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, f := range append(found, "../../../services/fkas/go.mod") {
		// staticcheck and actionlint only check source: they are built by themselves, and no program of the lab shares a
		// package of any weight with them.
		// pulumi, pulumi-libvirt, minikube and kubeadm require newer modules than all others, cri-tools older ones
		// (README.md).
		switch dir := filepath.Dir(f); dir {
		case "../staticcheck", "../actionlint", "../pulumi", "../pulumi-libvirt", "../minikube", "../kubeadm", "../cri-tools":
		default:
			folders = append(folders, dir)
		}
	}
	if len(folders) < 8 {
		t.Fatalf("only %q have a go.mod", folders)
	}
	if err := run(folders, true); err != nil {
		t.Error(err)
	}
}

// The toolchain builds with -mod=readonly, so a go.mod that lacks something fails only on the machine of whoever asks
// for that program first.
func TestNoModuleNeedsAChangeOfItsGoMod(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../*/go.mod", "../*-versions/*/go.mod", "../../../services/*/go.mod"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 15 {
		t.Fatalf("found %d modules only: %v", len(files), files)
	}
	for _, file := range files {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			t.Parallel()
			list := exec.CommandContext(t.Context(), "go", "list", "-mod=readonly", "-m", "all")
			list.Dir = filepath.Dir(file)
			list.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=local", "GOFLAGS=")
			if output, err := list.CombinedOutput(); err != nil {
				t.Errorf("go list -m all: %v\n%s", err, output)
			}
		})
	}
}
