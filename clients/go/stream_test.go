package signalbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

type reportStream = grpc.BidiStreamingServer[signalboxv1.StreamReportsRequest, signalboxv1.StreamReportsResponse]

// send sends results of the contexts ci/1 to ci/count, each of another commit.
func send(t *testing.T, stream *ReportStream, count int) []*Answer {
	t.Helper()
	var answers []*Answer
	for i := range count {
		answer, err := stream.Result(context.Background(), "acme/widgets", fmt.Sprintf("%040x", i+1), Success, fmt.Sprintf("ci/%d", i+1), Fields{Attempt: 1})
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	return answers
}

func okAnswer(request *signalboxv1.StreamReportsRequest) *signalboxv1.StreamReportsResponse {
	return &signalboxv1.StreamReportsResponse{Tag: request.Tag, Receipts: []*Receipt{{Context: request.GetResult().GetContext()}}}
}

// serveAll answers everything with OK.
func serveAll(stream reportStream) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return nil
		}
		stream.Send(okAnswer(request))
	}
}

func TestStreamSendsUnansweredReportsAgainInOrder(t *testing.T) {
	fake := startFakeServer(t)
	var second []string
	fake.onStream = func(number int, stream reportStream) error {
		for i := 0; number == 0 && i < 10; i++ {
			request, _ := stream.Recv()
			if i == 2 || i == 5 {
				stream.Send(okAnswer(request))
			}
		}
		if number == 0 {
			return nil
		}
		for {
			request, err := stream.Recv()
			if err != nil {
				return nil
			}
			second = append(second, request.GetResult().Context)
			stream.Send(okAnswer(request))
		}
	}
	stream := connectTo(t, fake).Reports(context.Background(), 0)
	answers := send(t, stream, 10)
	stream.Close()
	for i, answer := range answers {
		receipts, err := answer.Wait(context.Background())
		if err != nil || len(receipts) != 1 || receipts[0].Context != fmt.Sprintf("ci/%d", i+1) {
			t.Errorf("answer %d: %v, %v", i, receipts, err)
		}
	}
	want := []string{"ci/1", "ci/2", "ci/4", "ci/5", "ci/7", "ci/8", "ci/9", "ci/10"}
	if !slices.Equal(second, want) {
		t.Errorf("sent again: %v", second)
	}
}

func TestStreamAnswersOfErrors(t *testing.T) {
	fake := startFakeServer(t)
	var sent []string
	fake.onStream = func(_ int, stream reportStream) error {
		for {
			request, err := stream.Recv()
			if err != nil {
				return nil
			}
			name := request.GetResult().Context
			again := slices.Contains(sent, name)
			sent = append(sent, name)
			answer := okAnswer(request)
			switch {
			case name == "ci/1":
				answer = &signalboxv1.StreamReportsResponse{Tag: request.Tag, Code: int32(codes.InvalidArgument), Reason: "INVALID_SHA"}
			case name == "ci/2" && !again:
				answer = &signalboxv1.StreamReportsResponse{Tag: request.Tag, Code: int32(codes.ResourceExhausted),
					RetryAfter: durationpb.New(50 * time.Millisecond)}
			case name == "ci/3":
				answer = &signalboxv1.StreamReportsResponse{Tag: request.Tag, Code: int32(codes.ResourceExhausted)}
			}
			stream.Send(answer)
		}
	}
	stream := connectTo(t, fake).Reports(context.Background(), 0)
	begin := time.Now()
	answers := send(t, stream, 4)
	stream.Close()
	if time.Since(begin) < 50*time.Millisecond {
		t.Error("the server's pause was shortened")
	}
	var codesOfAnswers []string
	for _, answer := range answers {
		_, err := answer.Wait(context.Background())
		var e *Error
		if errors.As(err, &e) {
			codesOfAnswers = append(codesOfAnswers, e.Code+e.Reason)
		} else {
			codesOfAnswers = append(codesOfAnswers, "")
		}
	}
	if want := []string{"INVALID_ARGUMENTINVALID_SHA", "", "RESOURCE_EXHAUSTED", ""}; !slices.Equal(codesOfAnswers, want) {
		t.Errorf("answers %q", codesOfAnswers)
	}
	if want := []string{"ci/1", "ci/2", "ci/3", "ci/4", "ci/2"}; !slices.Equal(sent, want) {
		t.Errorf("sent %v", sent)
	}
}

func TestReportsOfACommitDoNotOvertakeEachOther(t *testing.T) {
	fake := startFakeServer(t)
	var sent []string
	fake.onStream = func(number int, stream reportStream) error {
		for {
			request, err := stream.Recv()
			if err != nil {
				return nil
			}
			name := request.GetResult().Context
			answer := okAnswer(request)
			if !slices.Contains(sent, name) && name == "one" {
				answer = &signalboxv1.StreamReportsResponse{Tag: request.Tag, Code: int32(codes.Unavailable),
					RetryAfter: durationpb.New(100 * time.Millisecond)}
			}
			sent = append(sent, name)
			if name == "two" && number == 0 {
				return nil
			}
			stream.Send(answer)
		}
	}
	stream := connectTo(t, fake).Reports(context.Background(), 0)
	for _, report := range []struct{ repository, context string }{
		{"acme/widgets", "one"}, {"Acme/Widgets", "two"}, {"acme/other", "other"}, {"acme/widgets", "three"}} {
		if _, err := stream.Result(context.Background(), report.repository, testSHA, Success, report.context, Fields{}); err != nil {
			t.Fatal(err)
		}
	}
	stream.Close()
	if want := []string{"one", "other", "one", "two", "two", "three"}; !slices.Equal(sent, want) {
		t.Errorf("sent %v", sent)
	}
}

func TestStreamFailsAllReportsAfterAFinalError(t *testing.T) {
	fake := startFakeServer(t)
	fake.onStream = func(number int, stream reportStream) error {
		if number > 0 {
			return serveAll(stream)
		}
		stream.Recv()
		return status.Error(codes.PermissionDenied, "no")
	}
	stream := connectTo(t, fake).Reports(context.Background(), 0)
	for _, answer := range send(t, stream, 1) {
		if _, err := answer.Wait(context.Background()); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%v", err)
		}
	}
	// Only those: the next report opens a new stream.
	for _, answer := range send(t, stream, 2) {
		if _, err := answer.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	}
	stream.Close()
}

func TestStreamGivesUpAfterRetryFor(t *testing.T) {
	client, err := Connect("127.0.0.1:1", WithRetryFor(300*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	stream := client.Reports(context.Background(), 0)
	answers := send(t, stream, 3)
	stream.Close()
	for _, answer := range answers {
		if _, err := answer.Wait(context.Background()); status.Code(err) != codes.Unavailable {
			t.Errorf("%v", err)
		}
	}
}

func TestStreamGivesUpASilentServer(t *testing.T) {
	fake := startFakeServer(t)
	fake.onStream = func(number int, stream reportStream) error {
		if number > 0 {
			return serveAll(stream)
		}
		<-stream.Context().Done()
		return nil
	}
	stream := connectTo(t, fake, WithTryTimeout(time.Second)).Reports(context.Background(), 0)
	begin := time.Now()
	answers := send(t, stream, 1)
	stream.Close()
	if _, err := answers[0].Wait(context.Background()); err != nil || time.Since(begin) < shortestTry {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}

func TestStreamBlocksWhileTooManyAreUnanswered(t *testing.T) {
	fake := startFakeServer(t)
	release := make(chan struct{})
	fake.onStream = func(_ int, stream reportStream) error { <-release; return serveAll(stream) }
	stream := connectTo(t, fake).Reports(context.Background(), 2)
	send(t, stream, 2)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := stream.Pending(ctx, "acme/widgets", testSHA, nil, Fields{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the third did not block: %v", err)
	}
	close(release)
	send(t, stream, 1)
	stream.Close()
	if _, err := stream.Pending(context.Background(), "acme/widgets", testSHA, nil, Fields{}); err == nil {
		t.Error("a closed stream takes reports")
	}
}

func TestStreamRefusesWhatWouldEndIt(t *testing.T) {
	fake := startFakeServer(t)
	fake.onStream = func(_ int, stream reportStream) error { return serveAll(stream) }
	stream := connectTo(t, fake).Reports(context.Background(), 0)
	answer, err := stream.Pending(context.Background(), "acme/widgets", testSHA, nil, Fields{Description: strings.Repeat("x", 256<<10)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := answer.Wait(context.Background()); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v", err)
	}
	stream.Close()
}

func TestStreamEndsWithItsContext(t *testing.T) {
	fake := startFakeServer(t)
	fake.onStream = func(_ int, stream reportStream) error { <-stream.Context().Done(); return nil }
	ctx, cancel := context.WithCancel(context.Background())
	stream := connectTo(t, fake).Reports(ctx, 0)
	answers := send(t, stream, 2)
	cancel()
	if _, err := answers[1].Wait(context.Background()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	stream.Close()
}
