// Package acceptance drives the real command, Terraform or OpenTofu, with the
// real provider as a process of its own against a sandbox in the test's. What
// is tested here is what a user sees: exit codes, plans, messages, state, and
// what is left in the cloud.
package acceptance
