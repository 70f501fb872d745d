package aws

import (
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	onSettle("autoscaling.instance", func(c *call, id, to string) {
		name, instance, _ := strings.Cut(id, "|")
		g := c.autoscaling().Groups[name]
		if g == nil {
			return
		}
		at := slices.IndexFunc(g.Instances, func(i astypes.Instance) bool { return *i.InstanceId == instance })
		if at < 0 {
			return
		}
		switch {
		case to == "InService" && g.Instances[at].LifecycleState == astypes.LifecycleStatePending:
			g.Instances[at].LifecycleState = astypes.LifecycleStateInService
			c.autoscalingRegister(g)
		case to == "Terminated":
			c.autoscalingDrop(g, instance)
		}
	})
}

// autoscalingScale launches or terminates instances until there are as many as desired.
func (c *call) autoscalingScale(g *autoscalingGroup, desired int32) error {
	g.DesiredCapacity = new(desired)
	var alive []string
	for _, i := range g.Instances {
		if i.LifecycleState != astypes.LifecycleStateTerminating {
			alive = append(alive, *i.InstanceId)
		}
	}
	for n := len(alive); n < int(desired); n++ {
		if err := c.autoscalingLaunch(g); err != nil {
			return err
		}
	}
	// The oldest go first.
	for _, id := range alive[:max(0, len(alive)-int(desired))] {
		c.autoscalingTerminate(g, id)
	}
	return nil
}

func (c *call) autoscalingLaunch(g *autoscalingGroup) error {
	subnet := c.region().Subnets[g.Subnets[g.Launched%len(g.Subnets)]]
	if subnet == nil {
		return apiError("ValidationError", "The subnet ID '%s' does not exist", g.Subnets[g.Launched%len(g.Subnets)])
	}
	id := c.newID("i")
	eni, err := c.createENI(*subnet.SubnetId, "", c.Account, g.SecurityGroups, "interface")
	if err != nil {
		return err
	}
	// An instance's own interface belongs to the account, which can see it but not delete it while it is attached.
	eni.RequesterManaged, eni.RequesterId = new(false), nil
	eni.Attachment.InstanceId, eni.Attachment.InstanceOwnerId, eni.Attachment.DeviceIndex = new(id), new(c.Account), new(int32(0))
	eni.Attachment.DeleteOnTermination = new(true)
	g.Launched++
	g.Interfaces[id] = *eni.NetworkInterfaceId
	instance := astypes.Instance{
		InstanceId: new(id), AvailabilityZone: subnet.AvailabilityZone, AvailabilityZoneId: subnet.AvailabilityZoneId, HealthStatus: new("Healthy"),
		LifecycleState: astypes.LifecycleStatePending, ProtectedFromScaleIn: new(false), LaunchTemplate: g.LaunchTemplate,
	}
	if g.MixedInstancesPolicy != nil && g.MixedInstancesPolicy.LaunchTemplate != nil {
		instance.LaunchTemplate = g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
		if overrides := g.MixedInstancesPolicy.LaunchTemplate.Overrides; len(overrides) > 0 {
			instance.InstanceType = overrides[0].InstanceType
		}
	}
	g.Instances = append(g.Instances, instance)
	c.after("autoscaling.instance.launch", transition{Kind: "autoscaling.instance", ID: *g.AutoScalingGroupName + "|" + id, To: "InService"})
	return nil
}

// autoscalingTerminate starts the end of an instance.
func (c *call) autoscalingTerminate(g *autoscalingGroup, id string) {
	for i := range g.Instances {
		if *g.Instances[i].InstanceId == id {
			g.Instances[i].LifecycleState = astypes.LifecycleStateTerminating
		}
	}
	for _, t := range g.Traffic {
		c.autoscalingDeregister(*t.Identifier, id)
	}
	c.after("autoscaling.instance.terminate", transition{Kind: "autoscaling.instance", ID: *g.AutoScalingGroupName + "|" + id, To: "Terminated"})
}

// autoscalingDrop forgets an instance. Its interface goes with it.
func (c *call) autoscalingDrop(g *autoscalingGroup, id string) {
	c.deleteENI(g.Interfaces[id])
	delete(g.Interfaces, id)
	g.Instances = slices.DeleteFunc(g.Instances, func(i astypes.Instance) bool { return *i.InstanceId == id })
	// No target group keeps a target that does not exist.
	for _, tg := range c.elb().TargetGroups {
		for key, target := range tg.Targets {
			if sdkaws.ToString(target.Target.Id) == id {
				delete(tg.Targets, key)
			}
		}
	}
}

// autoscalingRegister registers the instances in service with every attached target group.
func (c *call) autoscalingRegister(g *autoscalingGroup) {
	for _, t := range g.Traffic {
		tg := c.elb().TargetGroups[*t.Identifier]
		if tg == nil || sdkaws.ToString(t.State) == "Adding" || sdkaws.ToString(t.State) == "Removing" {
			continue
		}
		for _, i := range g.Instances {
			if i.LifecycleState == astypes.LifecycleStateInService {
				c.elbRegister(tg, elbtypes.TargetDescription{Id: i.InstanceId}, *g.AutoScalingGroupName)
			}
		}
	}
}

// autoscalingDeregister takes an instance out of a target group.
func (c *call) autoscalingDeregister(arn, id string) {
	tg := c.elb().TargetGroups[arn]
	if tg == nil {
		return
	}
	for _, key := range sortedKeys(tg.Targets) {
		if sdkaws.ToString(tg.Targets[key].Target.Id) == id {
			c.elbDeregister(tg, key)
		}
	}
}
