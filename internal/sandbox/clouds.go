package sandbox

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
)

// The verbs of the admin API over all clouds. Tests of one cloud use that cloud's own.

// cloud is what both simulated clouds can do.
type cloud interface {
	Census() control.Census
	Fields() ([]control.Field, error)
	Mutate(f control.Field) error
	Delete(o control.Object) error
	Calls() []control.LoggedCall
	ResetCalls()
	AddFault(f control.Fault)
	Faults() []control.Fault
	ClearFaults()
	Settings() control.Settings
	Configure(s control.Settings) error
	State() ([]byte, error)
	Reset() error
}

func (s *Server) clouds() []cloud { return []cloud{s.AWS, s.GCP} }

// of is the cloud of an object. Kinds tell where the cloud is not named, since no two clouds have services of the same name.
func (s *Server) of(o control.Object) cloud {
	service, _, _ := strings.Cut(o.Kind, ".")
	if o.Cloud == "gcp" || o.Cloud == "" && gcp.HasService(service) {
		return s.GCP
	}
	return s.AWS
}

// Census lists live objects.
func (s *Server) Census() control.Census {
	all := control.Census{Objects: []control.Object{}}
	for _, c := range s.clouds() {
		one := c.Census()
		all.Total += one.Total
		all.Objects = append(all.Objects, one.Objects...)
	}
	return all
}

// Fields lists every leaf of every live object.
func (s *Server) Fields() ([]control.Field, error) {
	all := []control.Field{}
	for _, c := range s.clouds() {
		fields, err := c.Fields()
		if err != nil {
			return nil, err
		}
		all = append(all, fields...)
	}
	return all, nil
}

// Mutate changes one leaf behind everybody's back.
func (s *Server) Mutate(f control.Field) error { return s.of(f.Object).Mutate(f) }

// Delete removes an object behind everybody's back.
func (s *Server) Delete(o control.Object) error { return s.of(o).Delete(o) }

// Calls returns the log of all clouds, oldest first, numbered anew.
func (s *Server) Calls() []control.LoggedCall {
	all := []control.LoggedCall{}
	for _, c := range s.clouds() {
		all = append(all, c.Calls()...)
	}
	slices.SortStableFunc(all, func(a, b control.LoggedCall) int { return a.Time.Compare(b.Time) })
	for i := range all {
		all[i].Seq = i + 1
	}
	return all
}

// ResetCalls empties the logs.
func (s *Server) ResetCalls() {
	for _, c := range s.clouds() {
		c.ResetCalls()
	}
}

// AddFault puts a rule in force in the cloud of its service, and in every one if it names none.
func (s *Server) AddFault(f control.Fault) error {
	anywhere := f.Service == "" || f.Service == "*"
	if google := gcp.HasService(f.Service); google || anywhere {
		s.GCP.AddFault(f)
		if google {
			return nil
		}
	}
	if f.Later && !anywhere {
		return errors.New("only Google's operations can fail later")
	}
	s.AWS.AddFault(f)
	return nil
}

// Faults returns the rules in force; one that is in force in every cloud is there once.
func (s *Server) Faults() []control.Fault {
	all := s.AWS.Faults()
	for _, f := range s.GCP.Faults() {
		if gcp.HasService(f.Service) {
			all = append(all, f)
		}
	}
	return all
}

// ClearFaults removes every rule.
func (s *Server) ClearFaults() {
	for _, c := range s.clouds() {
		c.ClearFaults()
	}
}

// Settings returns what is in force in either cloud; what both have is AWS's, unless somebody has set them apart.
func (s *Server) Settings() control.Settings {
	all, google := s.AWS.Settings(), s.GCP.Settings()
	if all.Throttle == nil {
		all.Throttle = map[string]float64{}
	}
	maps.Copy(all.Delays, google.Delays)
	maps.Copy(all.Quotas, google.Quotas)
	maps.Copy(all.Throttle, google.Throttle)
	all.Disabled, all.StockOuts, all.Missing = google.Disabled, google.StockOuts, google.Missing
	return all
}

// Configure applies settings: delays and quotas to the cloud that knows their names, everything else to both.
func (s *Server) Configure(settings control.Settings) error {
	google, amazon := settings, settings
	google.Delays, amazon.Delays = split(settings.Delays, gcp.KnowsDelay)
	google.Quotas, amazon.Quotas = split(settings.Quotas, gcp.KnowsQuota)
	// AWS goes first: it refuses the names that nobody knows.
	if err := s.AWS.Configure(amazon); err != nil {
		return err
	}
	return s.GCP.Configure(google)
}

func split[V any](all map[string]V, mine func(name string) bool) (yes, no map[string]V) {
	yes, no = map[string]V{}, map[string]V{}
	for name, value := range all {
		if mine(name) {
			yes[name] = value
		} else {
			no[name] = value
		}
	}
	return yes, no
}

// State is the whole state by cloud.
func (s *Server) State() (map[string]json.RawMessage, error) {
	amazon, err := s.AWS.State()
	if err != nil {
		return nil, err
	}
	google, err := s.GCP.State()
	if err != nil {
		return nil, err
	}
	return map[string]json.RawMessage{"aws": amazon, "gcp": google}, nil
}

// Reset empties every cloud.
func (s *Server) Reset() error {
	for _, c := range s.clouds() {
		if err := c.Reset(); err != nil {
			return err
		}
	}
	return nil
}
