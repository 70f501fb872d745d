package tftest

import (
	"context"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Reaching is what the backend knows of reachability.
type Reaching struct {
	// Reachability is the answer to every question.
	Reachability serving.Reachability
	// Asked are the questions so far.
	Asked []Asked
}

// Asked is a question.
type Asked struct {
	To   serving.Target
	From serving.Source
}

// Reach gives the prepared answer.
func (b *Backend) Reach(ctx context.Context, to serving.Target, from serving.Source) (serving.Reachability, error) {
	b.mu.Lock()
	b.Asked = append(b.Asked, Asked{to, from})
	b.mu.Unlock()
	return b.Reachability, b.call(ctx, "Reach")
}
