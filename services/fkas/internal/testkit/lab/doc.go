// Package lab gives tests a management cluster in memory, without controllers, and an FKAS that they run by hand.
//
// A test plays the controllers: it creates the objects that Cluster API, CAPM3 and the bare-metal operator would, runs
// the FKAS, and looks at what it did, in the management cluster and through the kubeconfig of the fake cluster. The
// FKAS may only send the requests that package access grants it; any other fails the test.
package lab
