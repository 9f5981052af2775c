package signalbox

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

type watchStream = grpc.ServerStreamingServer[signalboxv1.WatchStatusesResponse]

func change(sequence int64) *Change { return &Change{Sequence: sequence, Repository: "acme/widgets"} }

func TestWatchResumesAfterTheLastSequence(t *testing.T) {
	fake := startFakeServer(t)
	var asked []int64
	fake.onWatch = func(number int, request *signalboxv1.WatchStatusesRequest, stream watchStream) error {
		asked = append(asked, request.GetAfterSequence())
		switch number {
		case 0:
			stream.Send(change(6))
			stream.Send(&Change{Sequence: 9}) // A bookmark.
			return nil
		case 1: // Silence.
			<-stream.Context().Done()
			return nil
		case 2:
			stream.Send(change(10))
			return status.Error(codes.Unavailable, "no")
		}
		return status.Error(codes.OutOfRange, "gone")
	}
	client := connectTo(t, fake)
	client.options.longestSilence = 100 * time.Millisecond
	after := int64(5)
	watch := client.Watch(WatchOptions{AfterSequence: &after})
	if *watch.Sequence() != 5 {
		t.Errorf("sequence %d", *watch.Sequence())
	}
	var seen []int64
	var last error
	for change, err := range watch.Changes(context.Background()) {
		if last = err; err == nil {
			seen = append(seen, change.Sequence)
		}
	}
	if status.Code(last) != codes.OutOfRange || *watch.Sequence() != 10 {
		t.Errorf("%v after %d", last, *watch.Sequence())
	}
	if !slices.Equal(seen, []int64{6, 10}) || !slices.Equal(asked, []int64{5, 9, 9, 10}) {
		t.Errorf("changes %v, asked for %v", seen, asked)
	}
}

func TestWatchEndsWithItsReaderOrItsContext(t *testing.T) {
	fake := startFakeServer(t)
	fake.onWatch = func(number int, request *signalboxv1.WatchStatusesRequest, stream watchStream) error {
		stream.Send(change(request.GetAfterSequence() + 1))
		<-stream.Context().Done()
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch := connectTo(t, fake).Watch(WatchOptions{})
	for range watch.Changes(ctx) {
		break
	}
	for _, err := range watch.Changes(ctx) {
		if err == nil {
			cancel()
		} else if *watch.Sequence() != 2 {
			t.Errorf("%v after %d", err, *watch.Sequence())
		}
	}
}

func TestWatchGivesUpAfterRetryFor(t *testing.T) {
	fake := startFakeServer(t)
	fake.onWatch = func(int, *signalboxv1.WatchStatusesRequest, watchStream) error {
		return status.Error(codes.Unavailable, "no")
	}
	var v virtualTime
	for _, err := range connectTo(t, fake, withVirtualTime(&v)).Watch(WatchOptions{}).Changes(context.Background()) {
		if status.Code(err) != codes.Unavailable {
			t.Errorf("%v", err)
		}
	}
	if waited := v.now.Sub(time.Unix(1_700_000_000, 0)); waited != time.Minute {
		t.Errorf("gave up after %v", waited)
	}
}
