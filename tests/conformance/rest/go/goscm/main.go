// go-scm, the client of Drone and its relatives, posts through Signalbox. Beside
// what it was given it sends empty texts, and times of the year 1.
//
//	goscm URL TOKEN SHA PAGED_SHA EMPTY_SHA     as gogithub
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/drone/go-scm/scm"
	"github.com/drone/go-scm/scm/driver/github"
	"github.com/drone/go-scm/scm/transport"

	"signalbox.test/rest/expect"
)

const repository = "acme/app"

var ctx = context.Background()

func newClient(url, token string) *scm.Client {
	client, err := github.New(url)
	expect.NoError(err, "client")
	client.Client = &http.Client{Transport: &transport.BearerToken{Token: token}}
	return client
}

func createsTheFourStates(client *scm.Client, sha string) {
	for _, state := range []scm.State{scm.StatePending, scm.StateSuccess, scm.StateFailure, scm.StateError} {
		name := map[scm.State]string{scm.StatePending: "pending", scm.StateSuccess: "success",
			scm.StateFailure: "failure", scm.StateError: "error"}[state]
		link := "https://ci.example/" + name
		status, response, err := client.Repositories.CreateStatus(ctx, repository, sha, &scm.StatusInput{
			State: state, Label: "ci/" + name, Desc: expect.LongDescription, Target: link})
		expect.NoError(err, name)
		expect.That(response.Status == http.StatusCreated, "201", response.Status)
		expect.That(response.ID != "", "an id of the request")
		expect.That(status.State == state && status.Label == "ci/"+name && status.Target == link, "the status", status)
		expect.That(utf8.RuneCountInString(status.Desc) == 140, "a fitted description", status)
	}
	listed, _, err := client.Repositories.ListStatus(ctx, repository, sha, scm.ListOptions{})
	expect.NoError(err, "list")
	expect.That(len(listed) == 4 && listed[0].State == scm.StateError, "the newest first", listed)
}

// All texts but the state are empty.
func createsTheDefaultContext(client *scm.Client, sha string) {
	status, _, err := client.Repositories.CreateStatus(ctx, repository, sha, &scm.StatusInput{State: scm.StateSuccess})
	expect.NoError(err, "create")
	expect.That(status.Label == "default" && status.Desc == "" && status.Target == "", "the default", status)
}

func pages(client *scm.Client, sha string) {
	for i := 0; i < 31; i++ {
		_, _, err := client.Repositories.CreateStatus(ctx, repository, sha, &scm.StatusInput{
			State: scm.StateSuccess, Label: fmt.Sprintf("ci/%d", i)})
		expect.NoError(err, "create")
	}
	labels := map[string]bool{}
	options := scm.ListOptions{Page: 1, Size: 10}
	pages := 0
	for {
		listed, response, err := client.Repositories.ListStatus(ctx, repository, sha, options)
		expect.NoError(err, "page")
		pages++
		for _, status := range listed {
			labels[status.Label] = true
		}
		if response.Page.Next == 0 {
			break
		}
		options.Page = response.Page.Next
	}
	expect.That(len(labels) == 31 && pages == 4, "31 contexts on four pages", len(labels), pages)
}

func readsThatToolsMakeFirst(client *scm.Client, sha string) {
	found, _, err := client.Repositories.Find(ctx, repository)
	expect.NoError(err, "repository")
	expect.That(found.Namespace+"/"+found.Name == repository && found.Perm.Push, "the repository", found)
	commit, _, err := client.Git.FindCommit(ctx, repository, sha)
	expect.NoError(err, "commit")
	expect.That(commit.Sha == sha, "the sha", commit)
	user, _, err := client.Users.Find(ctx)
	expect.NoError(err, "user")
	expect.That(user.Login == "farm", "the caller", user)
	listed, _, err := client.Repositories.ListStatus(ctx, repository, sha, scm.ListOptions{})
	expect.NoError(err, "an empty list")
	expect.That(len(listed) == 0, "nothing", listed)
}

func refuses(client *scm.Client, code int, repository, sha, label string) {
	_, response, err := client.Repositories.CreateStatus(ctx, repository, sha, &scm.StatusInput{
		State: scm.StateSuccess, Label: label})
	expect.That(err != nil && err.Error() != "", "a message", code)
	expect.That(response.Status == code, "the code", code, response.Status)
}

func main() {
	url, token, sha, paged, empty := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	client := newClient(url, token)
	createsTheFourStates(client, sha)
	pages(client, paged)
	createsTheDefaultContext(client, paged)
	readsThatToolsMakeFirst(client, empty)
	refuses(client, 422, repository, empty[:7], "ci")
	refuses(client, 422, repository, empty, strings.Repeat("c", 256))
	refuses(client, 404, "other/app", empty, "ci")
	refuses(client, 403, repository, empty, "not-granted")
	refuses(newClient(url, "unknown"), 401, repository, empty, "ci")
}
