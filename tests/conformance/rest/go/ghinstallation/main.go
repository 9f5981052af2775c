// ghinstallation authenticates as an App for go-github, as Argo CD has it, and
// posts through Signalbox.
//
//	ghinstallation BASE_URL APP_ID KEY_FILE SHA
//
// SHA is of a commit of acme/app.
package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v90/github"

	"signalbox.test/rest/expect"
)

const owner, repo = "acme", "app"

var ctx = context.Background()

func clientOf(transport http.RoundTripper, base string) *github.Client {
	client, err := github.NewClient(github.WithHTTPClient(&http.Client{Transport: transport}),
		github.WithEnterpriseURLs(base, base))
	expect.NoError(err, "client")
	return client
}

func posts(client *github.Client, sha string) {
	for _, state := range []string{"pending", "success"} {
		status, _, err := client.Repositories.CreateStatus(ctx, owner, repo, sha,
			github.RepoStatus{State: &state, Context: github.Ptr("ci/argo")})
		expect.NoError(err, state)
		expect.That(status.GetState() == state, "the state", status)
	}
	combined, _, err := client.Repositories.GetCombinedStatus(ctx, owner, repo, sha, nil)
	expect.NoError(err, "combined")
	expect.That(combined.GetState() == "success", "success", combined)
	_, response, err := client.Repositories.CreateStatus(ctx, owner, repo, sha,
		github.RepoStatus{State: github.Ptr("success"), Context: github.Ptr("other")})
	expect.That(err != nil && response.StatusCode == http.StatusForbidden, "403", err)
}

func main() {
	base, sha := os.Args[1], os.Args[4]
	appID, err := strconv.ParseInt(os.Args[2], 10, 64)
	expect.NoError(err, "APP_ID")
	key, err := os.ReadFile(os.Args[3])
	expect.NoError(err, "KEY_FILE")
	transportOf := func(appID int64) *ghinstallation.AppsTransport {
		app, err := ghinstallation.NewAppsTransport(http.DefaultTransport, appID, key)
		expect.NoError(err, "key")
		app.BaseURL = base
		return app
	}
	app := transportOf(appID)
	apps := clientOf(app, base).Apps
	installation, _, err := apps.GetRepositoryInstallation(ctx, owner, repo)
	expect.NoError(err, "installation")
	expect.That(installation.GetAccount().GetLogin() == owner, "the account", installation)
	_, response, err := apps.GetRepositoryInstallation(ctx, "other", repo)
	expect.That(err != nil && response.StatusCode == http.StatusNotFound, "404", err)

	transport := ghinstallation.NewFromAppsTransport(app, installation.GetID())
	posts(clientOf(transport, base), sha)
	until, _, err := transport.Expiry()
	expect.NoError(err, "expiry")
	left := time.Until(until)
	expect.That(left > 59*time.Minute && left <= time.Hour, "an hour", left)

	// As a webhook gives it: GitHub's number.
	posts(clientOf(ghinstallation.NewFromAppsTransport(app, 1234567), base), sha)

	_, err = ghinstallation.NewFromAppsTransport(transportOf(appID+1), installation.GetID()).Token(ctx)
	var refused *ghinstallation.HTTPError
	expect.That(errors.As(err, &refused) && refused.Response.StatusCode == http.StatusUnauthorized, "401", err)
}
