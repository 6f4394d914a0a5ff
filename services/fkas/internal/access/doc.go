// Package access holds FKAS to the rights that it declares.
//
// rules.json lists every request that FKAS may send to the management cluster, and the flag for which it needs each.
// The file is the only list: the lab makes its ClusterRole and its Role from it, a test compares the README's table
// with it, and the tests of FKAS run on a client of this package, which refuses whatever the list does not grant. A
// further test runs everything that FKAS does, and fails where a granted request was not sent.
//
// RBAC has no notion of a cache. A read that the watch cache answers needs the verbs list and watch, and a read past
// the cache needs get or list. So the two clients of FKAS are restricted by two functions, Cached and Direct.
package access
