package aws

import "github.com/modelserving/terraform-provider-serving/internal/sandbox/control"

// What this cloud has in common with others goes by its own names here.
type (
	Duration          = control.Duration
	Settings          = control.Settings
	Fault             = control.Fault
	LoggedCall        = control.LoggedCall
	Object            = control.Object
	Field             = control.Field
	Census            = control.Census
	Place             = control.Place
	PathError         = control.PathError
	Kubernetes        = control.Kubernetes
	KubernetesCluster = control.KubernetesCluster
	KubernetesUser    = control.KubernetesUser
	KubernetesNode    = control.KubernetesNode
	KubernetesTaint   = control.KubernetesTaint
)

// The ways in which a connection fails.
const (
	NoPath       = control.NoPath
	Refused      = control.Refused
	UnknownHost  = control.UnknownHost
	UnknownPlace = control.UnknownPlace
)

// ParsePlace reads what Place.String writes.
func ParsePlace(place string) (Place, error) { return control.ParsePlace(place) }

// cloudName is what tells objects and calls of this cloud from those of others.
const cloudName = "aws"

var (
	noPath = control.Lost
	toMap  = control.Tree
)

func sortedKeys[V any](m map[string]V) []string { return control.SortedKeys(m) }
