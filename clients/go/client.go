// Package signalbox reports to a Signalbox server, which sets commit statuses
// at GitHub, and reads from it.
//
// A call is repeated until the server answers or the time is over, so a nil
// error means that the report is on the server's disk. If the answer is lost,
// the same report is sent again, which is always safe if it has an Attempt.
package signalbox

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/signalbox/signalbox-go/signalboxv1"
)

// mostPages limits the pages of one answer; no server has more.
const mostPages = 10_000

// Receipt says what became of a report.
type Receipt = signalboxv1.Receipt

// Result says how a run ended.
type Result = signalboxv1.Result

// The results of a run, as signalbox.v1.Result documents them.
const (
	Success   = signalboxv1.Result_RESULT_SUCCESS
	Failure   = signalboxv1.Result_RESULT_FAILURE
	Errored   = signalboxv1.Result_RESULT_ERROR
	Cancelled = signalboxv1.Result_RESULT_CANCELLED
	Skipped   = signalboxv1.Result_RESULT_SKIPPED
	TimedOut  = signalboxv1.Result_RESULT_TIMED_OUT
	Neutral   = signalboxv1.Result_RESULT_NEUTRAL
)

// Fields are the optional parts of a report. All may be left out.
type Fields struct {
	// Attempt is your number for this run. It grows from run to run of a context
	// on a commit. 0: unnumbered.
	Attempt int64
	// Series names the counter that Attempt belongs to.
	Series      string
	Description string
	// TargetURL is a link to the run, http or https.
	TargetURL string
	// IfSequence makes the report conditional: the server accepts it only if the
	// newest accepted report of the context has no larger sequence.
	IfSequence *int64
	// NewestTextWins accepts a report that differs from the held one only in its
	// texts.
	NewestTextWins bool

	// The rest is for pendings. Result refuses it; Run uses it for the pending.

	// ExpiresAfter is how long the server waits for the result before GitHub
	// shows an error. 0: as the server is configured.
	ExpiresAfter time.Duration
	// NeverExpires waits for ever.
	NeverExpires bool
	// Rerun runs the contexts again although they have a result.
	Rerun bool
}

func (f Fields) pending(repository, sha string, contexts []string) *signalboxv1.ReportPendingRequest {
	request := &signalboxv1.ReportPendingRequest{
		Repository: repository, Sha: sha, Contexts: contexts, Attempt: f.Attempt, Series: f.Series,
		Description: f.Description, TargetUrl: f.TargetURL, IfSequence: f.IfSequence,
		NewestTextWins: f.NewestTextWins, NeverExpires: f.NeverExpires, Rerun: f.Rerun,
	}
	if f.ExpiresAfter != 0 {
		request.ExpiresAfter = durationpb.New(f.ExpiresAfter)
	}
	return request
}

func (f Fields) result(repository, sha string, result Result, context string) (*signalboxv1.ReportResultRequest, *Error) {
	if f.ExpiresAfter != 0 || f.NeverExpires || f.Rerun {
		return nil, invalid("ExpiresAfter, NeverExpires and Rerun are for pendings; a result has none of them")
	}
	return &signalboxv1.ReportResultRequest{
		Repository: repository, Sha: sha, Context: context, Result: result, Attempt: f.Attempt, Series: f.Series,
		Description: f.Description, TargetUrl: f.TargetURL, IfSequence: f.IfSequence,
		NewestTextWins: f.NewestTextWins,
	}, nil
}

// Client is a connection to a server. It is safe for concurrent use.
type Client struct {
	connection *grpc.ClientConn
	stub       signalboxv1.StatusServiceClient
	options    options
	// closed is done when the client was closed.
	closed context.Context
	close  context.CancelFunc
}

// Connect makes a client for the server at address, `HOST:PORT` or `unix:PATH`.
// Empty: 127.0.0.1:50051. The client connects at the first call. Nothing is
// read from the environment.
//
// Connect fails with INVALID_ARGUMENT if the options do not fit together or a
// file is no PEM, and with NOT_FOUND or PERMISSION_DENIED if a file cannot be
// read.
func Connect(address string, opts ...Option) (*Client, error) {
	if address == "" {
		address = "127.0.0.1:50051"
	}
	o := defaultOptions()
	for _, option := range opts {
		option(&o)
	}
	connection, err := o.dial(address)
	if err != nil {
		return nil, err
	}
	closed, closeAll := context.WithCancel(context.Background())
	return &Client{connection, signalboxv1.NewStatusServiceClient(connection), o, closed, closeAll}, nil
}

// Close ends the connection, and with it all calls, streams and watches.
func (c *Client) Close() error {
	c.close()
	return c.connection.Close()
}

// Pending reports that work on contexts has begun. No contexts: those that the
// server's configuration expects of the repository. There is a receipt for each
// context.
func (c *Client) Pending(ctx context.Context, repository, sha string, contexts []string, fields Fields) ([]*Receipt, error) {
	answer, err := call(ctx, c, c.stub.ReportPending, fields.pending(repository, sha, contexts))
	return answer.GetReceipts(), err
}

// Result reports how a run ended. An empty context means `ci/build`.
func (c *Client) Result(ctx context.Context, repository, sha string, result Result, statusContext string, fields Fields) (*Receipt, error) {
	request, refused := fields.result(repository, sha, result, statusContext)
	if refused != nil {
		return nil, refused
	}
	answer, err := call(ctx, c, c.stub.ReportResult, request)
	return answer.GetReceipt(), err
}

// CommitStatus returns the newest report of each context of a commit. It reads
// all pages and joins them. NOT_FOUND: nothing was ever reported for the commit.
func (c *Client) CommitStatus(ctx context.Context, repository, sha string) (*signalboxv1.GetCommitStatusResponse, error) {
	request := &signalboxv1.GetCommitStatusRequest{Repository: repository, Sha: sha}
	var statuses []*signalboxv1.CommitStatus
	for range mostPages {
		page, err := call(ctx, c, c.stub.GetCommitStatus, request)
		if err != nil {
			return nil, err
		}
		statuses = append(statuses, page.Statuses...)
		if page.NextPageToken == "" {
			// The last page was read last, so its state is the newest.
			page.Statuses = statuses
			return page, nil
		}
		request.PageToken = page.NextPageToken
	}
	return nil, newError(codes.Internal, "", "the pages of the server's answer do not end", false)
}

// ServerInfo returns which server this is, what it can do, and what the caller
// may do.
func (c *Client) ServerInfo(ctx context.Context) (*signalboxv1.GetServerInfoResponse, error) {
	return call(ctx, c, c.stub.GetServerInfo, &signalboxv1.GetServerInfoRequest{})
}

// IssueToken returns a token that may do no more than the caller's own, and not
// for long: narrowing says what it may do less, and may be nil. The token is
// valid from 1 minute to 30 days; validFor 0: 1 hour.
func (c *Client) IssueToken(ctx context.Context, narrowing *signalboxv1.Narrowing, validFor time.Duration) (*signalboxv1.IssueTokenResponse, error) {
	request := &signalboxv1.IssueTokenRequest{Narrowing: narrowing}
	if validFor != 0 {
		request.ValidFor = durationpb.New(validFor)
	}
	return call(ctx, c, c.stub.IssueToken, request)
}

// IsServing asks the server's health service whether it serves. False: it is
// about to stop. Every caller may ask.
func (c *Client) IsServing(ctx context.Context) (bool, error) {
	health := grpc_health_v1.NewHealthClient(c.connection)
	answer, err := call(ctx, c, health.Check, &grpc_health_v1.HealthCheckRequest{})
	return answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING, err
}
