package signalbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

func resultOf(client *Client) error {
	_, err := client.Result(context.Background(), "acme/widgets", testSHA, Success, "ci/build", Fields{Attempt: 1})
	return err
}

func TestRepeatsUntilTheTimeIsOver(t *testing.T) {
	fake := startFakeServer(t)
	fake.fail = func(int) (error, string) { return status.Error(codes.Unavailable, "no"), "" }
	var v virtualTime
	err := resultOf(connectTo(t, fake, withVirtualTime(&v), WithRetryFor(20*time.Second)))
	var e *Error
	if !errors.As(err, &e) || e.Code != "UNAVAILABLE" || !e.MayHaveBeenAccepted || status.Code(err) != codes.Unavailable {
		t.Errorf("error %#v", err)
	}
	want := []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000, 3700}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if !slices.Equal(v.pauses, want) {
		t.Errorf("pauses %v, not %v", v.pauses, want)
	}
	if count := len(fake.reported()); count != len(want)+1 {
		t.Errorf("%d tries", count)
	}
}

func TestPushback(t *testing.T) {
	for _, test := range []struct {
		code     codes.Code
		pushback string
		pauses   []time.Duration
	}{
		{codes.Unavailable, "700", []time.Duration{700 * time.Millisecond}},
		{codes.Unavailable, "0", []time.Duration{0}},
		{codes.Unavailable, "60000", []time.Duration{time.Minute}},
		{codes.Unavailable, "60001", nil},
		{codes.Unavailable, "-1", nil},
		{codes.Unavailable, "soon", nil},
		{codes.DeadlineExceeded, "5", []time.Duration{5 * time.Millisecond}},
		{codes.ResourceExhausted, "2000", []time.Duration{2 * time.Second}},
		{codes.ResourceExhausted, "", nil},
		{codes.Internal, "5", nil},
	} {
		fake := startFakeServer(t)
		fake.fail = func(call int) (error, string) {
			if call == 0 {
				return status.Error(test.code, "no"), test.pushback
			}
			return nil, ""
		}
		var v virtualTime
		err := resultOf(connectTo(t, fake, withVirtualTime(&v)))
		if !slices.Equal(v.pauses, test.pauses) || (err == nil) != (test.pauses != nil) {
			t.Errorf("%v, pushback %q: pauses %v, error %v", test.code, test.pushback, v.pauses, err)
		}
	}
}

func TestMayHaveBeenAccepted(t *testing.T) {
	for c, want := range map[codes.Code]bool{codes.Unavailable: true, codes.DeadlineExceeded: true,
		codes.Internal: true, codes.InvalidArgument: false, codes.PermissionDenied: false} {
		if newError(c, "", "", false).MayHaveBeenAccepted != want {
			t.Errorf("%v: not %v", c, want)
		}
	}
	if !newError(codes.ResourceExhausted, "", "", true).MayHaveBeenAccepted ||
		newError(codes.ResourceExhausted, "", "", false).MayHaveBeenAccepted {
		t.Error("RESOURCE_EXHAUSTED may have been accepted only with a pause")
	}
}

func TestAnEndedContextEndsTheRepeats(t *testing.T) {
	fake := startFakeServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	fake.fail = func(int) (error, string) { cancel(); return status.Error(codes.Unavailable, "no"), "60000" }
	_, err := connectTo(t, fake).Result(ctx, "acme/widgets", testSHA, Success, "", Fields{})
	var e *Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || !e.MayHaveBeenAccepted {
		t.Errorf("error %#v", err)
	}
}

func TestConnectRefuses(t *testing.T) {
	file := t.TempDir() + "/empty.pem"
	for name, test := range map[string]struct {
		address string
		options []Option
	}{
		"token without TLS":       {"192.0.2.1:1", []Option{WithToken("t")}},
		"token of two lines":      {"localhost:1", []Option{WithToken("a\nb")}},
		"token with a letter":     {"localhost:1", []Option{WithToken("\u00e4")}},
		"long token":              {"localhost:1", []Option{WithToken(strings.Repeat("t", 4097))}},
		"authority without TLS":   {"localhost:1", []Option{WithCAFile(file)}},
		"name without TLS":        {"localhost:1", []Option{WithServerName("x")}},
		"certificate without key": {"localhost:1", []Option{WithTLS(), WithCertificate(file, "")}},
		"key without certificate": {"localhost:1", []Option{WithTLS(), WithCertificate("", file)}},
		"TLS over a Unix socket":  {"unix:/s", []Option{WithTLS()}},
	} {
		_, err := Connect(test.address, test.options...)
		var e *Error
		if !errors.As(err, &e) || e.Code != "INVALID_ARGUMENT" || e.Reason != "" || e.MayHaveBeenAccepted {
			t.Errorf("%s: %#v", name, err)
		}
	}
	_, err := Connect("localhost:1", WithTLS(), WithCAFile(file))
	if status.Code(err) != codes.NotFound {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestWhichAddressesAreOfThisMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"localhost:1": true, "LOCALHOST:1": true, "127.0.0.1:1": true, "127.9.9.9:1": true, "[::1]:1": true,
		"unix:/run/s": true, "dns:///localhost:1": true, "localhost": true,
		"::1:5005": false, "example.com:1": false, "192.0.2.1:1": false, "[2001:db8::1]:1": false,
		"localhost.example.com:1": false, "dns://192.0.2.1/localhost:1": false, "[::1:1": false,
	} {
		if isThisMachine(address) != want {
			t.Errorf("%s: not %v", address, want)
		}
	}
}

func TestAResultHasNoFieldsOfPendings(t *testing.T) {
	fake := startFakeServer(t)
	for _, fields := range []Fields{{ExpiresAfter: time.Hour}, {NeverExpires: true}, {Rerun: true}} {
		_, err := connectTo(t, fake).Result(context.Background(), "acme/widgets", testSHA, Success, "", fields)
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%+v: %v", fields, err)
		}
	}
}

func TestCommitStatusJoinsThePages(t *testing.T) {
	fake := startFakeServer(t)
	fake.onCommit = func(request *signalboxv1.GetCommitStatusRequest) *signalboxv1.GetCommitStatusResponse {
		page := &signalboxv1.GetCommitStatusResponse{Statuses: []*signalboxv1.CommitStatus{{Context: "first"}},
			State: signalboxv1.CommitState_COMMIT_STATE_PENDING, NextPageToken: "2"}
		if request.PageToken == "2" {
			page = &signalboxv1.GetCommitStatusResponse{Statuses: []*signalboxv1.CommitStatus{{Context: "second"}},
				State: signalboxv1.CommitState_COMMIT_STATE_SUCCESS}
		}
		return page
	}
	commit, err := connectTo(t, fake).CommitStatus(context.Background(), "acme/widgets", testSHA)
	if err != nil || len(commit.Statuses) != 2 || commit.Statuses[1].Context != "second" ||
		commit.State != signalboxv1.CommitState_COMMIT_STATE_SUCCESS {
		t.Errorf("%v, %v", commit, err)
	}
}

// Nothing was sent, so the report was certainly not accepted.
func TestAClosedClientRefusesCalls(t *testing.T) {
	ctx := context.Background()
	client := connectTo(t, startFakeServer(t))
	stream := client.Reports(ctx, 0)
	client.Close()
	_, called := client.Result(ctx, "acme/widgets", testSHA, Success, "", Fields{})
	_, sent := stream.Result(ctx, "acme/widgets", testSHA, Success, "", Fields{})
	for _, err := range []error{called, sent} {
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != "INVALID_ARGUMENT" || refused.MayHaveBeenAccepted {
			t.Errorf("%v", err)
		}
	}
	<-stream.ended
}

// The report may have been accepted, so the refusal of a closed client would
// lie.
func TestAClientThatIsClosedInAPauseEndsWithTheErrorOfTheTry(t *testing.T) {
	fake := startFakeServer(t)
	tried := make(chan struct{}, 1)
	fake.fail = func(int) (error, string) {
		tried <- struct{}{}
		return status.Error(codes.Unavailable, "away"), "20000"
	}
	client := connectTo(t, fake)
	go func() {
		<-tried
		time.Sleep(100 * time.Millisecond)
		client.Close()
	}()
	_, err := client.Result(context.Background(), "acme/widgets", testSHA, Success, "", Fields{})
	var failed *Error
	if !errors.As(err, &failed) || failed.Code != "UNAVAILABLE" || !failed.MayHaveBeenAccepted {
		t.Errorf("%v", err)
	}
}
