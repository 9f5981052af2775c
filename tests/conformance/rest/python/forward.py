"""PyGithub keeps its GitHub token, and uses Signalbox's address for everything.

    forward.py BASE_URL TOKEN SHA    of a commit of acme/app at GitHub, which has
                                     25 pull requests and a hook
"""

import sys
import unittest

import github

BASE_URL, TOKEN, SHA = sys.argv[1:4]


def connect():
    terms = {"base_url": BASE_URL, "per_page": 10}
    if hasattr(github, "Auth"):
        # Newer versions wait a second between writes.
        terms.update(auth=github.Auth.Token(TOKEN), seconds_between_requests=0,
                     seconds_between_writes=0)
    else:
        terms.update(login_or_token=TOKEN)
    return github.Github(**terms)


class ForwardTest(unittest.TestCase):
    def setUp(self):
        self.repository = connect().get_repo("acme/app")

    def test_reads_at_github(self):
        self.assertEqual(self.repository.url, f"{BASE_URL}/repos/acme/app")
        self.assertEqual(self.repository.html_url, "https://github.com/acme/app")
        # PyGithub refuses a link that does not begin with its own address.
        pull_requests = list(self.repository.get_pulls())
        self.assertEqual(len({one.number for one in pull_requests}), 25)
        (hook,) = self.repository.get_hooks()
        self.assertEqual(self.repository.get_hook(hook.id).url, hook.url)
        with self.assertRaises(github.UnknownObjectException):
            self.repository.get_pull(1000)

    def test_posts_through_signalbox(self):
        commit = self.repository.get_commit(SHA)
        self.assertEqual(commit.url, f"{BASE_URL}/repos/acme/app/commits/{SHA}")
        status = commit.create_status("success", context="ci/lint")
        self.assertGreater(status.id, 1 << 52)
        self.assertEqual([one.id for one in commit.get_statuses()], [status.id])
        self.assertEqual(commit.get_combined_status().state, "success")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
