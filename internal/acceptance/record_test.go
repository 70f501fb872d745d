package acceptance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A record leads from the domain to a load balancer.
type record interface {
	// host is what callers connect to who look the domain up now.
	host() string
	// follows applies a change that makes another load balancer; after it the record
	// leads there.
	follows(apply func())
	// leads checks where it leads.
	leads(to string)
	// says are what the plan of a change says of it.
	says() []string
	// remove takes it away when the cluster is gone.
	remove()
}

// clusterRecord is kept by the cluster, in a zone of Route 53.
type clusterRecord struct {
	*world
	removeZone func() error
}

// recordOnAWS makes a zone that the cluster is to have its record in.
func recordOnAWS(w *world, _ pair) record {
	w.Helper()
	zone, remove := w.HostedZone(w.TB, "example.com")
	w.set("dns", map[string]string{"zone_id": zone})
	return clusterRecord{w, remove}
}

// host is the domain itself: the sandbox has name servers.
func (r clusterRecord) host() string { return domain }

func (r clusterRecord) follows(apply func()) { apply() }

func (r clusterRecord) leads(to string) {
	r.Helper()
	records := r.fields("route53.record_set")
	for id, f := range records {
		if got := strings.TrimSuffix(fmt.Sprint(f["/AliasTarget/DNSName"]), "."); got != to {
			r.Errorf("%s leads to %s, want %s", id, got, to)
		}
	}
	if len(records) != 1 {
		r.Errorf("there are %d records, want one", len(records))
	}
}

func (r clusterRecord) says() []string {
	return []string{"The record of " + domain + " is moved as part of it", "nobody has to do anything"}
}

func (r clusterRecord) remove() {
	r.Helper()
	if err := r.removeZone(); err != nil {
		r.Errorf("the zone cannot be removed, so something is left in it: %v", err)
	}
}

// userRecord is kept by a user who follows docs/resources/cluster.md: during a change
// of visibility the new address is in the list of addresses, and as soon as the load
// balancer there answers, the record is moved.
type userRecord struct {
	*world
	pair pair

	mu sync.Mutex
	to string
}

func recordOnGCP(w *world, p pair) record { return &userRecord{world: w, pair: p} }

func (r *userRecord) host() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to
}

func (r *userRecord) move(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
}

// follows: a first load balancer has no callers yet, so the record is made when it is
// there. Later ones want a user who watches.
func (r *userRecord) follows(apply func()) {
	r.Helper()
	if r.host() == "" {
		apply()
		r.move(fmt.Sprint(at(r.attributes(clusterAddress), "endpoint.address")))
		return
	}
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	watched := make(chan error, 1)
	probe := r.byName(r.pair, r.inside(), nil)
	go func() { watched <- r.watch(ctx, probe) }()
	apply()
	stop()
	if err := <-watched; err != nil {
		r.Errorf("the record was not moved before the apply was complete: %v", err)
	}
}

// watch moves the record to the new load balancer once that answers.
func (r *userRecord) watch(ctx context.Context, probe *caller) error {
	old, seen := r.host(), errors.New("there was no new address")
	for ; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		addresses, err := r.addresses(ctx)
		if err != nil {
			seen = err
		}
		for _, address := range addresses {
			if address == old {
				continue
			}
			probe.host = func() string { return address }
			got, err := probe.post("/fraud/predict", "{}", bearer(secretValues["app"])...)
			if err == nil && got.code == http.StatusOK {
				r.move(address)
				return nil
			}
			if seen = err; err == nil {
				seen = fmt.Errorf("%s answered %d", address, got.code)
			}
		}
	}
	return seen
}

// addresses are those that "gcloud compute addresses list" shows.
func (r *userRecord) addresses(ctx context.Context) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/compute/v1/projects/sandbox-project/regions/us-central1/addresses", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer sandbox")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var list struct{ Items []struct{ Address string } }
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list addresses: %s", response.Status)
	}
	err = json.NewDecoder(response.Body).Decode(&list)
	var all []string
	for _, item := range list.Items {
		if item.Address != "" {
			all = append(all, item.Address)
		}
	}
	return all, err
}

func (r *userRecord) leads(to string) {
	r.Helper()
	if got := r.host(); got != to {
		r.Errorf("the record was moved to %s, want %s", got, to)
	}
}

func (r *userRecord) says() []string {
	return []string{"The record of " + domain + " is yours to move", "The old load balancer serves for 5 minutes beside the new one", "gcloud compute addresses list"}
}

func (r *userRecord) remove() {}
