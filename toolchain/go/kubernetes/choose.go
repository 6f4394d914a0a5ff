package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// choose finds the program that argv asks for and the arguments it is to see:
// by the base name of argv[0], or else by argv[1], which then takes the place
// of argv[0]. A name that is no program is an error that lists what there is.
func choose(argv []string) (program, []string, error) {
	if len(argv) > 0 {
		if p, ok := find(filepath.Base(argv[0])); ok {
			return p, argv, nil
		}
	}
	if len(argv) < 2 {
		return program{}, nil, fmt.Errorf("usage: kube PROGRAM [ARGUMENTS]; PROGRAM is one of %s", names())
	}
	p, ok := find(argv[1])
	if !ok {
		return program{}, nil, fmt.Errorf("kube: no program %q; there are %s", argv[1], names())
	}
	return p, argv[1:], nil
}

func find(name string) (program, bool) {
	for _, p := range programs {
		if p.name == name {
			return p, true
		}
	}
	return program{}, false
}

func names() string {
	all := make([]string, len(programs))
	for i, p := range programs {
		all[i] = p.name
	}
	return strings.Join(all, ", ")
}
