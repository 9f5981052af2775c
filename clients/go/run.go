package signalbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const longestErrorText = 140

// Run is a run whose pending was reported, and whose result Close reports.
type Run struct {
	client                   *Client
	ctx                      context.Context
	repository, sha, context string
	fields                   Fields
	chosen                   bool
	result                   Result
	description              string
	closed                   bool
	receipt                  *Receipt
}

// Receipt returns the receipt of the newest report: of the pending, and after
// Close that of the result.
func (r *Run) Receipt() *Receipt { return r.receipt }

// Run reports a context of a commit as pending. Defer Close, which reports the
// result whatever happens:
//
//	func build(ctx context.Context) (err error) {
//		run, err := client.Run(ctx, "acme/widgets", sha, "ci/build", signalbox.Fields{Attempt: 7})
//		if err != nil {
//			return err
//		}
//		defer run.Close(&err)
//		...
//	}
//
// An empty context means `ci/build`. Attempt, Series, TargetURL and
// NewestTextWins also go with the result; the rest of the fields with the
// pending only. If the pending cannot be reported, Run fails, and there is
// nothing to close. A Run is not safe for concurrent use.
func (c *Client) Run(ctx context.Context, repository, sha, statusContext string, fields Fields) (*Run, error) {
	if statusContext == "" {
		statusContext = "ci/build"
	}
	receipts, err := c.Pending(ctx, repository, sha, []string{statusContext}, fields)
	if err != nil {
		return nil, err
	}
	forResult := Fields{Attempt: fields.Attempt, Series: fields.Series, TargetURL: fields.TargetURL,
		NewestTextWins: fields.NewestTextWins}
	run := &Run{client: c, ctx: ctx, repository: repository, sha: sha, context: statusContext, fields: forResult}
	if len(receipts) > 0 {
		run.receipt = receipts[0]
	}
	return run, nil
}

// Success makes Close report success. Of several calls of this and of the
// methods below, the last one counts.
func (r *Run) Success(description string) { r.choose(Success, description) }

// Failure makes Close report that the code under test failed.
func (r *Run) Failure(description string) { r.choose(Failure, description) }

// Error makes Close report that something other than the code failed.
func (r *Run) Error(description string) { r.choose(Errored, description) }

// Cancelled makes Close report that a person or program stopped the run.
func (r *Run) Cancelled(description string) { r.choose(Cancelled, description) }

// Skipped makes Close report that the run was not necessary.
func (r *Run) Skipped(description string) { r.choose(Skipped, description) }

// TimedOut makes Close report that the run took too long.
func (r *Run) TimedOut(description string) { r.choose(TimedOut, description) }

// Neutral makes Close report that the run gives no verdict.
func (r *Run) Neutral(description string) { r.choose(Neutral, description) }

func (r *Run) choose(result Result, description string) {
	r.chosen, r.result, r.description = true, result, description
}

// Close reports the result. Defer it itself, not in a function, with the
// address of the named error that the function returns. It must not be nil.
//
// Without a call of Success or another of these methods, the result is an error
// with the first line of *err if the function fails, an error with the value of
// the panic if it panics, and else a success. After a panic, Close panics
// again. Close cannot see runtime.Goexit, which t.FailNow uses: that looks like
// a success.
//
// If the server cannot be reached, Close repeats the report as every call, even
// if the context of Run is done, and joins its error to *err. A second Close
// does nothing.
func (r *Run) Close(err *error) {
	panicked := recover()
	if !r.closed {
		r.closed = true
		r.report(err, panicked)
	}
	if panicked != nil {
		panic(panicked)
	}
}

func (r *Run) report(err *error, panicked any) {
	if !r.chosen {
		switch {
		case panicked != nil:
			r.choose(Errored, firstLine(fmt.Sprint(panicked)))
		case *err != nil:
			r.choose(Errored, firstLine((*err).Error()))
		default:
			r.choose(Success, "")
		}
	}
	r.fields.Description = r.description
	// A run that was stopped needs its result most.
	receipt, failed := r.client.Result(context.WithoutCancel(r.ctx), r.repository, r.sha, r.result, r.context, r.fields)
	if failed == nil {
		r.receipt = receipt
		return
	}
	if *err == nil {
		*err = failed
	} else {
		*err = errors.Join(*err, failed)
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")), "\n")
	line = strings.TrimRight(line, "\r")
	if characters := []rune(line); len(characters) > longestErrorText {
		return string(characters[:longestErrorText])
	}
	return line
}
