package signalbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

const (
	shortestTry  = 2 * time.Second
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// repeats decides whether and when a call is tried again.
type repeats struct {
	options *options
	begin   time.Time // When retryFor began.
	base    time.Duration
}

func newRepeats(o *options) *repeats {
	return &repeats{options: o, begin: o.now(), base: firstPause}
}

// next returns how long to wait after a failed try, and whether another try may
// follow.
func (r *repeats) next(f failure) (time.Duration, bool) {
	left := r.left()
	exhausted := f.err.status == codes.ResourceExhausted
	mayHelp := exhausted && f.pushback != "" || f.err.status == codes.Unavailable ||
		f.err.status == codes.DeadlineExceeded
	if !mayHelp || left <= 0 {
		return 0, false
	}
	if f.pushback != "" {
		// By gRPC's rules (proposal A6), any other value forbids a repeat.
		milliseconds, err := strconv.ParseInt(f.pushback, 10, 32)
		pause := time.Duration(milliseconds) * time.Millisecond
		return pause, err == nil && pause >= 0 && pause <= left
	}
	pause := time.Duration(float64(r.base) * (1 - 0.5*r.options.random()))
	r.base = min(2*r.base, longestPause)
	// A pause of our own may end early for a last try.
	return min(pause, left), true
}

func (r *repeats) left() time.Duration { return r.leftAt(r.options.now()) }

func (r *repeats) leftAt(moment time.Time) time.Duration {
	return r.options.retryFor - moment.Sub(r.begin)
}

// newRequestID returns the id of a call that begins, which its repeats keep.
func (c *Client) newRequestID() string {
	if c.options.requestID != "" {
		return c.options.requestID
	}
	var id [8]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// withMetadata returns a context that carries the id of a call and the caller's
// token.
func (c *Client) withMetadata(ctx context.Context, requestID string) context.Context {
	ctx = metadata.AppendToOutgoingContext(ctx, "signalbox-request-id", requestID)
	if c.options.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.options.token)
}

// call makes tries until one succeeds, an error is final, the time is over or the
// caller's context ends.
func call[Request, Answer any](
	ctx context.Context, c *Client,
	method func(context.Context, *Request, ...grpc.CallOption) (*Answer, error), request *Request,
) (*Answer, error) {
	if c.closed.Err() != nil {
		return nil, errClosed()
	}
	r := newRepeats(&c.options)
	requestID := c.newRequestID()
	for {
		timeout := max(min(c.options.tryTimeout, r.left()), shortestTry)
		tryContext, cancel := context.WithTimeout(c.withMetadata(ctx, requestID), timeout)
		var trailer metadata.MD
		answer, err := method(tryContext, request, grpc.Trailer(&trailer))
		cancel()
		if err == nil {
			return answer, nil
		}
		f := newFailure(err, trailer, requestID)
		if ctx.Err() != nil {
			return nil, ended(f.err, ctx)
		}
		pause, ok := r.next(f)
		if !ok {
			return nil, f.err
		}
		pausing, stop := c.untilClosed(ctx)
		c.options.sleep(pause, pausing.Done())
		stop()
		if ctx.Err() != nil {
			return nil, ended(f.err, ctx)
		}
		if c.closed.Err() != nil {
			return nil, f.err
		}
	}
}

// untilClosed returns a context that also ends when the client is closed.
func (c *Client) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.closed, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

func errClosed() *Error { return invalid("the client is closed") }

// ended marks an error as the end of a call by the caller's own context. The
// request may be on its way.
func ended(e *Error, ctx context.Context) *Error {
	e.cause = ctx.Err()
	e.MayHaveBeenAccepted = true
	return e
}
