package main

import (
	"encoding/json"
	"testing"
)

func TestWithVersion(t *testing.T) {
	const schema = `{ "name": "kubernetes", "types": {"a": {"version": "x", "const": "<&>"}}, "version": "0.0.1" }`
	got, err := withVersion([]byte(schema), "4.25.0")
	if err != nil {
		t.Fatal(err)
	}
	// encoding/json writes the keys of a map in order.
	const want = `{"name":"kubernetes","types":{"a":{"version":"x","const":"\u003c\u0026\u003e"}},"version":"4.25.0"}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var back struct{ Types map[string]map[string]string }
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if c := back.Types["a"]["const"]; c != "<&>" {
		t.Errorf("const reads back as %q", c)
	}
}

func TestRunRefusesABadVersion(t *testing.T) {
	for _, args := range [][]string{nil, {"v4.25.0"}, {"4.25"}, {"4.25.0", "x"}, {""}} {
		if err := run(args); err == nil {
			t.Errorf("run(%q) did not fail", args)
		}
	}
}
