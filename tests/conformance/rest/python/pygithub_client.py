"""PyGithub: Debian's 1.55 and newer versions."""

import github
from github.GithubObject import NotSet

import contract


def seen(status):
    return contract.Status(status.id, status.state, status.context, status.description,
                           status.target_url, status.creator.login)


class PyGithub(contract.Client):
    def __init__(self, base_url, token):
        terms = {"base_url": f"{base_url}/api/v3"}
        if hasattr(github, "Auth"):
            # Newer versions wait a second between writes.
            terms.update(auth=github.Auth.Token(token), seconds_between_requests=0,
                         seconds_between_writes=0)
        else:
            terms.update(login_or_token=token)
        self.github = github.Github(**terms)

    def commit(self, repository, sha):
        return self.github.get_repo(repository).get_commit(sha)

    def create(self, repository, sha, state, context, description=None, target_url=None):
        return seen(self.commit(repository, sha).create_status(
            state, context=context, description=description or NotSet,
            target_url=target_url or NotSet))

    def statuses(self, repository, sha):
        return [seen(status) for status in self.commit(repository, sha).get_statuses()]

    def combined(self, repository, sha):
        combined = self.commit(repository, sha).get_combined_status()
        assert combined.sha == sha and combined.repository.full_name == repository
        return combined.state, [status.context for status in combined.statuses]

    def code(self, error):
        return error.status if isinstance(error, github.GithubException) else None


contract.run(PyGithub)
