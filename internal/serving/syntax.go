package serving

import "regexp"

// A syntax is the form of a text and the number of bytes that it has at most. The
// expression leaves the length out: a class that is repeated up to 63 times is
// written out that often when it is compiled, at every start of the provider.
type syntax struct {
	most int
	form *regexp.Regexp
}

func upTo(most int, form string) syntax { return syntax{most, regexp.MustCompile(form)} }

func (s syntax) MatchString(text string) bool { return len(text) <= s.most && s.form.MatchString(text) }
