// Command embed writes the files that the provider embeds:
// the schema, with the provider's version set, and the Terraform mapping, both
// taken from the provider's module.
//
//	go run ./embed VERSION
//
// VERSION is the provider's release, such as 4.25.0. It runs in the module's
// top folder and needs go on PATH.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	module = "github.com/pulumi/pulumi-kubernetes/provider/v4"
	// from is where the files are in the module, into where they go in ours.
	from = "cmd/pulumi-resource-kubernetes"
	into = "generated"
)

var release = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 || !release.MatchString(args[0]) {
		return fmt.Errorf("want one argument, the provider's version as N.N.N, got %q", args)
	}
	version := args[0]
	dir, err := moduleDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	schema, err := os.ReadFile(filepath.Join(dir, from, "schema.json"))
	if err != nil {
		return err
	}
	if schema, err = withVersion(schema, version); err != nil {
		return fmt.Errorf("schema.json of %s: %w", module, err)
	}
	mapping, err := os.ReadFile(filepath.Join(dir, from, "terraform-mapping.json"))
	if err != nil {
		return err
	}
	var compacted bytes.Buffer
	if err := json.Compact(&compacted, mapping); err != nil {
		return fmt.Errorf("terraform-mapping.json of %s: %w", module, err)
	}
	for name, data := range map[string][]byte{
		"schema.json":            schema,
		"terraform-mapping.json": compacted.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(into, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// moduleDir is the folder the provider's module is unpacked in, which is
// fetched first if it is not there.
func moduleDir() (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, out)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return "", err
	}
	return m.Dir, nil
}

// withVersion returns the Pulumi schema with its top-level version set. What
// else is in it keeps its meaning (white space and escapes may change).
func withVersion(schema []byte, version string) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(schema, &fields); err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(version)
	if err != nil {
		return nil, err
	}
	fields["version"] = quoted
	return json.Marshal(fields)
}
