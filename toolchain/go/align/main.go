// Command align makes Go modules that are built beside one another require the
// same version, the newest that any of them requires, of each module that
// several of them have. Go then compiles a shared package once for all.
//
//	go run . [-check] FOLDER…
//
// Run it in its own folder. After it changed something, run `go mod tidy` in
// the folders it names, and then align again, until it names none. With -check
// it changes nothing, and fails where versions differ.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// apart lists modules that cannot have one version everywhere, with the reason.
var apart = map[string]string{
	"github.com/google/cel-go": "kube-apiserver keeps what it was released with; Cluster API requires a newer one",
	"helm.sh/helm/v3":          "the Kubernetes provider keeps the Helm it was released with",
	"sigs.k8s.io/cluster-api":  "the in-memory server, which FKAS has in it, is published for 1.13.4 and not for 1.13.6",
}

func main() {
	check := flag.Bool("check", false, "only compare; fail where versions differ")
	flag.Parse()
	if err := run(flag.Args(), *check); err != nil {
		fmt.Fprintln(os.Stderr, "align:", err)
		os.Exit(1)
	}
}

func run(folders []string, check bool) error {
	if len(folders) < 2 {
		return errors.New("want two folders with a go.mod at least")
	}
	files := make([]*modfile.File, len(folders))
	for i, folder := range folders {
		path := filepath.Join(folder, "go.mod")
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if files[i], err = modfile.Parse(path, text, nil); err != nil {
			return err
		}
	}
	want := newest(files)
	var differences []string
	for i, file := range files {
		found := raise(file, want)
		if len(found) == 0 {
			continue
		}
		for _, f := range found {
			differences = append(differences, folders[i]+": "+f)
		}
		if check {
			continue
		}
		file.Cleanup()
		text, err := file.Format()
		if err != nil {
			return err
		}
		if err := os.WriteFile(file.Syntax.Name, text, 0o644); err != nil {
			return err
		}
	}
	fmt.Print(strings.Join(append(differences, ""), "\n"))
	if check && len(differences) > 0 {
		return fmt.Errorf("%d versions differ", len(differences))
	}
	return nil
}

// newest returns the newest version that any file requires of each module,
// except of those kept apart.
func newest(files []*modfile.File) map[string]string {
	want := map[string]string{}
	for _, file := range files {
		for _, r := range file.Require {
			if _, kept := apart[r.Mod.Path]; kept || replaced(file, r.Mod.Path, r.Mod.Version) {
				continue
			}
			if v, ok := want[r.Mod.Path]; !ok || semver.Compare(r.Mod.Version, v) > 0 {
				want[r.Mod.Path] = r.Mod.Version
			}
		}
	}
	// A module that is replaced by a version of itself is built at that
	// version, whatever is required: it must be the same for all.
	for _, file := range files {
		for _, r := range file.Replace {
			if r.New.Path == r.Old.Path && r.Old.Version == "" {
				want[r.Old.Path] = r.New.Version
			}
		}
	}
	return want
}

// raise sets the file's requirements to the wanted versions and returns what
// it changed, in order of the modules' names.
func raise(file *modfile.File, want map[string]string) []string {
	var changed []string
	for _, r := range file.Require {
		path, version := r.Mod.Path, r.Mod.Version
		if v, ok := want[path]; ok && v != version && !replaced(file, path, version) {
			changed = append(changed, fmt.Sprintf("%s %s, elsewhere %s", path, version, v))
			if err := file.AddRequire(path, v); err != nil {
				panic(err) // fails only for an invalid version, and all were parsed
			}
		}
	}
	slices.Sort(changed)
	return changed
}

// replaced tells whether the file builds something else than that version.
func replaced(file *modfile.File, path, version string) bool {
	return slices.ContainsFunc(file.Replace, func(r *modfile.Replace) bool {
		return r.Old.Path == path && (r.Old.Version == "" || r.Old.Version == version)
	})
}
