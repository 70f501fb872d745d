package kube

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"
)

// silent takes what net/http would write about peers that hang up.
var silent = log.New(io.Discard, "", 0)

// A plane is everything that runs of a started cluster.
type plane struct {
	config *Config
	// dir is for this run; its name is short because sockets are in it. state
	// outlives it where the configuration says so.
	dir, state string

	signer *authority
	// loopCertificate and loopKey, as PEM, are by which the loop calls the API server.
	loopCertificate, loopKey []byte

	webhook   *webhook
	egress    *egress
	etcd      *process
	apiserver *apiserver
	loop      *loop
}

func startPlane(ctx context.Context, config *Config) (_ *plane, err error) {
	programs, err := findBinaries()
	if err != nil {
		return nil, err
	}
	p := &plane{config: config}
	defer func() {
		if err != nil {
			_ = p.close()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "kube"); err != nil {
		return nil, err
	}
	p.state = p.dir
	if config.StateDir != "" {
		if p.state, err = filepath.Abs(config.StateDir); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(p.state, 0o700); err != nil {
			return nil, err
		}
	}
	if p.signer, err = newAuthority(); err != nil {
		return nil, err
	}
	if p.webhook, err = startWebhook(p.signer, config.Authenticate); err != nil {
		return nil, err
	}
	p.loop = newLoop(config, p.dir, p.signer)
	if p.egress, err = startEgress(filepath.Join(p.dir, egressSocket), p.loop); err != nil {
		return nil, err
	}
	if p.etcd, err = startEtcd(p.dir, filepath.Join(p.state, "etcd"), programs.etcd); err != nil {
		return nil, err
	}
	if err := p.etcd.until(ctx, etcdReady(p.dir)); err != nil {
		return nil, err
	}
	if p.apiserver, err = startAPIServer(ctx, p, programs.apiserver); err != nil {
		return nil, err
	}
	if err := p.loop.start(ctx, p.apiserver); err != nil {
		return nil, err
	}
	return p, nil
}

// ended reports whether one of the programs is gone that should not be.
func (p *plane) ended() bool { return p.apiserver.ended() || p.etcd.ended() }

// close ends everything in the order in which it needs each other.
func (p *plane) close() error {
	var errs []error
	if p.loop != nil {
		p.loop.close()
	}
	if p.apiserver != nil {
		p.apiserver.stop(0) // It has nothing to lose, and takes long to say farewell to its watchers.
	}
	if p.etcd != nil {
		p.etcd.stop(3 * time.Second)
	}
	if p.egress != nil {
		p.egress.close()
	}
	p.webhook.close()
	if p.dir != "" {
		errs = append(errs, os.RemoveAll(p.dir))
	}
	return errors.Join(errs...)
}
