package signalbox

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// runBlock runs a block in a run, and returns its error.
func runBlock(client *Client, ctx context.Context, block func(*Run) error) (err error) {
	run, err := client.Run(ctx, "acme/widgets", testSHA, "", Fields{Attempt: 3, Series: "s", ExpiresAfter: time.Hour})
	if err != nil {
		return err
	}
	defer run.Close(&err)
	return block(run)
}

func TestRunReportsHowTheBlockEnded(t *testing.T) {
	long := strings.Repeat("\u00e4", 200)
	for name, test := range map[string]struct {
		block       func(*Run) error
		result      Result
		description string
	}{
		"end":         {func(*Run) error { return nil }, Success, ""},
		"error":       {func(*Run) error { return errors.New("first\r\nsecond") }, Errored, "first"},
		"long error":  {func(*Run) error { return errors.New(long) }, Errored, strings.Repeat("\u00e4", 140)},
		"panic":       {func(*Run) error { panic("at the disco") }, Errored, "at the disco"},
		"bytes":       {func(*Run) error { return errors.New("a\xffb") }, Errored, "a\uFFFDb"},
		"explicit":    {func(r *Run) error { r.Success("a"); r.Failure("b"); return nil }, Failure, "b"},
		"then raised": {func(r *Run) error { r.Skipped("c"); return errors.New("no") }, Skipped, "c"},
		"twice":       {func(r *Run) error { var err error; r.Neutral("d"); r.Close(&err); return err }, Neutral, "d"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := startFakeServer(t)
			client := connectTo(t, fake)
			func() {
				defer func() {
					if panicked := recover(); (panicked != nil) != (name == "panic") {
						t.Errorf("panic %v", panicked)
					}
				}()
				runBlock(client, context.Background(), test.block)
			}()
			results := fake.reported()
			if len(fake.pendings) != 1 || len(results) != 1 {
				t.Fatalf("%d pendings, %d results", len(fake.pendings), len(results))
			}
			pending, result := fake.pendings[0], results[0]
			if pending.Contexts[0] != "ci/build" || pending.ExpiresAfter.AsDuration() != time.Hour {
				t.Errorf("pending %v", pending)
			}
			if result.Context != "ci/build" || result.Attempt != 3 || result.Series != "s" {
				t.Errorf("result %v", result)
			}
			if result.Result != test.result || result.Description != test.description {
				t.Errorf("%v %q", result.Result, result.Description)
			}
		})
	}
}

func TestRunReportsAlthoughItsContextIsDone(t *testing.T) {
	fake := startFakeServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := runBlock(connectTo(t, fake), ctx, func(*Run) error { cancel(); return ctx.Err() })
	if results := fake.reported(); len(results) != 1 || results[0].Result != Errored {
		t.Errorf("%v, %v", results, err)
	}
}

func TestRunJoinsTheErrorOfItsReport(t *testing.T) {
	fake := startFakeServer(t)
	fake.fail = func(int) (error, string) { return status.Error(codes.PermissionDenied, "no"), "" }
	client := connectTo(t, fake)
	if err := runBlock(client, context.Background(), func(*Run) error { return nil }); status.Code(err) != codes.PermissionDenied {
		t.Errorf("error %v", err)
	}
	own := errors.New("own")
	err := runBlock(client, context.Background(), func(*Run) error { return own })
	var refused *Error
	if !errors.Is(err, own) || !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
}

func TestRunDoesNotBeginWithoutItsPending(t *testing.T) {
	client, err := Connect("127.0.0.1:1", WithRetryFor(0))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	err = runBlock(client, context.Background(), func(*Run) error { t.Error("the block began"); return nil })
	if status.Code(err) != codes.Unavailable {
		t.Errorf("error %v", err)
	}
}
