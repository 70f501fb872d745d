package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// An EC2 instance type is <letters><generation><options>.<size>; the option "g"
// means a Graviton (Arm) processor, and the families a1 and t4g are Arm as well
// (EC2 instance type naming conventions).
var (
	instanceType = regexp.MustCompile(`^([a-z]+)(\d+)([a-z0-9-]*)\.`)
	nvidia       = regexp.MustCompile(`^(p\d|g\d|gr\d)`)
	neuron       = regexp.MustCompile(`^(inf|trn)\d`)
)

// amiType is the Amazon Linux 2023 image that fits a pool's machines (EKS SDK,
// types.AMITypes).
func amiType(p serving.NodePool) ekstypes.AMITypes {
	parts := instanceType.FindStringSubmatch(p.MachineType)
	arm := parts != nil && (strings.Contains(parts[3], "g") || parts[1]+parts[2] == "a1")
	switch {
	case neuron.MatchString(p.MachineType):
		return ekstypes.AMITypesAl2023X8664Neuron
	case strings.HasPrefix(p.MachineType, "g4ad."):
		// AMD's GPUs have no image with a driver.
		return ekstypes.AMITypesAl2023X8664Standard
	case nvidia.MatchString(p.MachineType) && arm:
		return ekstypes.AMITypesAl2023Arm64Nvidia
	case nvidia.MatchString(p.MachineType):
		return ekstypes.AMITypesAl2023X8664Nvidia
	case arm:
		return ekstypes.AMITypesAl2023Arm64Standard
	}
	return ekstypes.AMITypesAl2023X8664Standard
}

// digest is a short hash that tells specs apart in a name.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:4])
}
