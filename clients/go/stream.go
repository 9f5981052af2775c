package signalbox

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

const (
	defaultInFlight = 1000
	// The server ends the stream after a message over 256 KiB, and with it the
	// other reports. The tag needs some bytes.
	largestReport = 256<<10 - 16
)

// Answer is the answer to a report of a stream, which may not be there yet.
type Answer struct {
	done     chan struct{}
	receipts []*Receipt
	err      error
}

// Wait waits for the answer. If ctx ends first, Wait returns its error; the
// report stays under way.
func (a *Answer) Wait(ctx context.Context) ([]*Receipt, error) {
	select {
	case <-a.done:
		return a.receipts, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Done is closed when the answer is there.
func (a *Answer) Done() <-chan struct{} { return a.done }

// report is a report without its final answer.
type report struct {
	request  *signalboxv1.StreamReportsRequest
	answer   *Answer
	commit   string
	inFlight bool     // It was sent over the present stream.
	waits    bool     // For the end of a pause that the server asked for.
	repeats  *repeats // Of answers that ask for a repeat; nil: there was none.
}

// ReportStream sends many reports over one stream, which costs much less than a
// call for each.
//
// The reports of one commit go one after the other, each after the answer to
// the one before it, so that a report that is sent again never overtakes a
// later one. Those of different commits do not wait for each other.
//
// When the stream ends, as it does with its connection every half hour, the
// ReportStream opens a new one and sends every unanswered report again, in
// order. It gives up, and fails all unanswered reports, by the rules of every
// call; the time of WithRetryFor begins anew after each answer. A report that
// the server answers with an error fails alone, or is sent again if the server
// asks for that.
//
// A ReportStream is safe for concurrent use.
type ReportStream struct {
	client *Client
	id     string // The request id: the stream is one call.
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{} // Holds one element for each unanswered report.
	ended  chan struct{}

	mu         sync.Mutex
	changed    chan struct{} // Closed and replaced at each change below.
	unanswered map[int64]*report
	commits    map[string][]*report // The unanswered reports of each, in order.
	ready      []*report            // Those to send now, in the order of their tags.
	inFlight   int
	lastTag    int64
	closing    bool
	heard      time.Time // When the server last answered, or should have begun to.
	repeats    *repeats  // Of streams that ended.
}

// Reports opens a stream of reports, of which at most maxInFlight are
// unanswered at a time. 0: 1,000. Close it. If ctx ends, all unanswered reports
// fail; so do they if the client is closed.
func (c *Client) Reports(ctx context.Context, maxInFlight int) *ReportStream {
	if maxInFlight <= 0 {
		maxInFlight = defaultInFlight
	}
	ctx, cancel := c.untilClosed(ctx)
	s := &ReportStream{client: c, id: c.newRequestID(), ctx: ctx, cancel: cancel, slots: make(chan struct{}, maxInFlight),
		ended: make(chan struct{}), changed: make(chan struct{}), unanswered: make(map[int64]*report),
		commits: make(map[string][]*report), repeats: newRepeats(&c.options)}
	go s.run()
	return s
}

// Pending sends a report as Client.Pending does. It blocks while too many are
// unanswered, and fails only if ctx or the stream's context ends, or the stream
// was closed.
func (s *ReportStream) Pending(ctx context.Context, repository, sha string, contexts []string, fields Fields) (*Answer, error) {
	return s.send(ctx, commitOf(repository, sha), &signalboxv1.StreamReportsRequest{
		Report: &signalboxv1.StreamReportsRequest_Pending{Pending: fields.pending(repository, sha, contexts)}})
}

// Result sends a report as Client.Result does, and blocks and fails as Pending
// does. It also refuses fields that are for pendings. The answer has one
// receipt.
func (s *ReportStream) Result(ctx context.Context, repository, sha string, result Result, statusContext string, fields Fields) (*Answer, error) {
	request, refused := fields.result(repository, sha, result, statusContext)
	if refused != nil {
		return nil, refused
	}
	return s.send(ctx, commitOf(repository, sha), &signalboxv1.StreamReportsRequest{
		Report: &signalboxv1.StreamReportsRequest_Result{Result: request}})
}

// Close waits until every report is answered, and ends the stream.
func (s *ReportStream) Close() {
	s.mu.Lock()
	s.closing = true
	s.notify()
	s.mu.Unlock()
	<-s.ended
	s.cancel()
}

func commitOf(repository, sha string) string { return strings.ToLower(repository + " " + sha) }

func (s *ReportStream) send(ctx context.Context, commit string, request *signalboxv1.StreamReportsRequest) (*Answer, error) {
	answer := &Answer{done: make(chan struct{})}
	if proto.Size(request) > largestReport {
		answer.err = newError(codes.ResourceExhausted, "", "the report is larger than 256 KiB", false)
		close(answer.done)
		return answer, nil
	}
	hasSlot := false
	select {
	case s.slots <- struct{}{}:
		hasSlot = true
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.ctx.Err() != nil {
		if hasSlot {
			<-s.slots
		}
		refused := invalid("the stream of reports is closed")
		refused.cause = s.ctx.Err()
		return nil, refused
	}
	s.lastTag++
	request.Tag = s.lastTag
	if len(s.unanswered) == 0 {
		s.repeats = newRepeats(&s.client.options)
	}
	r := &report{request: request, answer: answer, commit: commit}
	s.unanswered[request.Tag] = r
	s.commits[commit] = append(s.commits[commit], r)
	if len(s.commits[commit]) == 1 {
		s.makeReady(r)
	}
	return answer, nil
}

// notify wakes all who wait for a change. Holds mu.
func (s *ReportStream) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait waits for a change after `changed` was read, for `pause` if it is not
// zero, or for the end of ctx.
func wait(ctx context.Context, changed <-chan struct{}, pause time.Duration) {
	var timeout <-chan time.Time
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-changed:
	case <-timeout:
	case <-ctx.Done():
	}
}

// run opens one stream after the other until the end.
func (s *ReportStream) run() {
	defer close(s.ended)
	for {
		if !s.awaitReport() {
			return
		}
		f := s.serve()
		s.mu.Lock()
		if s.ctx.Err() != nil {
			s.failAll(ended(f.err, s.ctx))
		} else if len(s.unanswered) > 0 {
			pause, ok := s.repeats.next(f)
			if ok {
				s.mu.Unlock()
				s.client.options.sleep(pause, s.ctx.Done())
				continue
			}
			s.failAll(f.err)
		}
		s.mu.Unlock()
	}
}

// awaitReport waits for a report that must be sent. False: none will come.
func (s *ReportStream) awaitReport() bool {
	for {
		s.mu.Lock()
		if s.ctx.Err() != nil {
			s.closing = true
			s.failAll(ended(ownFailure(codes.Canceled, "the stream's context ended", s.id).err, s.ctx))
		}
		changed, some, closing := s.changed, len(s.unanswered) > 0, s.closing
		s.mu.Unlock()
		if some || closing {
			return some
		}
		wait(s.ctx, changed, 0)
	}
}

// serve sends and reads over one stream until it ends. It returns how it ended.
func (s *ReportStream) serve() failure {
	s.begin()
	late := errors.New("the server did not answer in time")
	ctx, cancel := context.WithCancelCause(s.client.withMetadata(s.ctx, s.id))
	defer cancel(nil)
	stream, err := s.client.stub.StreamReports(ctx)
	if err != nil {
		return newFailure(err, nil, s.id)
	}
	var helpers sync.WaitGroup
	helpers.Add(2)
	go func() {
		defer helpers.Done()
		s.write(ctx, stream.Send)
		stream.CloseSend()
		// All is answered, so an end that does not come is no loss.
		wait(ctx, nil, shortestTry)
		cancel(nil)
	}()
	go func() {
		defer helpers.Done()
		s.watchForSilence(ctx, func() { cancel(late) })
	}()
	var answer *signalboxv1.StreamReportsResponse
	for {
		if answer, err = stream.Recv(); err != nil {
			break
		}
		s.settle(answer)
	}
	var trailer metadata.MD = stream.Trailer()
	silent := context.Cause(ctx) == late
	cancel(nil)
	helpers.Wait()
	if silent {
		return ownFailure(codes.DeadlineExceeded, late.Error(), s.id)
	}
	if err == io.EOF {
		return ownFailure(codes.Unavailable, "the server ended the stream", s.id)
	}
	return newFailure(err, trailer, s.id)
}

// begin makes the first unanswered report of each commit ready for a new
// stream.
func (s *ReportStream) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready, s.inFlight = nil, 0
	for _, reports := range s.commits {
		reports[0].inFlight = false
		if !reports[0].waits {
			s.ready = append(s.ready, reports[0])
		}
	}
	slices.SortFunc(s.ready, byTag)
}

func byTag(a, b *report) int { return cmp.Compare(a.request.Tag, b.request.Tag) }

// makeReady lets a report, the first of its commit, be sent. Holds mu.
func (s *ReportStream) makeReady(r *report) {
	place, _ := slices.BinarySearchFunc(s.ready, r, byTag)
	s.ready = slices.Insert(s.ready, place, r)
	s.notify()
}

// write sends what is ready over a stream, until the stream breaks or the last
// report is answered.
func (s *ReportStream) write(ctx context.Context, send func(*signalboxv1.StreamReportsRequest) error) {
	for ctx.Err() == nil {
		s.mu.Lock()
		finished := s.closing && len(s.unanswered) == 0
		changed := s.changed
		next := s.takeReady()
		s.mu.Unlock()
		if finished {
			return
		}
		if next == nil {
			wait(ctx, changed, 0)
		} else if send(next) != nil {
			return // Recv returns the reason.
		}
	}
}

// takeReady returns the next report to send; nil: there is none. Holds mu.
func (s *ReportStream) takeReady() *signalboxv1.StreamReportsRequest {
	if len(s.ready) == 0 {
		return nil
	}
	r := s.ready[0]
	s.ready = s.ready[1:]
	if s.inFlight == 0 {
		s.heard = s.client.options.now()
	}
	s.inFlight++
	r.inFlight = true
	return r.request
}

// watchForSilence calls giveUp if the server owes answers and gives none for
// the time of a try.
func (s *ReportStream) watchForSilence(ctx context.Context, giveUp func()) {
	for ctx.Err() == nil {
		s.mu.Lock()
		left := shortestTry // No limit is shorter, so none is overlooked.
		if s.inFlight > 0 {
			left = max(min(s.client.options.tryTimeout, s.repeats.leftAt(s.heard)), shortestTry)
			left -= s.client.options.now().Sub(s.heard)
		}
		s.mu.Unlock()
		if left <= 0 {
			giveUp()
			return
		}
		wait(ctx, nil, left)
	}
}

// settle takes an answer of the server.
func (s *ReportStream) settle(answer *signalboxv1.StreamReportsResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.unanswered[answer.Tag]
	if r == nil || !r.inFlight {
		return
	}
	r.inFlight = false
	s.inFlight--
	s.heard = s.client.options.now()
	s.repeats = newRepeats(&s.client.options)
	if answer.Code != 0 {
		f := failureOf(answer, s.id)
		if r.repeats == nil {
			r.repeats = newRepeats(&s.client.options)
		}
		if pause, ok := r.repeats.next(f); ok {
			r.waits = true
			time.AfterFunc(pause, func() { s.sendAgain(r) })
			return
		}
		r.answer.err = f.err
	}
	r.answer.receipts = answer.Receipts
	s.finish(r)
	if rest := s.commits[r.commit][1:]; len(rest) > 0 {
		s.commits[r.commit] = rest
		s.makeReady(rest[0])
	} else {
		delete(s.commits, r.commit)
	}
	s.notify()
}

func (s *ReportStream) sendAgain(r *report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.waits = false
	if s.unanswered[r.request.Tag] == r {
		s.makeReady(r)
	}
}

func failureOf(answer *signalboxv1.StreamReportsResponse, requestID string) failure {
	pushback := ""
	if answer.RetryAfter != nil {
		pushback = strconv.FormatInt(answer.RetryAfter.AsDuration().Milliseconds(), 10)
	}
	e := newError(codes.Code(answer.Code), answer.Reason, answer.Message, pushback != "")
	e.RequestID = requestID
	return failure{e, pushback}
}

// failAll ends all unanswered reports with an error. Holds mu.
func (s *ReportStream) failAll(err *Error) {
	for _, r := range s.unanswered {
		r.answer.err = err
		s.finish(r)
	}
	clear(s.commits)
	s.ready = nil
	s.notify()
}

// finish hands out the answer. Holds mu.
func (s *ReportStream) finish(r *report) {
	delete(s.unanswered, r.request.Tag)
	close(r.answer.done)
	<-s.slots
}
