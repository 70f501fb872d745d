package kube

import "errors"

// Troubles are what the loop could not do, for a test that fails.
func (c *Cluster) Troubles() error {
	p := c.running()
	if p == nil {
		return nil
	}
	p.loop.mu.Lock()
	defer p.loop.mu.Unlock()
	return errors.Join(p.loop.troubles...)
}

// DNSAddress is that of the cluster's DNS.
func (c *Cluster) DNSAddress() string { return c.running().loop.proxy.dns.tcp.Addr().String() }
