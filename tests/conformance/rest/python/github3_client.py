"""github3.py, which reads the most members of our answers."""

import github3

import contract


def seen(status):
    return contract.Status(status.id, status.state, status.context, status.description,
                           status.target_url, status.creator.login)


class Github3(contract.Client):
    def __init__(self, base_url, token):
        self.github = github3.GitHubEnterprise(base_url, token=token)

    def repository(self, repository):
        return self.github.repository(*repository.split("/"))

    def create(self, repository, sha, state, context, description=None, target_url=None):
        return seen(self.repository(repository).create_status(
            sha, state, target_url=target_url, description=description, context=context))

    def statuses(self, repository, sha):
        return [seen(status) for status in self.repository(repository).statuses(sha)]

    def combined(self, repository, sha):
        combined = self.repository(repository).commit(sha).status()
        assert combined.total_count == len(combined.statuses)
        return combined.state, [status.context for status in combined.statuses]

    def code(self, error):
        return error.code if isinstance(error, github3.exceptions.GitHubError) else None


contract.run(Github3)
