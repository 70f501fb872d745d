package main

import (
	"context"
	"fmt"
	"time"
)

// starts is how often every start is measured, in turn, so that a busy moment of the machine hits all alike.
const starts = 5

// starter is a provider whose start is measured.
type starter struct {
	name, binary string
	folder       *folder
	schema, plan []time.Duration
}

// start measures how long it takes until a provider has served its schema, and until the plan of a configuration that
// has only its provider block is there.
func (b *bench) start(ctx context.Context) error {
	serving := &starter{name: "serving", binary: b.provider}
	floor := &starter{name: "the floor", binary: b.floor}
	all := []*starter{serving, floor}
	var err error
	if serving.folder, err = b.folder("empty", empty("modelserving/serving", "serving", fmt.Sprintf("sandbox = %q", b.sandbox.url))); err != nil {
		return err
	}
	if floor.folder, err = b.folder("empty-floor", empty("modelserving/floor", "floor", "")); err != nil {
		return err
	}
	var yard *starter
	if y := b.yardstick; y != nil {
		yard = &starter{name: "the yardstick", binary: y.binary}
		if yard.folder, err = b.folder("empty-yardstick", empty(yardstickSource, "aws", y.settings(b.sandbox.url))); err != nil {
			return err
		}
		if err := y.install(ctx, yard.folder); err != nil {
			return err
		}
		all = append(all, yard)
	}
	for range starts {
		for _, s := range all {
			if err := s.measure(ctx); err != nil {
				return err
			}
		}
	}
	for _, s := range all {
		b.table.add("process start to schema served, "+s.name, seconds(median(s.schema)), "", "")
	}
	b.table.ratio("  of the floor's", median(serving.schema), median(floor.schema), 2.5, "<= 2.5")
	for _, s := range all {
		b.table.add("plan of an empty configuration, "+s.name, seconds(median(s.plan)), "", "")
	}
	b.table.ratio("  of the floor's", median(serving.plan), median(floor.plan), 2.5, "<= 2.5")
	if yard != nil {
		b.table.ratio("  of the yardstick's", median(serving.plan), median(yard.plan), 1.0/15, "<= 1/15 (0.067)")
	}
	return nil
}

func (s *starter) measure(ctx context.Context) error {
	schema, err := timeToSchema(ctx, s.binary)
	if err != nil {
		return err
	}
	plan, err := s.folder.do(ctx, "plan")
	s.schema, s.plan = append(s.schema, schema), append(s.plan, plan.wall)
	return err
}

func empty(source, name, settings string) string {
	return fmt.Sprintf("terraform {\n  required_providers {\n    %s = { source = %q }\n  }\n}\n\nprovider %q {\n%s\n}\n", name, source, name, settings)
}
