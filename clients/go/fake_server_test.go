package signalbox

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

const testSHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

// fakeServer answers as its functions say, and keeps what it was asked.
type fakeServer struct {
	signalboxv1.UnimplementedStatusServiceServer
	address string

	mu       sync.Mutex
	pendings []*signalboxv1.ReportPendingRequest
	results  []*signalboxv1.ReportResultRequest
	streams  int

	// The error of the call with this number, from 0, and the pushback with it.
	fail     func(call int) (error, string)
	onStream func(number int, stream grpc.BidiStreamingServer[signalboxv1.StreamReportsRequest, signalboxv1.StreamReportsResponse]) error
	onWatch  func(number int, request *signalboxv1.WatchStatusesRequest, stream grpc.ServerStreamingServer[signalboxv1.WatchStatusesResponse]) error
	onCommit func(request *signalboxv1.GetCommitStatusRequest) *signalboxv1.GetCommitStatusResponse
}

func startFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeServer{address: listener.Addr().String()}
	server := grpc.NewServer()
	signalboxv1.RegisterStatusServiceServer(server, fake)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return fake
}

func (f *fakeServer) answer(ctx context.Context, call int) error {
	if f.fail == nil {
		return nil
	}
	err, pushback := f.fail(call)
	if pushback != "" {
		grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", pushback))
	}
	return err
}

func (f *fakeServer) ReportPending(ctx context.Context, request *signalboxv1.ReportPendingRequest) (*signalboxv1.ReportPendingResponse, error) {
	f.mu.Lock()
	f.pendings = append(f.pendings, request)
	f.mu.Unlock()
	return &signalboxv1.ReportPendingResponse{}, nil
}

func (f *fakeServer) ReportResult(ctx context.Context, request *signalboxv1.ReportResultRequest) (*signalboxv1.ReportResultResponse, error) {
	f.mu.Lock()
	call := len(f.results)
	f.results = append(f.results, request)
	f.mu.Unlock()
	return &signalboxv1.ReportResultResponse{Receipt: &Receipt{Context: request.Context}}, f.answer(ctx, call)
}

func (f *fakeServer) GetCommitStatus(ctx context.Context, request *signalboxv1.GetCommitStatusRequest) (*signalboxv1.GetCommitStatusResponse, error) {
	return f.onCommit(request), nil
}

func (f *fakeServer) StreamReports(stream grpc.BidiStreamingServer[signalboxv1.StreamReportsRequest, signalboxv1.StreamReportsResponse]) error {
	f.mu.Lock()
	number := f.streams
	f.streams++
	f.mu.Unlock()
	return f.onStream(number, stream)
}

func (f *fakeServer) WatchStatuses(request *signalboxv1.WatchStatusesRequest, stream grpc.ServerStreamingServer[signalboxv1.WatchStatusesResponse]) error {
	f.mu.Lock()
	number := f.streams
	f.streams++
	f.mu.Unlock()
	return f.onWatch(number, request, stream)
}

// results returns the reported results, without the repeats of a test's own.
func (f *fakeServer) reported() []*signalboxv1.ReportResultRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*signalboxv1.ReportResultRequest(nil), f.results...)
}

// virtualTime is a clock that moves when the client sleeps.
type virtualTime struct {
	now    time.Time
	pauses []time.Duration
}

// withVirtualTime makes the client sleep in virtual time, without chance.
func withVirtualTime(v *virtualTime) Option {
	v.now = time.Unix(1_700_000_000, 0)
	return func(o *options) {
		o.now = func() time.Time { return v.now }
		o.random = func() float64 { return 0 }
		o.sleep = func(pause time.Duration, _ <-chan struct{}) {
			v.pauses = append(v.pauses, pause)
			v.now = v.now.Add(pause)
		}
	}
}

func connectTo(t *testing.T, fake *fakeServer, opts ...Option) *Client {
	t.Helper()
	client, err := Connect(fake.address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
