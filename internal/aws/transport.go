package aws

import (
	"bytes"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// wholeBodies sends bodies that only the transport closes. The SDK closes them as
// soon as an answer begins, and where that is before net/http has seen their end,
// net/http drops the connection, and the answer with it. That takes an endpoint
// which answers within microseconds, or a busy machine.
type wholeBodies struct{ aws.HTTPClient }

func withWholeBodies(client aws.HTTPClient) aws.HTTPClient {
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	return wholeBodies{client}
}

// Do sends a request. Bodies are parameters of calls: some kilobytes at most.
func (c wholeBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return c.HTTPClient.Do(r)
}
