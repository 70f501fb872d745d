// Package aws simulates the part of AWS that a serving cluster is made of: EC2 networks, IAM, STS, EKS, Elastic Load
// Balancing v2, ACM and Auto Scaling. Requests and answers are read and written by the services' own models (package
// model), handlers see aws-sdk-go-v2's types only, and the state is made of those types too.
//
// Where AWS leaves a choice the simulation takes the stricter one: a client that works here should find nothing harder there.
package aws
