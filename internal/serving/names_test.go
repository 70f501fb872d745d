package serving

import (
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 30)
	for _, tc := range []struct {
		max   int
		parts []string
		want  string
	}{
		{32, []string{"serving", "prod"}, "serving-prod"},
		{12, []string{"serving", "prod"}, "serving-prod"},
		// echo -n serving-prod | sha256sum
		{11, []string{"serving", "prod"}, "se-98a685a7"},
		{32, []string{long, "b"}, long + "-b"},
		{8, []string{long}, "3a54fc0c"},
		{4, []string{long}, "3a54"},
	} {
		got := Fit(tc.max, tc.parts...)
		if len(got) > tc.max {
			t.Errorf("Fit(%d, %q) = %q is too long", tc.max, tc.parts, got)
		}
		if got != tc.want {
			t.Errorf("Fit(%d, %q) = %q, want %q", tc.max, tc.parts, got, tc.want)
		}
	}
}

func TestFitProperties(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, whole := range []string{
		"", "-", "--", "a", "-a", "a-", "-a-", strings.Repeat("a", 31) + "-b", strings.Repeat("a", 31) + "-c",
		strings.Repeat("-", 40), strings.Repeat("a", 22) + "--------------------", strings.Repeat("é", 20),
	} {
		got := Fit(32, whole)
		if got == "" || len(got) > 32 || strings.HasPrefix(got, "-") || strings.HasSuffix(got, "-") || strings.ToValidUTF8(got, "") != got {
			t.Errorf("Fit(32, %q) = %q", whole, got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q both become %q", whole, other, got)
		}
		seen[got] = whole
		if again := Fit(32, whole); again != got {
			t.Errorf("Fit(32, %q) = %q and then %q", whole, got, again)
		}
	}
}
