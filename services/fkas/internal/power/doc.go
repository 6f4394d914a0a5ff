// Package power knows which hosts are on.
//
// The truest source is fake-ipa: sushy-tools tells it every change of power before it answers the request, whoever asks
// for the change. The power in the status of a BareMetalHost is older. It is what Ironic knows, which looks at the BMC
// every few minutes and, when it finds a host off that should be on, switches it on. So a host that was switched off at
// its BMC never shows as off there. The status is used for hosts of which no fake-ipa tells.
//
// A stream to each fake-ipa stays open, over which only changes come. Nothing is asked repeatedly.
package power
