package signalbox

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

// Change is a change of a commit status.
type Change = signalboxv1.WatchStatusesResponse

// WatchOptions choose what to watch. Empty lists mean everything.
type WatchOptions struct {
	// Repositories are globs of `[HOST/]OWNER/NAME`, Contexts globs of contexts.
	Repositories, Contexts []string
	States                 []signalboxv1.CommitState
	// AfterSequence asks for the changes after this number. Nil: the changes from
	// now on. 0: all changes.
	AfterSequence *int64
}

// Watch follows the changes of commit statuses.
type Watch struct {
	client   *Client
	request  *signalboxv1.WatchStatusesRequest
	sequence atomic.Pointer[int64]
}

// Watch prepares a watch. Changes makes it.
func (c *Client) Watch(o WatchOptions) *Watch {
	w := &Watch{client: c, request: &signalboxv1.WatchStatusesRequest{
		Repositories: o.Repositories, Contexts: o.Contexts, States: o.States, AfterSequence: o.AfterSequence}}
	w.sequence.Store(o.AfterSequence)
	return w
}

// Sequence is the number up to which every change was received. Pass it as
// AfterSequence to resume later. Nil: no message has come yet, and the watch
// did not begin after a number. It is safe for concurrent use.
func (w *Watch) Sequence() *int64 { return w.sequence.Load() }

// Changes returns the changes in order, none missing and none twice. It resumes
// on a new connection when the server ends the stream, or sends nothing for
// 150 s. The time of WithRetryFor begins anew each time the server stops
// answering.
//
//	for change, err := range watch.Changes(ctx) {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// It ends after an error, which is the last element. OUT_OF_RANGE: the server
// no longer keeps the changes after AfterSequence. Use one at a time; another
// one resumes where the last one ended.
func (w *Watch) Changes(ctx context.Context) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		if w.client.closed.Err() != nil {
			yield(nil, errClosed())
			return
		}
		ctx, stop := w.client.untilClosed(ctx)
		defer stop()
		requestID := w.client.newRequestID()
		var r *repeats
		for {
			heard, wanted := false, true
			f := w.read(ctx, requestID, func(change *Change) bool {
				heard = true
				sequence := change.Sequence
				w.sequence.Store(&sequence)
				w.request.AfterSequence = &sequence
				wanted = change.Repository == "" || yield(change, nil)
				return wanted
			})
			if !wanted {
				return
			}
			if heard || r == nil {
				r = newRepeats(&w.client.options)
			}
			pause, ok := r.next(f)
			if ok && ctx.Err() == nil {
				w.client.options.sleep(pause, ctx.Done())
			}
			if ctx.Err() != nil {
				f.err.cause = ctx.Err()
				ok = false
			}
			if !ok {
				yield(nil, f.err)
				return
			}
		}
	}
}

// read reads one stream until it ends, or until onMessage returns false.
func (w *Watch) read(ctx context.Context, requestID string, onMessage func(*Change) bool) failure {
	silent := errors.New("the server was silent")
	ctx, cancel := context.WithCancelCause(w.client.withMetadata(ctx, requestID))
	defer cancel(nil)
	timer := time.AfterFunc(w.client.options.longestSilence, func() { cancel(silent) })
	defer timer.Stop()
	stream, err := w.client.stub.WatchStatuses(ctx, w.request)
	var trailer metadata.MD
	for err == nil {
		var change *Change
		if change, err = stream.Recv(); err == nil {
			// The time that the caller takes is not the server's silence.
			timer.Stop()
			if !onMessage(change) {
				return failure{}
			}
			timer.Reset(w.client.options.longestSilence)
		}
	}
	if stream != nil {
		trailer = stream.Trailer()
	}
	if context.Cause(ctx) == silent {
		return ownFailure(codes.Unavailable, silent.Error(), requestID)
	}
	if err == io.EOF {
		// A server may end a stream with its connection, without any error.
		return ownFailure(codes.Unavailable, "the server ended the stream", requestID)
	}
	return newFailure(err, trailer, requestID)
}
