package signalbox

import (
	"context"
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
		if !mayRepeatAfter(f.pushback) {
			return 0, false
		}
		milliseconds, _ := strconv.ParseInt(f.pushback, 10, 32)
		pause := time.Duration(milliseconds) * time.Millisecond
		return pause, pause <= left
	}
	pause := time.Duration(float64(r.base) * (1 - 0.5*r.options.random()))
	r.base = min(2*r.base, longestPause)
	// A pause of our own may end early for a last try.
	return min(pause, left), true
}

func (r *repeats) left() time.Duration {
	return r.options.retryFor - r.options.now().Sub(r.begin)
}

// withToken returns a context that carries the caller's token.
func (c *Client) withToken(ctx context.Context) context.Context {
	if c.options.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.options.token)
}

// repeat makes tries until one succeeds, an error is final, the time is over or
// the caller's context ends.
func (c *Client) repeat(ctx context.Context, try func(context.Context, grpc.CallOption) error) error {
	r := newRepeats(&c.options)
	for {
		timeout := max(min(c.options.tryTimeout, r.left()), shortestTry)
		tryContext, cancel := context.WithTimeout(c.withToken(ctx), timeout)
		var trailer metadata.MD
		err := try(tryContext, grpc.Trailer(&trailer))
		cancel()
		if err == nil {
			return nil
		}
		f := newFailure(err, trailer)
		if ctx.Err() != nil {
			return ended(f.err, ctx)
		}
		pause, ok := r.next(f)
		if !ok {
			return f.err
		}
		c.options.sleep(pause, ctx.Done())
		if ctx.Err() != nil {
			return ended(f.err, ctx)
		}
	}
}

// ended marks an error as the end of a call by the caller's own context. The
// request may be on its way.
func ended(e *Error, ctx context.Context) *Error {
	e.cause = ctx.Err()
	e.MayHaveBeenAccepted = true
	return e
}
