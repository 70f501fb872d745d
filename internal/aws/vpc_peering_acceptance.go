package aws

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringView is a connection as one side sees it, with that side's credentials
// and in its region.
type peeringView struct {
	*client
	connection *stack.Object[peeringConnectionSpec, ec2types.VpcPeeringConnection]
	// key is what the side's reader is asked for: the mark where both sides are one
	// account and region, empty for the id.
	key string
}

// sees reads the connection; nil while there is none, or it has not come to this
// side yet.
func (v peeringView) sees(ctx context.Context) (*ec2types.VpcPeeringConnection, error) {
	live, err := v.connection.Found(ctx)
	if live == nil || err != nil {
		return nil, err
	}
	id := aws.ToString(live.VpcPeeringConnectionId)
	for _, key := range []string{v.key, reads.ByID + id} {
		if key == "" {
			continue
		}
		found, err := v.reader.peerings.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if aws.ToString(found[i].VpcPeeringConnectionId) == id {
				return &found[i], nil
			}
		}
	}
	return nil, nil
}

// peeringAcceptances are connections that the peer's side has accepted. They end
// with the connection, so a stack that is removed has none.
type peeringAcceptances struct {
	peeringView
	owner owner
	// shared says that both sides are one account and region: the tags are the
	// connection's own then.
	shared bool
}

type peeringAcceptanceSpec struct{ Connection string }

var _ stack.Kind[peeringAcceptanceSpec, ec2types.VpcPeeringConnection] = peeringAcceptances{}

func (k peeringAcceptances) Find(ctx context.Context, _ string) ([]*ec2types.VpcPeeringConnection, error) {
	live, err := k.sees(ctx)
	if live == nil || err != nil || !accepted(live) && !hasEnded(live) {
		return nil, err
	}
	return []*ec2types.VpcPeeringConnection{live}, nil
}

// accepted reports whether somebody has accepted a connection.
func accepted(p *ec2types.VpcPeeringConnection) bool {
	code := peeringStatus(p)
	return code == ec2types.VpcPeeringConnectionStateReasonCodeActive || code == ec2types.VpcPeeringConnectionStateReasonCodeProvisioning
}

func (k peeringAcceptances) ID(live *ec2types.VpcPeeringConnection) string {
	return aws.ToString(live.VpcPeeringConnectionId)
}

func (k peeringAcceptances) State(live *ec2types.VpcPeeringConnection) stack.State {
	switch {
	case hasEnded(live):
		return stack.State{Phase: stack.Failed, Reason: peeringEnd(live)}
	case peeringStatus(live) != ec2types.VpcPeeringConnectionStateReasonCodeActive:
		return stack.State{Phase: stack.Pending, Reason: string(peeringStatus(live))}
	}
	return stack.State{}
}

func (k peeringAcceptances) Diff(name string, want peeringAcceptanceSpec, live *ec2types.VpcPeeringConnection) []stack.Difference {
	diffs := fixed("connection", k.ID(live), want.Connection)
	if k.shared {
		return diffs
	}
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

// Create waits until the request has come to the peer's region, and accepts it.
func (k peeringAcceptances) Create(ctx context.Context, _ string, want peeringAcceptanceSpec, _ string) error {
	var live *ec2types.VpcPeeringConnection
	err := k.poll.Until(ctx, func(time.Duration) (bool, error) {
		var err error
		live, err = k.sees(ctx)
		return err != nil || live != nil && peeringStatus(live) != ec2types.VpcPeeringConnectionStateReasonCodeInitiatingRequest, err
	})
	if err != nil {
		return fmt.Errorf("the request %s has not come to %s: %w", want.Connection, k.region, err)
	}
	if hasEnded(live) {
		return fmt.Errorf("%s: %s", want.Connection, peeringEnd(live))
	}
	if accepted(live) {
		return nil
	}
	_, err = k.ec2.AcceptVpcPeeringConnection(ctx, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &want.Connection})
	return err
}

func (k peeringAcceptances) Update(ctx context.Context, name string, _ peeringAcceptanceSpec, live *ec2types.VpcPeeringConnection, _ []stack.Difference) error {
	return k.retag(ctx, k.owner, name, k.ID(live), live.Tags)
}

// Delete has nothing to do.
func (k peeringAcceptances) Delete(context.Context, *ec2types.VpcPeeringConnection) error { return nil }
