package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// within is how long anything here may take, in a busy machine's favour.
const within = 10 * time.Second

// start runs pause in the place of a shell that leaves it two children, one
// that has ended and one that ends later, and waits until both are reaped.
func start(t *testing.T) *exec.Cmd {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "pause")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command("sh", "-c", `true & echo $!; sleep 0.5 & echo $!; exec "$0"`, bin)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() {
			t.Fatal("the shell named no child:", lines.Err())
		}
		pid := lines.Text()
		waitFor(t, "child "+pid+" is reaped", func() bool {
			_, err := os.Stat("/proc/" + pid)
			return errors.Is(err, os.ErrNotExist)
		})
	}
	return cmd
}

func TestReapsAndGoesOn(t *testing.T) {
	cmd := start(t)
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("pause is gone with its children: %v", err)
	}
}

func TestEndsAtSignal(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			cmd := start(t)
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("pause ended with %v, want exit code 0", err)
				}
			case <-time.After(within):
				t.Fatalf("pause still runs %v after %v", within, s)
			}
		})
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}
