// Command driver does what the lines of its input say, for the vectors that all
// clients of Signalbox share. clients/testing/README.md describes the lines.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	signalbox "github.com/signalbox/signalbox-go"
	"github.com/signalbox/signalbox-go/signalboxv1"
)

type object = map[string]any

type request struct {
	Repository     string   `json:"repository"`
	Repositories   []string `json:"repositories"`
	SHA            string   `json:"sha"`
	Context        string   `json:"context"`
	Contexts       []string `json:"contexts"`
	Result         string   `json:"result"`
	Attempt        int64    `json:"attempt"`
	Series         string   `json:"series"`
	Description    string   `json:"description"`
	TargetURL      string   `json:"target_url"`
	ExpiresAfter   float64  `json:"expires_after"`
	Rerun          bool     `json:"rerun"`
	NeverExpires   bool     `json:"never_expires"`
	IfSequence     *int64   `json:"if_sequence"`
	NewestTextWins bool     `json:"newest_text_wins"`
	AfterSequence  *int64   `json:"after_sequence"`
	Rights         []string `json:"rights"`
	ValidFor       float64  `json:"valid_for"`
}

type line struct {
	Do      string `json:"do"`
	Options struct {
		Address    string   `json:"address"`
		Token      string   `json:"token"`
		TLS        bool     `json:"tls"`
		CAFile     string   `json:"ca_file"`
		CertFile   string   `json:"cert_file"`
		KeyFile    string   `json:"key_file"`
		ServerName string   `json:"server_name"`
		RetryFor   *float64 `json:"retry_for"`
		TryTimeout *float64 `json:"try_timeout"`
		RequestID  string   `json:"request_id"`
	} `json:"options"`
	Request     request         `json:"request"`
	Then        json.RawMessage `json:"then"`
	Reports     []map[string]request
	MaxInFlight int `json:"max_in_flight"`
	Changes     int `json:"changes"`
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

func (r request) fields() signalbox.Fields {
	return signalbox.Fields{Attempt: r.Attempt, Series: r.Series, Description: r.Description, TargetURL: r.TargetURL,
		IfSequence: r.IfSequence, NewestTextWins: r.NewestTextWins, ExpiresAfter: seconds(r.ExpiresAfter),
		NeverExpires: r.NeverExpires, Rerun: r.Rerun}
}

func (r request) result() signalbox.Result {
	return signalbox.Result(signalboxv1.Result_value["RESULT_"+r.Result])
}

type driver struct{ client *signalbox.Client }

func (d *driver) connect(l line) error {
	o := l.Options
	var opts []signalbox.Option
	if o.Token != "" {
		opts = append(opts, signalbox.WithToken(o.Token))
	}
	if o.TLS {
		opts = append(opts, signalbox.WithTLS())
	}
	if o.CAFile != "" {
		opts = append(opts, signalbox.WithCAFile(o.CAFile))
	}
	if o.CertFile+o.KeyFile != "" {
		opts = append(opts, signalbox.WithCertificate(o.CertFile, o.KeyFile))
	}
	if o.ServerName != "" {
		opts = append(opts, signalbox.WithServerName(o.ServerName))
	}
	if o.RetryFor != nil {
		opts = append(opts, signalbox.WithRetryFor(seconds(*o.RetryFor)))
	}
	if o.TryTimeout != nil {
		opts = append(opts, signalbox.WithTryTimeout(seconds(*o.TryTimeout)))
	}
	if o.RequestID != "" {
		opts = append(opts, signalbox.WithRequestID(o.RequestID))
	}
	client, err := signalbox.Connect(o.Address, opts...)
	if err != nil {
		return err
	}
	if d.client != nil {
		d.client.Close()
	}
	d.client = client
	return nil
}

// raised is what the block of a run raises.
type raised struct{ text string }

func (r *raised) Error() string { return r.text }

func (d *driver) run(ctx context.Context, l line) (run *signalbox.Run, err error) {
	r := l.Request
	run, err = d.client.Run(ctx, r.Repository, r.SHA, r.Context, r.fields())
	if err != nil {
		return nil, err
	}
	defer run.Close(&err)
	var steps []map[string]any
	if json.Unmarshal(l.Then, &steps) != nil {
		var step map[string]any
		if err := json.Unmarshal(l.Then, &step); err != nil {
			return run, err
		}
		steps = append(steps, step)
	}
	methods := map[string]func(string){"success": run.Success, "failure": run.Failure, "error": run.Error,
		"cancelled": run.Cancelled, "skipped": run.Skipped, "timed_out": run.TimedOut, "neutral": run.Neutral}
	for _, step := range steps {
		for name, value := range step {
			switch text, _ := value.(string); name {
			case "return":
				return run, nil
			case "raise":
				return run, &raised{text}
			default:
				methods[name](text)
			}
		}
	}
	return run, nil
}

func (d *driver) stream(ctx context.Context, l line) object {
	stream := d.client.Reports(ctx, l.MaxInFlight)
	waits := make([]func() ([]*signalbox.Receipt, error), 0, len(l.Reports))
	for _, report := range l.Reports {
		for kind, r := range report {
			var answer *signalbox.Answer
			var err error
			if kind == "pending" {
				answer, err = stream.Pending(ctx, r.Repository, r.SHA, r.Contexts, r.fields())
			} else {
				answer, err = stream.Result(ctx, r.Repository, r.SHA, r.result(), r.Context, r.fields())
			}
			waits = append(waits, func() ([]*signalbox.Receipt, error) {
				if err != nil {
					return nil, err
				}
				return answer.Wait(ctx)
			})
		}
	}
	stream.Close()
	answers := []object{}
	for _, wait := range waits {
		answers = append(answers, receiptsOr(wait()))
	}
	return object{"answers": answers}
}

func (d *driver) watch(ctx context.Context, l line) (object, error) {
	watch := d.client.Watch(signalbox.WatchOptions{
		Repositories: l.Request.Repositories, Contexts: l.Request.Contexts, AfterSequence: l.Request.AfterSequence})
	changes := []object{}
	for change, err := range watch.Changes(ctx) {
		if err != nil {
			return nil, err
		}
		changes = append(changes, object{"repository": change.Repository, "sha": change.Sha,
			"context": change.Status.Context, "state": word(change.Status.State)})
		if len(changes) == l.Changes {
			break
		}
	}
	return object{"changes": changes}, nil
}

// word is the name of an enum's value without its prefix.
func word(value fmt.Stringer) string {
	for _, prefix := range []string{"DISPOSITION_", "COMMIT_STATE_", "RESULT_"} {
		if rest, found := strings.CutPrefix(value.String(), prefix); found {
			return rest
		}
	}
	return value.String()
}

func unixTime(t *timestamppb.Timestamp) any {
	if t == nil {
		return nil
	}
	return float64(t.AsTime().UnixNano()) / 1e9
}

func receiptsOr(receipts []*signalbox.Receipt, err error) object {
	if err != nil {
		return failed(err)
	}
	shown := []object{}
	for _, r := range receipts {
		shown = append(shown, object{"context": r.Context, "sequence": r.Sequence, "disposition": word(r.Disposition),
			"warnings": append([]string{}, r.Warnings...), "state": word(r.State), "newest_attempt": r.NewestAttempt,
			"newest_result": word(r.NewestResult), "expire_time": unixTime(r.ExpireTime), "report_time": unixTime(r.ReportTime)})
	}
	return object{"receipts": shown}
}

func failed(err error) object {
	var thrown *raised
	var refused *signalbox.Error
	if errors.As(err, &thrown) {
		return object{"raised": thrown.text}
	}
	if !errors.As(err, &refused) {
		panic(err)
	}
	return object{"error": object{"code": refused.Code, "reason": refused.Reason,
		"may_have_been_accepted": refused.MayHaveBeenAccepted, "request_id": refused.RequestID}}
}

func (d *driver) do(ctx context.Context, l line) (object, error) {
	r := l.Request
	switch l.Do {
	case "connect":
		return object{}, d.connect(l)
	case "pending":
		receipts, err := d.client.Pending(ctx, r.Repository, r.SHA, r.Contexts, r.fields())
		return receiptsOr(receipts, nil), err
	case "result":
		receipt, err := d.client.Result(ctx, r.Repository, r.SHA, r.result(), r.Context, r.fields())
		if err != nil {
			return nil, err
		}
		return receiptsOr([]*signalbox.Receipt{receipt}, nil), nil
	case "run":
		run, err := d.run(ctx, l)
		if err != nil {
			return nil, err
		}
		receipts := receiptsOr([]*signalbox.Receipt{run.Receipt()}, nil)["receipts"].([]object)
		return object{"receipt": receipts[0]}, nil
	case "stream":
		return d.stream(ctx, l), nil
	case "watch":
		return d.watch(ctx, l)
	case "commit_status":
		commit, err := d.client.CommitStatus(ctx, r.Repository, r.SHA)
		statuses := []object{}
		for _, status := range commit.GetStatuses() {
			statuses = append(statuses, object{"context": status.Context, "state": word(status.State),
				"description": status.Description, "target_url": status.TargetUrl})
		}
		return object{"statuses": statuses}, err
	case "server_info":
		info, err := d.client.ServerInfo(ctx)
		return object{"version": info.GetVersion(), "features": append([]string{}, info.GetFeatures()...),
			"caller": info.GetGrants().GetCaller(), "rights": append([]string{}, info.GetGrants().GetRights()...)}, err
	case "issue_token":
		issued, err := d.client.IssueToken(ctx, &signalboxv1.Narrowing{Repositories: r.Repositories, Contexts: r.Contexts,
			Rights: r.Rights, Sha: r.SHA, Series: r.Series, Attempt: r.Attempt}, seconds(r.ValidFor))
		return object{"token": issued.GetToken(), "expire_time": unixTime(issued.GetGrants().GetTokenExpireTime())}, err
	case "is_serving":
		serving, err := d.client.IsServing(ctx)
		return object{"serving": serving}, err
	}
	panic("unknown command " + l.Do)
}

func main() {
	d := &driver{}
	input := bufio.NewReader(os.Stdin)
	for {
		text, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			panic(err)
		}
		answer, err := d.do(context.Background(), l)
		if err != nil {
			answer = failed(err)
		} else {
			answer = object{"ok": answer}
		}
		encoded, err := json.Marshal(answer)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(encoded))
	}
}
