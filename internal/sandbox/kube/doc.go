// Package kube is the data plane behind a simulated cluster: a real kube-apiserver
// with a real etcd, started when the cluster is first dialled, and stand-ins for
// everything else, in one process (the loop).
//
//	of a cluster                 here
//	kube-apiserver, etcd         the real ones; found by KUBEBUILDER_ASSETS, setup-envtest or the project's tool cache
//	authentication               a webhook that calls Config.Authenticate; strangers see /livez, /readyz, /healthz
//	authorization                RBAC; groups eks:access:admin, edit and view are bound to the roles of these names
//	controllers                  Deployment, ReplicaSet, DaemonSet, HorizontalPodAutoscaler (bounds only: there are no
//	                             metrics), PodDisruptionBudget, EndpointSlice, Namespace, ServiceAccount, aggregated
//	                             roles, garbage collection of the kinds that the loop looks at
//	scheduler                    selectors, affinity to nodes, taints, resources, spread, anti-affinity
//	nodes                        those that Config.Nodes has at the moment; a node that goes takes its pods along
//	kubelet                      volumes with ..data, probes, hooks, restarts, status, logs; no exec, no port-forward
//	pod network                  pods have addresses of Node.PodRange for the cluster, and a loopback address each for
//	                             this machine; the API server reaches them by an egress proxy
//	kube-proxy                   Cluster.DialNodePort, and a forwarder on a loopback address for each cluster IP
//	DNS                          service.namespace.svc.cluster.local for Envoy pods; other names by Config.Resolve
//	StatefulSet, Job, CronJob, PersistentVolume, Ingress, NetworkPolicy: objects without effect
//
// # Images
//
// What a container does depends on the last part of its image's repository.
//
//	envoy...     the real Envoy, with the container's arguments, environment and mounted files. Its listeners are on the
//	             pod's loopback address: 0.0.0.0 and 127.0.0.1 in mounted files become it, and paths of mounts become
//	             those of this machine, in JSON, in YAML and in binary discovery responses
//	unpullable   never comes: ErrImagePull, ImagePullBackOff
//	crashes      prints three lines and exits with 1: CrashLoopBackOff
//	unready      runs, and is never ready
//	slow         is ready after two seconds
//	any other    a model server that answers what it was asked, as JSON, on each declared port, by HTTP/1.1 and HTTP/2:
//	             server, pod, method, path, query, host, headers, body, proto. A path that ends in /stream sends n
//	             events, one each interval (?n=5&interval=50ms); WebSocket frames and gRPC messages come back as they are
//
// # Time
//
// Time passes faster for pods than in reality, by Config.TimeScale, ten times
// unless something else is said: back-off, delays and periods of probes, preStop,
// grace periods, minReadySeconds and the interval at which Envoy asks DNS, so that
// a pod still outlives its entries. A progress deadline is made shorter as well,
// but not shorter than five seconds. Timeouts of probes are real.
package kube
