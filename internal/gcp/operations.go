package gcp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// operationError is the end of an operation that did not do what it was for.
type operationError struct {
	// Operation is the call, as in "insert", and Target the object.
	Operation, Target string
	// Code is the cloud's word, as in "ZONE_RESOURCE_POOL_EXHAUSTED".
	Code    string
	HTTP    int
	Message string
	quota   quota
}

func (e *operationError) Error() string {
	text := fmt.Sprintf("%s of %s failed", e.Operation, e.Target)
	if e.Code != "" {
		text += ": " + e.Code
	}
	return text + ": " + e.Message
}

// longestPause bounds the pause between two looks at an operation. A create is many
// operations in a row, and each would else end long before that is seen. The quotas
// for reads have room for it.
const longestPause = 2 * time.Second

// watch is how operations are polled.
func (c *client) watch() stack.Poll {
	poll := c.poll
	if poll.Max == 0 || poll.Max > longestPause {
		poll.Max = longestPause
	}
	return poll
}

// done polls an operation of Compute Engine to its end.
func (c *client) done(ctx context.Context, op *compute.Operation, err error) error {
	if err != nil {
		return err
	}
	first := true
	err = c.watch().Until(ctx, func(time.Duration) (bool, error) {
		if !first && !op.Done() {
			if err := op.Poll(ctx); err != nil && !op.Done() {
				return false, err
			}
		}
		first = false
		return op.Done(), nil
	})
	// What the operation changed shows from now on.
	c.writes.Add(1)
	if err != nil {
		return err
	}
	return outcome(op.Proto())
}

// outcome is the error that an operation ended with, or nil.
func outcome(op *computepb.Operation) error {
	failed := op.GetError().GetErrors()
	if len(failed) == 0 && op.GetHttpErrorStatusCode() < http.StatusBadRequest {
		return nil
	}
	e := &operationError{Operation: op.GetOperationType(), Target: relative(op.GetTargetLink()), HTTP: int(op.GetHttpErrorStatusCode()), Message: op.GetHttpErrorMessage()}
	if len(failed) > 0 {
		e.Code, e.Message, e.quota = failed[0].GetCode(), failed[0].GetMessage(), operationQuota(failed[0])
	}
	for _, more := range failed[min(1, len(failed)):] {
		e.Message += "; " + more.GetMessage()
	}
	return e
}

// requestID makes the id by which Compute Engine knows a request again. It is a
// UUID of the name-based form, and never zero.
func requestID(parts ...string) *string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	return &id
}

// maxRepeats is how often an object may have been made and removed within an hour.
const maxRepeats = 100

// insert makes an object. The cloud answers an id it has seen within the hour with
// the operation of that time: when that is over and the object is not there, it
// has been removed since, or could not be made then, and the request is a new one.
// After a failure it gets an id that nobody has sent before, so that what it is
// answered with is its own end, and neither the old failure for the rest of the
// hour nor a reason to ask without end.
func (c *client) insert(ctx context.Context, token string, there func(context.Context) (bool, error), call func(id *string) (*compute.Operation, error)) error {
	// A token says what is made for whom, and the rest where.
	id, own := requestID(token, c.project, c.region), false
	for round := 0; ; round++ {
		op, err := call(id)
		repeated := err == nil && op.Done() && !own && round < maxRepeats
		if err = c.done(ctx, op, err); !repeated {
			return err
		}
		if own = err != nil; own {
			id = requestID(token, c.project, c.region, op.Name(), rand.Text())
			continue
		}
		if found, err := there(ctx); found || err != nil {
			return err
		}
		id = requestID(token, c.project, c.region, op.Name())
	}
}

// lock keeps the writers of one GKE cluster apart: it takes one operation at a
// time. It gives the function that ends it.
func (c *client) lock(cluster string) func() {
	held, _ := c.locks.LoadOrStore(c.clusterName(cluster), &sync.Mutex{})
	mu, ok := held.(*sync.Mutex)
	if !ok {
		panic("gcp: what is kept under a cluster's name is no lock")
	}
	mu.Lock()
	return mu.Unlock
}

// operate starts an operation of a GKE cluster, waiting while another one runs
// that somebody else has started, and polls it to its end.
func (c *client) operate(ctx context.Context, cluster string, start func() (*containerpb.Operation, error)) error {
	defer c.lock(cluster)()
	var op *containerpb.Operation
	err := c.poll.Until(ctx, func(time.Duration) (done bool, err error) {
		op, err = start()
		if busy(err) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s/operations/%s", c.location(), op.GetName())
	err = c.watch().Until(ctx, func(time.Duration) (bool, error) {
		if op.GetStatus() == containerpb.Operation_DONE {
			return true, nil
		}
		next, err := c.gke.GetOperation(ctx, &containerpb.GetOperationRequest{Name: name})
		if err != nil {
			return false, err
		}
		op = next
		return op.GetStatus() == containerpb.Operation_DONE, nil
	})
	c.writes.Add(1)
	if err != nil {
		return err
	}
	return gkeOutcome(op)
}

func gkeOutcome(op *containerpb.Operation) error {
	e := &operationError{Operation: op.GetOperationType().String(), Target: relative(op.GetTargetLink())}
	switch failed := op.GetError(); {
	case failed.GetCode() != 0 || failed.GetMessage() != "":
		e.Code, e.Message = code.Code(failed.GetCode()).String(), failed.GetMessage()
		if code.Code(failed.GetCode()) == code.Code_NOT_FOUND {
			// What was to be removed has gone, as the answer of a call would say.
			e.HTTP = http.StatusNotFound
		}
	default:
		return nil
	}
	return e
}

// busy reports whether GKE refuses because of an operation that is under way, or
// because of too many at one cluster. Its reason says so where there is one; older
// answers are a failed precondition that names the operation.
func busy(err error) bool {
	api := answer(err)
	if api == nil {
		return false
	}
	body := parseRefusal([]byte(api.Body))
	switch {
	case body.reason() == "CLUSTER_ALREADY_HAS_OPERATION", api.Code == http.StatusTooManyRequests && body.crowded():
		return true
	case body.Error.Status == "FAILED_PRECONDITION" || api.Code == http.StatusBadRequest && body.Error.Status == "":
		message := strings.ToLower(body.Error.Message + api.Message)
		return strings.Contains(message, "operation-") || strings.Contains(message, "incompatible operation") ||
			strings.Contains(message, "currently being created, deleted, updated or repaired")
	}
	return false
}
