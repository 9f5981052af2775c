//go:build debian

// The test takes `/v90` out: Debian's go-github has no version in its path.
package main

import (
	"context"
	"net/http"

	"github.com/google/go-github/v90/github"
)

type withToken string

func (token withToken) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+string(token))
	return http.DefaultTransport.RoundTrip(request)
}

func newClient(url, token string) (*github.Client, error) {
	return github.NewEnterpriseClient(url, url, &http.Client{Transport: withToken(token)})
}

func create(client *github.Client, owner, repo, sha string, status github.RepoStatus) (*github.RepoStatus, *github.Response, error) {
	return client.Repositories.CreateStatus(context.Background(), owner, repo, sha, &status)
}

func limits(client *github.Client) (*github.RateLimits, *github.Response, error) {
	return client.RateLimits(context.Background())
}
