package gcp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/status"
)

// TestInsert answers inserts with operations that are over: what an id did within
// the hour is not what is asked for now, and what a new id did is.
func TestInsert(t *testing.T) {
	t.Parallel()
	const done, failed = `"status":"DONE"`, `"status":"DONE","httpErrorStatusCode":403,"httpErrorMessage":"FORBIDDEN","error":{"errors":[{"code":"QUOTA_EXCEEDED","message":"quota"}]}`
	for name, test := range map[string]struct {
		// ends are those of the operations that the ids get, the last one of all others.
		ends []string
		// there says after which call the object is there.
		there int
		calls int
		fails bool
	}{
		"made at once":                  {[]string{done}, 1, 1, false},
		"made before, and removed":      {[]string{done, done}, 2, 2, false},
		"made and removed twice before": {[]string{done, done, done}, 3, 3, false},
		"failed before":                 {[]string{failed, done}, 2, 2, false},
		"fails again":                   {[]string{failed}, 0, 2, true},
		"removed, then failed before":   {[]string{done, failed, done}, 3, 3, false},
		"removed, and fails for good":   {[]string{done, failed}, 0, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func() (ids []string) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ids = append(ids, r.URL.Query().Get("requestId"))
					_, _ = fmt.Fprintf(w, `{"name":"operation-%d","operationType":"insert",%s}`, len(ids), test.ends[min(len(ids), len(test.ends))-1])
				}))
				defer server.Close()
				c, err := testBackend(server.URL).client(t.Context(), testRegion)
				if err != nil {
					t.Fatal(err)
				}
				err = c.insert(t.Context(), "token", func(context.Context) (bool, error) { return test.there > 0 && len(ids) >= test.there, nil }, func(id *string) (*compute.Operation, error) {
					return c.compute.networks.Insert(t.Context(), &computepb.InsertNetworkRequest{Project: c.project, RequestId: id, NetworkResource: &computepb.Network{}})
				})
				if (err != nil) != test.fails || err != nil && !strings.Contains(err.Error(), "quota") {
					t.Errorf("error %v", err)
				}
				return ids
			}
			first, second := run(), run()
			if len(first) != test.calls || len(slices.Compact(slices.Sorted(slices.Values(first)))) != test.calls {
				t.Errorf("%d calls with the ids %v, want %d", len(first), first, test.calls)
			}
			// Another process knows the request again, up to where one has failed.
			fresh := slices.Index(test.ends, failed) + 1
			if fresh == 0 {
				fresh = len(first)
			}
			if !slices.Equal(first[:fresh], second[:fresh]) || len(first) > fresh && first[fresh] == second[fresh] {
				t.Errorf("ids %v, and those of another process %v, which differ from the call %d on", first, second, fresh+1)
			}
		})
	}
}

// TestOperationOnNothing holds that an operation whose object has gone meanwhile is
// told from one that failed.
func TestOperationOnNothing(t *testing.T) {
	t.Parallel()
	for failure, gone := range map[code.Code]bool{code.Code_NOT_FOUND: true, code.Code_FAILED_PRECONDITION: false, code.Code_PERMISSION_DENIED: false} {
		err := gkeOutcome(&containerpb.Operation{
			OperationType: containerpb.Operation_DELETE_NODE_POOL, Status: containerpb.Operation_DONE,
			Error: &status.Status{Code: int32(failure), Message: "said so"},
		})
		if err == nil || (absent(err) == nil) != gone {
			t.Errorf("%s: %v, absent %v", failure, err, absent(err))
		}
	}
	if err := gkeOutcome(&containerpb.Operation{Status: containerpb.Operation_DONE}); err != nil {
		t.Error(err)
	}
}
