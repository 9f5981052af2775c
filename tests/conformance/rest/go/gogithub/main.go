// go-github posts through Signalbox.
//
//	gogithub URL TOKEN SHA PAGED_SHA EMPTY_SHA
//
// It sets statuses of the commits SHA and PAGED_SHA, whose statuses the caller
// then finds at GitHub. EMPTY_SHA has no status.
//
// `client.go` has what differs between the newest version and Debian's.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/google/go-github/v90/github"

	"signalbox.test/rest/expect"
)

const owner, repo = "acme", "app"

var ctx = context.Background()

func text(value string) *string { return &value }

func createsTheFourStates(client *github.Client, url, sha string) {
	for _, state := range expect.States {
		link := "https://ci.example/" + state
		status, response, err := create(client, owner, repo, sha, github.RepoStatus{
			State: text(state), Context: text("ci/" + state),
			Description: text(expect.LongDescription), TargetURL: text(link)})
		expect.NoError(err, state)
		expect.That(response.StatusCode == http.StatusCreated, "201", response.StatusCode)
		expect.That(status.GetState() == state, "the state", status)
		expect.That(status.GetContext() == "ci/"+state, "the context", status)
		expect.That(utf8.RuneCountInString(status.GetDescription()) == 140, "a fitted description", status)
		expect.That(status.GetTargetURL() == link, "the link", status)
		expect.That(expect.Creators[status.GetCreator().GetLogin()], "the creator", status)
		expect.That(!status.GetCreatedAt().IsZero(), "a time", status)
		expect.That(strings.HasPrefix(status.GetURL(), url), "our own address", status)
	}
	combined, _, err := client.Repositories.GetCombinedStatus(ctx, owner, repo, sha, nil)
	expect.NoError(err, "combined")
	expect.That(combined.GetState() == "failure", "failure", combined)
	expect.That(combined.GetTotalCount() == 4 && len(combined.Statuses) == 4, "four statuses", combined)
	listed, _, err := client.Repositories.ListStatuses(ctx, owner, repo, sha, nil)
	expect.NoError(err, "list")
	expect.That(len(listed) == 4 && listed[0].GetState() == "error", "the newest first", listed)
}

func theSameAgainHasTheSameID(client *github.Client, sha string) {
	ids := map[int64]bool{}
	for _, description := range []string{"a", "a", "b"} {
		status, _, err := create(client, owner, repo, sha, github.RepoStatus{
			State: text("success"), Context: text("ci/0"), Description: text(description)})
		expect.NoError(err, description)
		ids[status.GetID()] = true
	}
	expect.That(len(ids) == 2, "two ids", ids)
}

func pages(client *github.Client, sha string) {
	for i := 0; i < 31; i++ {
		_, _, err := create(client, owner, repo, sha, github.RepoStatus{
			State: text("success"), Context: text(fmt.Sprintf("ci/%d", i))})
		expect.NoError(err, "create")
	}
	contexts := map[string]bool{}
	options := github.ListOptions{PerPage: 10}
	pages := 0
	for {
		listed, response, err := client.Repositories.ListStatuses(ctx, owner, repo, sha, &options)
		expect.NoError(err, "page")
		pages++
		for _, status := range listed {
			contexts[status.GetContext()] = true
		}
		if response.NextPage == 0 {
			break
		}
		options.Page = response.NextPage
	}
	expect.That(len(contexts) == 31 && pages == 4, "31 contexts on four pages", len(contexts), pages)
}

func readsThatToolsMakeFirst(client *github.Client, sha string) {
	repository, _, err := client.Repositories.Get(ctx, owner, repo)
	expect.NoError(err, "repository")
	expect.That(repository.GetFullName() == owner+"/"+repo, "the name", repository)
	commit, _, err := client.Repositories.GetCommit(ctx, owner, repo, sha, nil)
	expect.NoError(err, "commit")
	expect.That(commit.GetSHA() == sha, "the sha", commit)
	limited, response, err := limits(client)
	expect.NoError(err, "limits")
	expect.That(limited.GetCore().Remaining > 1000, "no limit", limited)
	expect.That(response.Header.Get("X-RateLimit-Remaining") == "", "no header of a limit")
	listed, _, err := client.Repositories.ListStatuses(ctx, owner, repo, sha, nil)
	expect.NoError(err, "an empty list")
	expect.That(len(listed) == 0, "nothing", listed)
	combined, _, err := client.Repositories.GetCombinedStatus(ctx, owner, repo, sha, nil)
	expect.NoError(err, "nothing combined")
	expect.That(combined.GetState() == "pending", "pending", combined)
}

func refuses(client *github.Client, code int, owner, sha, state, label string) {
	_, _, err := create(client, owner, repo, sha, github.RepoStatus{State: text(state), Context: text(label)})
	var refused *github.ErrorResponse
	expect.That(errors.As(err, &refused), "GitHub's error", err)
	expect.That(refused.Response.StatusCode == code, "the code", code, err)
	expect.That(refused.Message != "", "a message", err)
	if code == http.StatusUnprocessableEntity {
		expect.That(len(refused.Errors) == 1 && refused.Errors[0].Field != "", "the field", err)
	}
}

func main() {
	url, token, sha, paged, empty := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	client, err := newClient(url, token)
	expect.NoError(err, "client")
	createsTheFourStates(client, url, sha)
	pages(client, paged)
	theSameAgainHasTheSameID(client, paged)
	readsThatToolsMakeFirst(client, empty)
	refuses(client, 422, owner, empty, "done", "ci")
	refuses(client, 422, owner, empty[:7], "success", "ci")
	refuses(client, 422, owner, empty, "success", strings.Repeat("c", 256))
	refuses(client, 404, "other", empty, "success", "ci")
	refuses(client, 403, owner, empty, "success", "not-granted")
	stranger, err := newClient(url, "unknown")
	expect.NoError(err, "client")
	refuses(stranger, 401, owner, empty, "success", "ci")
}
