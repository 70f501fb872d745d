package serving

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// trail is the way of callers who all fare alike.
type trail struct {
	// who names the callers.
	who  string
	hops []Hop
	// members says that members of a security group get in where others do not.
	members bool
}

// verdict of a way: one hop that blocks is enough, and only a way without a doubt
// passes.
func (t trail) verdict() Verdict {
	out := VerdictPass
	for _, h := range t.hops {
		switch h.Verdict {
		case VerdictBlock:
			return VerdictBlock
		case VerdictUnknown:
			out = VerdictUnknown
		}
	}
	return out
}

// blockedOnlyBy reports whether nothing but one hop blocks.
func (t trail) blockedOnlyBy(name string) bool {
	return !slices.ContainsFunc(t.hops, func(h Hop) bool { return h.Verdict == VerdictBlock && h.Name != name })
}

// mostNamed is how many callers, and how many reasons, one hop names.
const mostNamed = 3

// summary tells one hop of all ways: the worst verdict, and every reason for it
// with the callers it is about where others fare better.
func summary(name string, trails []trail) (Hop, bool) {
	var reasons []string
	verdicts, who := map[string]Verdict{}, map[string][]string{}
	total := 0
	for _, t := range trails {
		for _, h := range t.hops {
			if h.Name != name {
				continue
			}
			total++
			if verdicts[h.Reason] == "" {
				reasons = append(reasons, h.Reason)
			}
			verdicts[h.Reason] = h.Verdict
			who[h.Reason] = append(who[h.Reason], t.who)
		}
	}
	if total == 0 {
		return Hop{}, false
	}
	hop := Hop{Name: name, Verdict: VerdictPass}
	for _, v := range []Verdict{VerdictUnknown, VerdictBlock} {
		if slices.ContainsFunc(reasons, func(r string) bool { return verdicts[r] == v }) {
			hop.Verdict = v
		}
	}
	worst := slices.DeleteFunc(slices.Clone(reasons), func(r string) bool { return verdicts[r] != hop.Verdict })
	about := 0
	for i, r := range worst {
		about += len(who[r])
		if len(reasons) > 1 {
			worst[i] = some(who[r]) + ": " + r
		}
	}
	if len(worst) > mostNamed {
		worst = append(worst[:mostNamed], fmt.Sprintf("and %d more reasons", len(worst)-mostNamed))
	}
	hop.Reason = strings.Join(worst, "; ")
	if about < total && hop.Verdict != VerdictPass {
		hop.Reason += "; other callers pass or may pass"
	}
	return hop, true
}

// some names the first of many.
func some(names []string) string {
	if len(names) > mostNamed {
		return strings.Join(names[:mostNamed], ", ") + fmt.Sprintf(" and %d more", len(names)-mostNamed)
	}
	return strings.Join(names, ", ")
}

// split judges a range of addresses. Where a cut lies inside, its halves may fare
// differently and are judged one by one; halves that fare alike become one again.
// A judge that answers nil leaves the addresses out.
func split(p netip.Prefix, cuts []netip.Prefix, judge func(netip.Prefix) *trail) []*trail {
	var inner []netip.Prefix
	for _, c := range cuts {
		if c.Bits() > p.Bits() && p.Contains(c.Addr()) {
			inner = append(inner, c)
		}
	}
	if len(inner) == 0 {
		return []*trail{judge(p)}
	}
	low, high := halves(p)
	left, right := split(low, inner, judge), split(high, inner, judge)
	if len(left) == 1 && len(right) == 1 && alike(left[0], right[0]) {
		if left[0] == nil {
			return left
		}
		whole := *left[0]
		whole.who = p.String()
		return []*trail{&whole}
	}
	return append(left, right...)
}

func alike(a, b *trail) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.members == b.members && slices.Equal(a.hops, b.hops)
}

// halves are the two parts of a range.
func halves(p netip.Prefix) (low, high netip.Prefix) {
	p = p.Masked()
	low = netip.PrefixFrom(p.Addr(), p.Bits()+1)
	middle := p.Addr().As4()
	middle[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	return low, netip.PrefixFrom(netip.AddrFrom4(middle), p.Bits()+1)
}

// overlap gives the parts of ranges that lie in p; an invalid p is everything.
func overlap(ranges []netip.Prefix, p netip.Prefix) []netip.Prefix {
	var out []netip.Prefix
	for _, r := range ranges {
		switch {
		case !p.IsValid() || inside(r, []netip.Prefix{p}):
			out = append(out, r)
		case inside(p, []netip.Prefix{r}):
			out = append(out, p)
		}
	}
	return out
}

// overInternet asks about every address of the Internet and puts the answers
// together: what is not the same everywhere is unknown.
func overInternet(cuts []netip.Prefix, ask func(netip.Prefix) Verdict) Verdict {
	return together(everywhere, append(slices.Clone(nobodys), cuts...), func(p netip.Prefix) Verdict {
		if inside(p, nobodys) {
			return ""
		}
		return ask(p)
	})
}

// together asks about every address of a range.
func together(p netip.Prefix, cuts []netip.Prefix, ask func(netip.Prefix) Verdict) Verdict {
	var out Verdict
	for _, t := range split(p, cuts, func(p netip.Prefix) *trail { return &trail{hops: []Hop{{Verdict: ask(p)}}} }) {
		v := t.hops[0].Verdict
		switch {
		case v == "" || v == out:
		case out == "":
			out = v
		default:
			return VerdictUnknown
		}
	}
	return out
}

var (
	everywhere = netip.MustParsePrefix("0.0.0.0/0")
	// nobodys are the addresses that no caller on the Internet has (RFC 6890; class E
	// is reserved).
	nobodys = append(prefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"), privateRanges...)
)

// OnInternet reports whether some caller on the Internet has an address of a range.
func OnInternet(p netip.Prefix) bool { return !inside(p, nobodys) }
