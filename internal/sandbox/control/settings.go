package control

import (
	"maps"
	"time"
)

// Behaviour is how a cloud behaves as far as settings change it. The zero value has no delays.
type Behaviour struct {
	// TimeScale multiplies the default delays: 0 is immediate, 1 realistic.
	TimeScale float64
	// Delays overrides single delays by name, whatever the scale.
	Delays map[string]time.Duration
	// Consistency is how long a new object stays invisible to describes.
	Consistency time.Duration
	// Latency is added to every call.
	Latency time.Duration
	// Throttle is the allowed rate in calls per second by "service.Action", "service.*" or "*".
	Throttle map[string]float64
	// Quotas overrides default quotas by name.
	Quotas map[string]int
	// Disabled are APIs that are not enabled, by "project/service".
	Disabled map[string]bool
	// StockOuts are types of machines and accelerators that there is no capacity of, by "zone/type".
	StockOuts map[string]bool
	// Missing are those that a place does not have at all, by "region/type" or "zone/type".
	Missing map[string]bool
}

// Settings changes how a running cloud behaves. What is nil stays; maps are merged key by key.
type Settings struct {
	TimeScale   *float64            `json:"time_scale,omitempty"`
	Delays      map[string]Duration `json:"delays,omitempty"`
	Consistency *Duration           `json:"consistency,omitempty"`
	Latency     *Duration           `json:"latency,omitempty"`
	// Throttle is calls per second by "service.Action", "service.*" or "*"; zero lifts it.
	Throttle map[string]float64 `json:"throttle,omitempty"`
	Quotas   map[string]int     `json:"quotas,omitempty"`
	// Disabled, by "project/service", StockOuts and Missing, by "zone/type" or "region/type", are Google Cloud's; false lifts them.
	Disabled  map[string]bool `json:"disabled,omitempty"`
	StockOuts map[string]bool `json:"stock_outs,omitempty"`
	Missing   map[string]bool `json:"missing,omitempty"`
}

// Apply merges settings. The maps of the behaviour are replaced, because they may be the caller's.
func (b *Behaviour) Apply(s Settings) {
	delays, throttle, quotas := map[string]time.Duration{}, map[string]float64{}, map[string]int{}
	maps.Copy(delays, b.Delays)
	maps.Copy(throttle, b.Throttle)
	maps.Copy(quotas, b.Quotas)
	for name, d := range s.Delays {
		delays[name] = time.Duration(d)
	}
	maps.Copy(throttle, s.Throttle)
	maps.Copy(quotas, s.Quotas)
	b.Delays, b.Throttle, b.Quotas = delays, throttle, quotas
	b.Disabled, b.StockOuts, b.Missing = merged(b.Disabled, s.Disabled), merged(b.StockOuts, s.StockOuts), merged(b.Missing, s.Missing)
	if s.TimeScale != nil {
		b.TimeScale = *s.TimeScale
	}
	if s.Consistency != nil {
		b.Consistency = time.Duration(*s.Consistency)
	}
	if s.Latency != nil {
		b.Latency = time.Duration(*s.Latency)
	}
}

// Settings are those that lead to this behaviour, with every quota; delays are the caller's, who knows all of them.
func (b *Behaviour) Settings(defaultQuotas map[string]int) Settings {
	scale, consistency, latency := b.TimeScale, Duration(b.Consistency), Duration(b.Latency)
	s := Settings{
		TimeScale: &scale, Consistency: &consistency, Latency: &latency,
		Delays: map[string]Duration{}, Throttle: maps.Clone(b.Throttle), Quotas: maps.Clone(defaultQuotas),
	}
	maps.Copy(s.Quotas, b.Quotas)
	s.Disabled, s.StockOuts, s.Missing = maps.Clone(b.Disabled), maps.Clone(b.StockOuts), maps.Clone(b.Missing)
	return s
}

func merged(old, changes map[string]bool) map[string]bool {
	out := map[string]bool{}
	maps.Copy(out, old)
	maps.Copy(out, changes)
	return out
}
