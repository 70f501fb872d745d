package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// call is an operation of a service. Where the provider calls a small part of a
// service, it holds the operations one by one and not the SDK's client: go-plugin
// links net/rpc, which looks methods up by name, so the linker keeps every method of
// every type that a value in an interface leads to. A client in a field is all
// operations of its service, and EC2's 700 are 28 MB; a function is one operation.
type call[In, Out, Options any] = func(context.Context, *In, ...func(*Options)) (*Out, error)

// pagesByToken reads all pages of an operation. In the input, token is where it says
// which page it asks for. The SDK's paginators do the same for a client.
func pagesByToken[In, Out, Options, T any](ctx context.Context, page call[In, Out, Options], in *In, token **string, items func(*Out) (items []T, next *string)) ([]T, error) {
	var out []T
	for {
		got, err := page(ctx, in)
		if err != nil {
			return nil, err
		}
		some, next := items(got)
		out = append(out, some...)
		if aws.ToString(next) == "" {
			return out, nil
		}
		// A part is no answer: what it lacks would be made a second time.
		if aws.ToString(next) == aws.ToString(*token) {
			return nil, fmt.Errorf("read %T: page %q names itself as the next; try again", in, *next)
		}
		*token = next
	}
}

// paginator is what every SDK paginator of type P with options O has.
type paginator[P, O any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*O)) (*P, error)
}

// pages reads all pages.
func pages[P, O, T any](ctx context.Context, p paginator[P, O], items func(*P) []T) ([]T, error) {
	var out []T
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, items(page)...)
	}
	return out, nil
}
