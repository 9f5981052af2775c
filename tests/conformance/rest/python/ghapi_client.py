"""ghapi, whose calls are made from GitHub's OpenAPI description."""

from ghapi.all import APIError, GhApi
from ghapi.page import sync_paged

import contract


def seen(status):
    return contract.Status(
        creator=status.creator.login,
        **{name: status[name] for name in ("id", "state", "context", "description", "target_url")})


class Ghapi(contract.Client):
    def __init__(self, base_url, token):
        self.api = GhApi(token=token, gh_host=f"{base_url}/api/v3", sync=True)

    def create(self, repository, sha, state, context, description=None, target_url=None):
        owner, repo = repository.split("/")
        texts = {"description": description, "target_url": target_url}
        return seen(self.api.repos.create_commit_status(
            owner, repo, sha, state=state, context=context,
            **{name: text for name, text in texts.items() if text is not None}))

    def statuses(self, repository, sha):
        owner, repo = repository.split("/")
        return [seen(status) for page in sync_paged(
            self.api.repos.list_commit_statuses_for_ref, owner, repo, sha, per_page=10)
            for status in page]

    def combined(self, repository, sha):
        combined = self.api.repos.get_combined_status_for_ref(*repository.split("/"), sha)
        return combined.state, [status.context for status in combined.statuses]

    def code(self, error):
        return error.status_code if isinstance(error, APIError) else None


contract.run(Ghapi)
