"""gidgethub, over httpx2."""

import asyncio

import gidgethub
import httpx2
from gidgethub import httpx as gidgethub_httpx

import contract


def seen(status):
    return contract.Status(
        creator=status["creator"]["login"],
        **{name: status[name] for name in ("id", "state", "context", "description", "target_url")})


class Gidgethub(contract.Client):
    def __init__(self, base_url, token):
        self.base_url = f"{base_url}/api/v3"
        self.token = token

    def ask(self, call):
        async def asked():
            async with httpx2.AsyncClient(timeout=60) as http:
                return await call(gidgethub_httpx.GitHubAPI(
                    http, "farm", oauth_token=self.token, base_url=self.base_url))
        return asyncio.run(asked())

    def create(self, repository, sha, state, context, description=None, target_url=None):
        data = {"state": state, "context": context, "description": description,
                "target_url": target_url}
        return seen(self.ask(lambda github: github.post(
            f"/repos/{repository}/statuses/{sha}", data=data)))

    def statuses(self, repository, sha):
        async def listed(github):
            url = f"/repos/{repository}/commits/{sha}/statuses?per_page=10"
            return [seen(status) async for status in github.getiter(url)]
        return self.ask(listed)

    def combined(self, repository, sha):
        combined = self.ask(lambda github: github.getitem(
            f"/repos/{repository}/commits/{sha}/status"))
        return combined["state"], [status["context"] for status in combined["statuses"]]

    def code(self, error):
        return error.status_code if isinstance(error, gidgethub.HTTPException) else None


contract.run(Gidgethub)
