"""PyGithub, Debian's 1.55 and newer versions, authenticates as an App and posts
through Signalbox.

    app.py BASE_URL APP_ID KEY_FILE SHA    of a commit of acme/app
"""

import datetime
import pathlib
import sys
import unittest

import github

BASE_URL, APP_ID, KEY_FILE, SHA = sys.argv[1:5]
IS_NEW = hasattr(github, "Auth")


class AppTest(unittest.TestCase):
    def setUp(self):
        key = pathlib.Path(KEY_FILE).read_text()
        if IS_NEW:
            self.app = github.GithubIntegration(
                auth=github.Auth.AppAuth(int(APP_ID), key), base_url=BASE_URL,
                seconds_between_requests=0, seconds_between_writes=0)
        else:
            self.app = github.GithubIntegration(int(APP_ID), key, base_url=BASE_URL)

    def client(self, installation_id):
        if IS_NEW:
            return self.app.get_github_for_installation(installation_id, {"statuses": "write"})
        token = self.app.get_access_token(installation_id)
        left = token.expires_at - datetime.datetime.utcnow()
        self.assertLess(abs(left - datetime.timedelta(hours=1)), datetime.timedelta(minutes=1))
        return github.Github(token.token, base_url=BASE_URL)

    def test_posts_as_an_app(self):
        find = self.app.get_repo_installation if IS_NEW else self.app.get_installation
        installation = find("acme", "app")
        if IS_NEW:
            self.assertEqual([one.raw_data["account"]["login"] for one in self.app.get_installations()],
                             ["acme", "labs"])
            self.assertEqual(self.app.get_org_installation("acme").id, installation.id)
            self.assertEqual(self.app.get_app_installation(installation.id).id, installation.id)
        commit = self.client(installation.id).get_repo("acme/app").get_commit(SHA)
        for state in ("pending", "success"):
            self.assertEqual(commit.create_status(state, context="ci/argo").state, state)
        self.assertEqual(commit.get_combined_status().state, "success")
        with self.assertRaises(github.GithubException) as caught:
            commit.create_status("success", context="other")
        self.assertEqual(caught.exception.status, 403)

    @unittest.skipUnless(IS_NEW, "this version takes a refusal for an installation")
    def test_is_refused(self):
        with self.assertRaises(github.UnknownObjectException):
            self.app.get_repo_installation("other", "app")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
