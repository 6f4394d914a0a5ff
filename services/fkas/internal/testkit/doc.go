// Package testkit holds small helpers that the tests of several packages share: free ports, certificate authorities,
// and ways to wait. It must not import package controller or what imports it; helpers that need a whole FKAS are in
// lab.
package testkit
