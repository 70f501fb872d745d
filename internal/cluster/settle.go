package cluster

import (
	"context"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// settle says which computed values a change moves. The schema keeps all that
// state has; what moves becomes unknown here. A value that is kept and moves
// after all is shown by the next refresh.
func (s *step) settle(ctx context.Context) diag.Diagnostics {
	r := tf.NewReader()
	m := &s.plan
	s.settleKubernetesAPI(ctx, r)
	s.settleGateway(ctx, r)
	if s.prior == nil {
		m.Drift = tf.Reasons(nil, nil)
		s.settleEndpoint(ctx, r, true)
		return r.Diags
	}
	was := s.prior
	// Whatever drifted is repaired by an update, and an update there is when the
	// plan differs from the state.
	m.Drift = tf.Reasons(nil, nil)

	network := !m.Network.Equal(was.Network)
	visibility := !m.Visibility.Equal(was.Visibility)
	s.settleExposure(ctx, r, network || visibility)
	if network || visibility || !m.AWS.Equal(was.AWS) || !m.GCP.Equal(was.GCP) || !m.Gateway.Equal(was.Gateway) || s.adminsMove(ctx, r) || s.recordMoves(ctx, r) {
		m.Objects = types.MapUnknown(types.StringType)
	} else {
		s.settleObjects()
	}
	s.settleNetwork(ctx, r, network)
	s.settleEndpoint(ctx, r, visibility || s.drifted("load_balancer", "address", "forwarding_rule"))
	return r.Diags
}

// drifted reports whether an object of one of these kinds is not as it should
// be, so that it may have to be made again.
func (s *step) drifted(kinds ...string) bool {
	for object := range s.prior.Drift.Elements() {
		for _, kind := range kinds {
			if strings.HasPrefix(object, kind) {
				return true
			}
		}
	}
	return false
}

// settleObjects makes unknown the ids that a repair or a change of node pools
// may move, and the whole map where it may get other keys. All others stay, so
// that a plan shows what is new and not thirty ids.
func (s *step) settleObjects() {
	m, was := &s.plan, s.prior
	objects := maps.Clone(was.Objects.Elements())
	structure := m.NodePools.IsUnknown() || objects == nil
	for object := range was.Drift.Elements() {
		if _, exists := objects[object]; exists {
			objects[object] = types.StringUnknown()
		} else if object != tf.DefaultTagsDrift && object != serving.ExposureDrift {
			structure = true
		}
	}
	is, before := m.NodePools.Elements(), was.NodePools.Elements()
	for name, pool := range is {
		prior, exists := before[name]
		structure = structure || !exists
		if !exists || pool.Equal(prior) {
			continue
		}
		for object := range objects {
			if strings.HasSuffix(object, "/"+name) {
				objects[object] = types.StringUnknown()
			}
		}
	}
	if structure || len(is) != len(before) {
		m.Objects = types.MapUnknown(types.StringType)
		return
	}
	m.Objects = types.MapValueMust(types.StringType, objects)
}

// adminsMove reports whether the administrators change, each of which has an
// access entry.
func (s *step) adminsMove(ctx context.Context, r *tf.Reader) bool {
	api, _ := tf.Object[kubernetesAPIModel](ctx, r, "", s.plan.KubernetesAPI)
	was, _ := tf.Object[kubernetesAPIModel](ctx, r, "", s.prior.KubernetesAPI)
	return s.plan.KubernetesAPI.IsUnknown() || !api.Admins.Equal(was.Admins)
}

// recordMoves reports whether the cluster gets, loses or changes its DNS record,
// whose zone and name are its id.
func (s *step) recordMoves(ctx context.Context, r *tf.Reader) bool {
	is, _ := tf.Object[endpointModel](ctx, r, "", s.plan.Endpoint)
	was, _ := tf.Object[endpointModel](ctx, r, "", s.prior.Endpoint)
	kept := is.DNS.IsNull() && was.DNS.IsNull()
	return s.plan.Endpoint.IsUnknown() || !is.DNS.Equal(was.DNS) || !kept && !is.Domain.Equal(was.Domain)
}

// settleKubernetesAPI gives the object its computed parts when the
// configuration leaves it out; the framework would make all of it unknown, or
// keep arguments that were removed.
func (s *step) settleKubernetesAPI(ctx context.Context, r *tf.Reader) {
	api, ok := tf.Object[kubernetesAPIModel](ctx, r, "", s.plan.KubernetesAPI)
	if s.config.KubernetesAPI.IsNull() {
		api, ok = kubernetesAPIModel{AllowedCIDRs: types.SetNull(types.StringType), Admins: types.SetNull(types.StringType), DNSEndpoint: types.BoolNull()}, true
		if s.prior != nil {
			was, _ := tf.Object[kubernetesAPIModel](ctx, r, "", s.prior.KubernetesAPI)
			api.URL, api.CACertificate = was.URL, was.CACertificate
		}
	}
	if !ok {
		return
	}
	// A state without them is of a control plane that is gone; the apply makes another.
	if api.URL.IsNull() || s.dnsEndpointMoves(ctx, r, api) {
		api.URL, api.CACertificate = types.StringUnknown(), types.StringUnknown()
	}
	s.plan.KubernetesAPI = write(ctx, &r.Diags, api, "kubernetes_api")
}

// dnsEndpointMoves reports whether the endpoint comes or goes by which clients
// reach the Kubernetes API.
func (s *step) dnsEndpointMoves(ctx context.Context, r *tf.Reader, api kubernetesAPIModel) bool {
	if s.prior == nil {
		return false
	}
	was, _ := tf.Object[kubernetesAPIModel](ctx, r, "", s.prior.KubernetesAPI)
	return api.DNSEndpoint.IsUnknown() || api.DNSEndpoint.ValueBool() != was.DNSEndpoint.ValueBool()
}

// settleNetwork lets the ids move with the subnets.
func (s *step) settleNetwork(ctx context.Context, r *tf.Reader, changed bool) {
	n, ok := tf.Object[networkModel](ctx, r, "", s.plan.Network)
	if !ok || !changed && !s.drifted("vpc", "network", "subnet") {
		return
	}
	was, _ := tf.Object[networkModel](ctx, r, "", s.prior.Network)
	written, _ := tf.Object[networkModel](ctx, r, "", s.config.Network)
	if written.Zones.IsNull() && !n.Subnets.Equal(was.Subnets) {
		n.Zones = types.SetUnknown(types.StringType)
	}
	n.VPCID = types.StringUnknown()
	n.PrivateSubnetIDs = types.SetUnknown(types.StringType)
	n.PublicSubnetIDs = types.SetUnknown(types.StringType)
	s.plan.Network = write(ctx, &r.Diags, n, "network")
}

// settleEndpoint lets what belongs to the load balancer move with it. With a
// domain, the URL is known without one.
func (s *step) settleEndpoint(ctx context.Context, r *tf.Reader, moves bool) {
	e, ok := tf.Object[endpointModel](ctx, r, "", s.plan.Endpoint)
	if !ok {
		return
	}
	was := endpointModel{}
	if s.prior != nil {
		was, _ = tf.Object[endpointModel](ctx, r, "", s.prior.Endpoint)
	}
	if moves {
		e.Hostname, e.Address, e.ZoneID = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	}
	if moves || !e.Domain.Equal(was.Domain) {
		e.URL = url(e)
	}
	s.plan.Endpoint = write(ctx, &r.Diags, e, "endpoint")
}

func url(e endpointModel) types.String {
	switch {
	case e.Domain.IsUnknown():
		return types.StringUnknown()
	case e.Domain.ValueString() != "":
		return types.StringValue("https://" + e.Domain.ValueString())
	case e.Hostname.IsUnknown() || e.Hostname.IsNull():
		return types.StringUnknown()
	}
	return types.StringValue("https://" + e.Hostname.ValueString())
}
