package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Config is everything that a gateway's configuration is made of.
type Config struct {
	// Version names this configuration; every gateway pod answers it on
	// VersionPath in the header x-serving-version, to anyone who asks.
	Version string
	// Dir is where the files are mounted, as a directory of their own: Envoy
	// watches it for the rename by which Kubernetes replaces what is in it.
	Dir string
	// Address and Port are where callers are listened to; the address is
	// 0.0.0.0 unless one is given.
	Address string
	Port    uint32
	// AdminPath is the Unix socket of Envoy's admin interface, which shows the
	// tokens; empty is no admin interface.
	AdminPath string
	// CABundle holds the certificate authorities that sign for issuers of JWTs;
	// it is that of the official image unless one is given.
	CABundle string
	// TrustedHops is how many proxies in front add to X-Forwarded-For.
	TrustedHops uint32
	// MaxHeapBytes bounds Envoy's memory: near it the largest requests are
	// dropped and then new ones refused, before the kernel ends the process. 0
	// is no bound.
	MaxHeapBytes uint64
	// MaxConnections bounds the callers' connections to one gateway pod; 0 is
	// defaultConnections.
	MaxConnections int64

	Servers []Server
}

// Server is a model server and where in the cluster it is.
type Server struct {
	serving.ModelServer

	// Upstream is host:port of the model's Kubernetes Service.
	Upstream string
}

const (
	defaultAddress     = "0.0.0.0"
	defaultCABundle    = "/etc/ssl/certs/ca-certificates.crt"
	defaultConnections = 50_000
)

// The characters of what becomes part of a header, a file name or a DNS query.
var (
	versionText  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	upstreamText = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$`)
)

// check demands what every later line relies on. Rules that a user can break are
// in internal/serving and were told at plan; here they are the last line of
// defence, for a server that comes from a Secret which anyone might have edited.
func (c Config) check() error {
	var errs []error
	if !versionText.MatchString(c.Version) {
		errs = append(errs, fmt.Errorf("the version %q is not 1 to 64 letters, digits and . _ -", c.Version))
	}
	if c.Dir == "" {
		errs = append(errs, errors.New("there is no directory for the files"))
	}
	if c.Port == 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("the port %d is not one of TCP", c.Port))
	}
	var before []serving.ModelServer
	for _, s := range c.sorted() {
		problems := append(s.RouteProblems(), s.Conflicts(before)...)
		for _, p := range problems {
			if p.Severity == serving.SeverityError {
				errs = append(errs, fmt.Errorf("server %q: %s: %s: %s", s.Name, p.Path, p.Summary, p.Detail))
			}
		}
		if len(s.Unknown) > 0 {
			errs = append(errs, fmt.Errorf("server %q is not known yet", s.Name))
		}
		if !isAddress(s.Upstream) {
			errs = append(errs, fmt.Errorf("server %q: its address %q is not host:port", s.Name, s.Upstream))
		}
		before = append(before, s.ModelServer)
	}
	return errors.Join(errs...)
}

func isAddress(text string) bool {
	if !upstreamText.MatchString(text) {
		return false
	}
	_, port, err := net.SplitHostPort(text)
	number, portErr := strconv.ParseUint(port, 10, 16)
	return err == nil && portErr == nil && number > 0
}

// sorted gives the servers in a stable order, so that the same servers make the
// same bytes.
func (c Config) sorted() []Server {
	return slices.SortedStableFunc(slices.Values(c.Servers), func(a, b Server) int { return cmp.Compare(a.Name, b.Name) })
}

func (c Config) address() string { return cmp.Or(c.Address, defaultAddress) }

func (s Server) maxBodyBytes() uint64 {
	return uint64(cmp.Or(s.MaxBodyBytes, serving.DefaultMaxBodyBytes))
}
