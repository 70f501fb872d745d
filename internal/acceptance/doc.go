// Package acceptance drives the real command, Terraform or OpenTofu, with the
// real provider as a process of its own against a sandbox in the test's. What
// is tested here is what a user sees: exit codes, plans, messages, state, and
// what is left in the cloud.
//
// Every test runs on every cloud. What a test must know of one is in a cloud,
// in cloud_aws_test.go and cloud_gcp_test.go, and nowhere else.
package acceptance
