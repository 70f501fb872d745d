package serving

func certificateID(id string) func(*Cluster) {
	return func(c *Cluster) { c.Endpoint.CertificateID = id }
}

func domain(d string) func(*Cluster) {
	return func(c *Cluster) { c.Endpoint.Domain = d }
}

func dns(d, zone string) func(*Cluster) {
	return func(c *Cluster) { c.Endpoint.Domain, c.Endpoint.DNS = d, &DNS{ZoneID: zone} }
}

func allowed(ranges ...string) func(*Cluster) {
	return func(c *Cluster) { c.Endpoint.AllowedCIDRs = ranges }
}

var endpointCases = []clusterCase{
	{"private without certificate", certificateID(""),
		[]want{{"endpoint.certificate_id", "Private cluster without a certificate", "The cluster is private and has no certificate"}}},
	{"public without certificate", all(public, certificateID("")),
		[]want{{"endpoint.certificate_id", "Public cluster without a certificate", "tokens would cross the Internet in clear text"}}},
	{"ACM certificate", certificateID("arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"), nil},
	{"certificate name", certificateID("models"),
		[]want{{"endpoint.certificate_id", "Invalid certificate id", `"models" is neither the id of a serving_certificate`}}},
	{"certificate of IAM", certificateID("arn:aws:iam::123456789012:server-certificate/models"),
		[]want{{"endpoint.certificate_id", "Invalid certificate id", "nor the ARN of an ACM certificate"}}},
	{"certificate of another cloud", certificateID("gcp/us-west-2/models"),
		[]want{{"endpoint.certificate_id", "Certificate is in another cloud", `in cloud "gcp" and the cluster is in "aws"`}}},
	{"certificate elsewhere", certificateID("aws/us-east-1/models"),
		[]want{{"endpoint.certificate_id", "Certificate is in another region", `in region "us-east-1" and the cluster in "us-west-2"`}}},
	{"ACM certificate elsewhere", certificateID("arn:aws:acm:us-east-1:123456789012:certificate/1"),
		[]want{{"endpoint.certificate_id", "Certificate is in another region", "Import the certificate into us-west-2 too"}}},
	{"ACM certificate of another partition", certificateID("arn:aws-cn:acm:us-west-2:123456789012:certificate/1"),
		[]want{{"endpoint.certificate_id", "ARN is of another partition", `"aws-cn"`}}},

	{"any host", domain(""), nil},
	{"name of one label", domain("models"), nil},
	{"punycode", domain("xn--mller-kva.example"), nil},
	{"longest domain", domain(longestName), nil},
	{"wildcard", domain("*.example.com"),
		[]want{{"endpoint.domain", "Domain is a wildcard", `The domain is "*.example.com"`}}},
	{"URL", domain("https://models.example.com"),
		[]want{{"endpoint.domain", "Invalid domain", "without scheme, port, path"}}},
	{"upper case", domain("Models.example.com"),
		[]want{{"endpoint.domain", "Invalid domain", "in lower case"}}},
	{"final dot", domain("models.example.com."), []want{{"endpoint.domain", "Invalid domain", "final dot"}}},
	{"address", domain("10.0.0.1"), []want{{"endpoint.domain", "Invalid domain", `"10.0.0.1"`}}},
	{"long domain", domain("a" + longestName), []want{{"endpoint.domain", "Invalid domain", "253 characters"}}},

	{"private for its own ranges", allowed(), nil},
	{"private for everyone", allowed("0.0.0.0/0"),
		[]want{{"endpoint.allowed_cidrs.0", "Range has no path to a private cluster", "0.0.0.0/0 contains addresses of the Internet"}}},
	{"private for a public range", allowed("10.0.0.0/8", "203.0.113.0/24"),
		[]want{{"endpoint.allowed_cidrs.1", "Range has no path to a private cluster", "peered VPCs or of your VPN"}}},
	{"private for its own public range", func(c *Cluster) {
		c.Network.CIDR = "8.8.0.0/16"
		allowed("8.8.4.0/24")(c)
	}, []want{{"network.cidr", "warning: Network range belongs to the Internet", "8.8.0.0/16"}}},
	{"public for everyone", all(public, allowed("0.0.0.0/0")), nil},
	{"public for a private range", all(public, allowed("192.168.0.0/16")),
		[]want{{"endpoint.allowed_cidrs.0", "warning: Range matches nobody on a public cluster", "192.168.0.0/16 is a private range"}}},
	{"range twice", allowed("10.0.0.0/8", "10.0.0.0/8"),
		[]want{{"endpoint.allowed_cidrs.1", "Address range is listed twice", "10.0.0.0/8 is already at index 0"}}},
	{"range of IPv6", allowed("::/0"),
		[]want{{"endpoint.allowed_cidrs.0", "IPv6 is not supported yet", "::/0 is an IPv6 range"}}},
	{"single address", allowed("10.1.2.3"),
		[]want{{"endpoint.allowed_cidrs.0", "Invalid address range", `write "10.1.2.3/32"`}}},
	{"empty range", allowed(""),
		[]want{{"endpoint.allowed_cidrs.0", "Invalid address range", `"" is not a range`}}},
	{"range with host bits", allowed("10.1.2.3/8"),
		[]want{{"endpoint.allowed_cidrs.0", "Address range has host bits", "Write 10.0.0.0/8"}}},
	{"50 ranges", allowed(nets(50, "10.1.")...), nil},
	{"51 ranges", allowed(nets(51, "10.1.")...),
		[]want{{"endpoint.allowed_cidrs", "Too many ranges for the load balancer", "51 ranges are listed. A security group takes 60 rules"}}},
	{"public for 30 ranges", all(public, allowed(nets(30, "203.0.")...)), nil},
	{"public for 31 ranges", all(public, allowed(nets(31, "203.0.")...)),
		[]want{{"endpoint.allowed_cidrs", "warning: Ranges need a higher quota", "each needs two rules (ports 443 and 80), 62 in all"}}},

	{"DNS record", dns("models.example.com", "Z0123456789ABCDEFGHIJ"), nil},
	{"short zone id", dns("models.example.com", "Z1"), nil},
	{"DNS record without a domain", dns("", "Z0123456789ABCDEFGHIJ"),
		[]want{{"endpoint.dns", "DNS record without a domain", "Write endpoint.domain"}}},
	{"zone of a path", dns("models.example.com", "/hostedzone/Z0123456789ABCDEFGHIJ"),
		[]want{{"endpoint.dns.zone_id", "Invalid hosted zone", `The zone is "/hostedzone/Z0123456789ABCDEFGHIJ"`}}},
	{"zone by its name", dns("models.example.com", "example.com"),
		[]want{{"endpoint.dns.zone_id", "Invalid hosted zone", "aws route53 list-hosted-zones"}}},
	{"zone in lower case", dns("models.example.com", "z0123456789"),
		[]want{{"endpoint.dns.zone_id", "Invalid hosted zone", "letters in upper case"}}},
	{"zone id too long", dns("models.example.com", "Z0123456789ABCDEFGHIJ0123456789ABC"),
		[]want{{"endpoint.dns.zone_id", "Invalid hosted zone", "the id of a Route 53 hosted zone"}}},
	{"no zone", dns("models.example.com", ""),
		[]want{{"endpoint.dns.zone_id", "Invalid hosted zone", `The zone is ""`}}},

	{"TLS 1.3", func(c *Cluster) { c.Endpoint.MinTLSVersion = "1.3" }, nil},
	{"default TLS and timeout", func(c *Cluster) { c.Endpoint.MinTLSVersion, c.Endpoint.IdleTimeoutSeconds = "", 0 }, nil},
	{"TLS 1.1", func(c *Cluster) { c.Endpoint.MinTLSVersion = "1.1" },
		[]want{{"endpoint.min_tls_version", "Invalid minimum TLS version", `The minimum is "1.1"`}}},
	{"longest timeout", func(c *Cluster) { c.Endpoint.IdleTimeoutSeconds = 4000 }, nil},
	{"timeout too long", func(c *Cluster) { c.Endpoint.IdleTimeoutSeconds = 4001 },
		[]want{{"endpoint.idle_timeout_seconds", "Invalid idle timeout", "The timeout is 4001 s"}}},
	{"negative timeout", func(c *Cluster) { c.Endpoint.IdleTimeoutSeconds = -1 },
		[]want{{"endpoint.idle_timeout_seconds", "Invalid idle timeout", "1 to 4000 s"}}},
}
