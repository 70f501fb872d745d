package gcp

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"cloud.google.com/go/compute/apiv1/computepb"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// PreflightCluster reads what a new cluster would meet: the zones and machine types
// of the region, what is left of its quotas, a given network, a given certificate.
func (b *Backend) PreflightCluster(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	if !spec.Known("region") {
		return nil, nil
	}
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return nil, err
	}
	var problems []serving.Problem
	for _, check := range []func(context.Context, serving.Cluster) ([]serving.Problem, error){c.checkRegion, c.checkNetwork, c.checkCertificate, b.checkOpenServers} {
		found, err := check(ctx, spec)
		if err != nil {
			return problems, explain(err)
		}
		problems = append(problems, found...)
		if slices.ContainsFunc(found, func(p serving.Problem) bool { return p.Summary == noProject || p.Summary == noRegion }) {
			return problems, nil // There is nobody to ask the rest.
		}
	}
	return problems, nil
}

// The summaries of what stands in the way of all other questions.
const (
	noProject = "Project does not exist"
	noRegion  = "Region does not exist"
)

// checkRegion judges zones, machine types and quotas, which all are the region's.
func (c *client) checkRegion(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	region, err := c.readRegion(ctx)
	if isCode(err, http.StatusNotFound) && strings.Contains(err.Error(), "'projects/"+c.project+"'") {
		return []serving.Problem{{Summary: noProject, Detail: fmt.Sprintf("Google Cloud has no project %s that these credentials can see: check gcp.project on the provider, or GOOGLE_PROJECT. See \"gcloud projects list\".", c.project)}}, nil
	}
	if isCode(err, http.StatusNotFound) {
		return []serving.Problem{{Path: "region", Summary: noRegion, Detail: fmt.Sprintf("Google Cloud has no region %s that the project %s can use. See \"gcloud compute regions list\".", c.region, c.project)}}, nil
	}
	if err != nil {
		return nil, err
	}
	zones := zonesOf(region)
	var problems []serving.Problem
	if spec.Known("network.zones") {
		for _, zone := range without(spec.Network.Zones, zones) {
			problems = append(problems, serving.Problem{Path: "network.zones", Summary: "Zone does not exist", Detail: fmt.Sprintf("%s is not a zone of %s. Those are %s.", zone, c.region, strings.Join(zones, ", "))})
		}
		if len(spec.Network.Zones) > 0 {
			zones = without(zones, without(zones, spec.Network.Zones))
		} else {
			zones = zones[:min(2, len(zones))]
		}
		machines, err := c.checkMachines(ctx, spec, zones)
		if err != nil {
			return nil, err
		}
		problems = append(problems, machines...)
	}
	return append(problems, checkQuotas(spec, region)...), nil
}

// checkMachines asks every zone for the types of machines and accelerators.
func (c *client) checkMachines(ctx context.Context, spec serving.Cluster, zones []string) ([]serving.Problem, error) {
	names := slices.Sorted(maps.Keys(spec.NodePools))
	found := make([][]serving.Problem, len(names))
	g, ctx := errgroup.WithContext(ctx)
	for i, name := range names {
		pool, path := spec.NodePools[name], "node_pools."+name
		g.Go(func() (err error) {
			if spec.Known(path + ".machine_type") {
				found[i], err = c.offered(ctx, path+".machine_type", "machine type", pool.MachineType, zones, func(zone string) error {
					_, err := c.compute.machineTypes.Get(ctx, &computepb.GetMachineTypeRequest{Project: c.project, Zone: zone, MachineType: pool.MachineType})
					return err
				})
			}
			a := acceleratorOf(pool)
			if err != nil || a == nil || a.Type == "" || len(found[i]) > 0 || !spec.Known(path+".accelerator", path+".machine_type") {
				return err
			}
			found[i], err = c.offered(ctx, path+".accelerator.type", "accelerator", a.Type, zones, func(zone string) error {
				_, err := c.compute.acceleratorTypes.Get(ctx, &computepb.GetAcceleratorTypeRequest{Project: c.project, Zone: zone, AcceleratorType: a.Type})
				return err
			})
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}

// offered asks the zones of the nodes for a type. Each must have it: GKE makes an
// instance group in all of them.
func (c *client) offered(_ context.Context, path, what, kind string, zones []string, get func(zone string) error) ([]serving.Problem, error) {
	if kind == "" {
		return nil, nil
	}
	var lacking []string
	for _, zone := range zones {
		err := get(zone)
		if isCode(err, http.StatusNotFound) {
			lacking = append(lacking, zone)
		} else if err != nil {
			return nil, err
		}
	}
	if len(lacking) == 0 {
		return nil, nil
	}
	return []serving.Problem{{Path: path, Summary: "Not offered in a zone", Detail: fmt.Sprintf("Compute Engine does not offer the %s %s in %s. Choose another, or zones that have it with network.zones. See \"gcloud compute %ss list\".",
		what, kind, strings.Join(lacking, ", "), strings.ReplaceAll(strings.TrimSuffix(what, " type")+"-type", " ", "-"))}}, nil
}

// checkQuotas warns when the least that the cluster needs is more than the region
// has left of an address or GPUs. A cluster that exists has its share already, so
// only a new one is judged by the addresses.
func checkQuotas(spec serving.Cluster, region *computepb.Region) []serving.Problem {
	left := map[string]float64{}
	for _, quota := range region.GetQuotas() {
		left[quota.GetMetric()] = quota.GetLimit() - quota.GetUsage()
	}
	var problems []serving.Problem
	for _, name := range slices.Sorted(maps.Keys(spec.NodePools)) {
		pool := spec.NodePools[name]
		a := acceleratorOf(pool)
		if a == nil || !spec.Known("node_pools."+name) || len(spec.LastSeen) > 0 {
			continue
		}
		metric := strings.ToUpper(strings.ReplaceAll(a.Type, "-", "_")) + "_GPUS"
		if pool.Spot {
			metric = "PREEMPTIBLE_" + metric
		}
		// The metrics of older types leave "tesla" out.
		metric = strings.Replace(metric, "_TESLA_", "_", 1)
		if room, ok := left[metric]; ok && float64(pool.MinSize*a.Count) > room {
			problems = append(problems, serving.Problem{Path: "node_pools." + name + ".min_size", Severity: serving.SeverityWarning, Summary: "Quota of accelerators is too low",
				Detail: fmt.Sprintf("The pool begins with %d of %s, and %s has a quota of %.0f more (%s). Ask for more on the page \"Quotas\" of the Google Cloud console.", pool.MinSize*a.Count, a.Type, region.GetName(), room, metric)})
		}
	}
	return problems
}

func (c *client) checkNetwork(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	if spec.Network.Own() || !spec.Known("network.vpc", "network.subnets") {
		return nil, nil
	}
	_, problems, err := c.readNetwork(ctx, spec.Network)
	return problems, err
}

// checkCertificate judges a certificate that is not made in the same plan.
func (c *client) checkCertificate(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	const path = "endpoint.certificate_id"
	id := spec.Endpoint.CertificateID
	if !spec.Known(path, "endpoint.domain", "visibility", "region") || id == "" {
		return nil, nil
	}
	name := c.certificateName(id)
	live, err := c.certificates.GetCertificate(ctx, &certificatemanagerpb.GetCertificateRequest{Name: name})
	if isCode(err, http.StatusNotFound) {
		return []serving.Problem{{Path: path, Summary: "Certificate does not exist", Detail: fmt.Sprintf("There is no certificate %s (%s). Create it with serving_certificate, or give the name of one in Certificate Manager.", id, name)}}, nil
	}
	if err != nil {
		return nil, err
	}
	if managed := live.GetManaged(); managed != nil && managed.GetState() != certificatemanagerpb.Certificate_ManagedCertificate_ACTIVE {
		return []serving.Problem{{Path: path, Summary: "Certificate is not issued yet", Detail: fmt.Sprintf("Google has not issued %s, whose state is %s: create the DNS records that authorize it, and wait until it is ACTIVE.", name, managed.GetState())}}, nil
	}
	leaf, chain := halves(live.GetPemCertificate())
	info, err := serving.ParseCertificate(leaf, chain)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s: %w", name, err)
	}
	return spec.CertificateProblems(info, time.Now()), nil
}
