package signalbox_test

import (
	"context"
	"errors"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"

	signalbox "github.com/signalbox/signalbox-go"
	"github.com/signalbox/signalbox-go/signalboxv1"
)

// The functions of README.md, word for word.

func build(ctx context.Context, client *signalbox.Client, sha string, number int64) (err error) {
	run, err := client.Run(ctx, "acme/widgets", sha, "ci/build", signalbox.Fields{Attempt: number})
	if err != nil {
		return err // Without a pending there is nothing to close.
	}
	defer run.Close(&err) // Reports success, or the error, or the panic.
	if err := compile(ctx); err != nil {
		return err
	}
	run.Success("all 1,204 tests passed")
	return nil
}

var compile func(context.Context) error

func TestTheExampleOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```go\n(func build.*?)```").FindSubmatch(readme)
	if example == nil || !strings.Contains(string(source), string(example[1])) {
		t.Fatal("this file does not have the example of README.md")
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &reports{}
	listening := grpc.NewServer()
	signalboxv1.RegisterStatusServiceServer(listening, server)
	go listening.Serve(listener)
	defer listening.Stop()
	client, err := signalbox.Connect(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	compile = func(context.Context) error { return nil }
	if err := build(context.Background(), client, strings.Repeat("a", 40), 7); err != nil {
		t.Error(err)
	}
	compile = func(context.Context) error { return errors.New("no space left") }
	if err := build(context.Background(), client, strings.Repeat("a", 40), 8); err == nil {
		t.Error("no error")
	}
	want := "pending; RESULT_SUCCESS all 1,204 tests passed; pending; RESULT_ERROR no space left; "
	if server.log.String() != want {
		t.Errorf("reported %q", server.log.String())
	}
}

// reports is a server that writes down what is reported.
type reports struct {
	signalboxv1.UnimplementedStatusServiceServer
	log strings.Builder
}

func (r *reports) ReportPending(context.Context, *signalboxv1.ReportPendingRequest) (*signalboxv1.ReportPendingResponse, error) {
	r.log.WriteString("pending; ")
	return &signalboxv1.ReportPendingResponse{}, nil
}

func (r *reports) ReportResult(_ context.Context, request *signalboxv1.ReportResultRequest) (*signalboxv1.ReportResultResponse, error) {
	r.log.WriteString(request.Result.String() + " " + request.Description + "; ")
	return &signalboxv1.ReportResultResponse{}, nil
}
