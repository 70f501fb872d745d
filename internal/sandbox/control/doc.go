// Package control is what every simulated cloud has besides its own API: faults, throttling, the log of calls, settings, the
// view of its objects that the admin API gives, the state file, and the way into its networks. It knows no cloud.
package control
