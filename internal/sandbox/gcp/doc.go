// Package gcp simulates the part of Google Cloud that a serving cluster is made of: Compute Engine's networks and regional
// Application Load Balancers, Kubernetes Engine, Certificate Manager, and the access tokens of the IAM Service Account
// Credentials API. Requests and answers are JSON over HTTP, read and written by the APIs' own protos: their google.api.http
// annotations are the paths, their google.api.field_behavior annotations and, for Compute Engine, the discovery document
// (package model) are the checks. Handlers see protos only, and the state is made of them too.
//
// A method is answered by the function that is registered under its full name:
//
//	handle("google.container.v1.ClusterManager.GetCluster", (*call).getCluster)
//
//	func (c *call) getCluster(in *containerpb.GetClusterRequest) (*containerpb.Cluster, error) {
//		cluster := c.region(c.Location).Container.Clusters[lastSegment(in.Name)]
//		if cluster == nil {
//			return nil, &Error{Status: 404, Message: fmt.Sprintf("Not found: %s.", in.Name)}
//		}
//		return cluster.Body, nil
//	}
//
// A path that two services share goes to the first whose handler does not return errElsewhere. A method that is registered by
// handleAt has another path than its proto says, as the mixins of google.longrunning do. What happens later by itself is a
// transition (onSettle, after): data, so that it survives a restart. Objects are kept in Held, which shows as the message
// alone, in maps of Region that registerKind makes known to the census.
//
// Where Google leaves a choice the simulation takes the stricter one: a client that works here should find nothing harder
// there.
package gcp
