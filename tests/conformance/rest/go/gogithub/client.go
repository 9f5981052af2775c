//go:build !debian

package main

import (
	"context"

	"github.com/google/go-github/v90/github"
)

func newClient(url, token string) (*github.Client, error) {
	return github.NewClient(github.WithEnterpriseURLs(url, url), github.WithAuthToken(token))
}

func create(client *github.Client, owner, repo, sha string, status github.RepoStatus) (*github.RepoStatus, *github.Response, error) {
	return client.Repositories.CreateStatus(context.Background(), owner, repo, sha, status)
}

func limits(client *github.Client) (*github.RateLimits, *github.Response, error) {
	return client.RateLimit.Get(context.Background())
}
