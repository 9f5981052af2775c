"""What a client for GitHub's API, written in Python, must be able to do through
Signalbox. GitHub (the simulator) must then show what the client said.

A program for one client has a class with the methods of Client below, and calls
`run` with it. Its arguments are BASE_URL TOKEN SIMULATOR_URL: the door without
/api/v3, a caller's token, and the address of the simulator.
"""

import hashlib
import json
import sys
import time
import unittest
import urllib.request
from dataclasses import dataclass, field

REPOSITORY = "acme/app"  # The only one that the caller may report for.
STATES = ("pending", "success", "failure", "error")
# Who creates statuses: a bot, until Signalbox has posted for the first time and
# knows GitHub's user.
CREATORS = ("signalbox", "user-1")


@dataclass
class Status:
    """A status as the client has read it."""

    id: int
    state: str
    context: str
    description: str | None
    target_url: str | None
    # It may change from one answer to the next: see CREATORS.
    creator: str = field(compare=False)


class Client:
    """One client, which uses its library as its users do."""

    def __init__(self, base_url, token):
        raise NotImplementedError

    def create(self, repository, sha, state, context, description=None, target_url=None):
        """Creates a status; returns it as Status. What is None is not sent."""
        raise NotImplementedError

    def statuses(self, repository, sha):
        """All statuses of a commit, newest first, by the client's own paging."""
        raise NotImplementedError

    def combined(self, repository, sha):
        """The combined state, and the contexts of the statuses beside it."""
        raise NotImplementedError

    def code(self, error):
        """The HTTP code in an exception of the library; None: another one."""
        raise NotImplementedError


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data, timeout=90) as answer:
        return json.load(answer)


class Contract(unittest.TestCase):
    # `run` sets these.
    make = base_url = token = simulator = None

    def setUp(self):
        self.client = self.make(self.base_url, self.token)
        # Of its own for each test and program.
        self.sha = hashlib.sha1(f"{sys.argv} {self.id()}".encode()).hexdigest()
        ask(f"{self.simulator}/_simulator/repositories",
            {"full_name": REPOSITORY, "commits": [self.sha]})

    def create(self, state, context, **texts):
        return self.client.create(REPOSITORY, self.sha, state, context, **texts)

    def at_github(self, wanted):
        """What GitHub shows, by context, once it has these states."""
        end = time.monotonic() + 60
        events = 0
        while True:
            shown = ask(f"{self.simulator}/_simulator/statuses"
                        f"?repository={REPOSITORY}&sha={self.sha}")["shown"]
            by_context = {row["context"]: row for row in shown}
            states = {name: row["state"] for name, row in by_context.items()}
            if states == wanted:
                return by_context
            self.assertLess(time.monotonic(), end, f"{states} instead of {wanted}")
            events = ask(f"{self.simulator}/_simulator/events?after={events}&wait=2")["next"]

    def refused(self, code, *args, client=None):
        with self.assertRaises(Exception) as caught:
            (client or self.client).create(*args)
        self.assertEqual(self.client.code(caught.exception), code, repr(caught.exception))

    def test_creates_the_four_states(self):
        for state in STATES:
            link = f"https://ci.example/{state}?a=1&b=2"
            made = self.create(state, f"ci/{state}", description=f"is {state}", target_url=link)
            self.assertEqual(
                (made.state, made.context, made.description, made.target_url),
                (state, f"ci/{state}", f"is {state}", link))
            self.assertIn(made.creator, CREATORS)
        rows = self.at_github({f"ci/{state}": state for state in STATES})
        for state in STATES:
            row = rows[f"ci/{state}"]
            self.assertEqual((row["description"], row["target_url"]),
                             (f"is {state}", f"https://ci.example/{state}?a=1&b=2"))

    def test_shows_the_newest(self):
        for state in ("pending", "failure", "success"):
            self.create(state, "ci/build")
        self.at_github({"ci/build": "success"})
        self.assertEqual([status.state for status in self.client.statuses(REPOSITORY, self.sha)],
                         ["success", "failure", "pending"])

    def test_a_repeat_has_the_same_id(self):
        first = self.create("success", "ci/build", description="a")
        self.assertEqual(self.create("success", "ci/build", description="a").id, first.id)
        second = self.create("success", "ci/build", description="b")
        self.assertGreater(second.id, first.id)
        # Programs in JavaScript and jq lose digits of larger numbers.
        self.assertLess(second.id, 1 << 53)
        self.assertEqual([status.id for status in self.client.statuses(REPOSITORY, self.sha)],
                         [second.id, first.id])

    def test_fits_texts(self):
        long = self.create("success", "ci/long", description="\u00e9" * 300)
        self.assertEqual(len(long.description), 140)
        rocket = self.create("failure", "ci/Tests \u00bb \u0421\u0431\u043e\u0440\u043a\u0430",
                             description="\U0001f680 to the moon")
        self.assertTrue(rocket.description.endswith(" to the moon"), rocket.description)
        rows = self.at_github({"ci/long": "success", rocket.context: "failure"})
        for status in (long, rocket):
            self.assertEqual(rows[status.context]["description"], status.description)

    def test_lists_and_combines(self):
        self.assertEqual(self.client.statuses(REPOSITORY, self.sha), [])
        self.assertEqual(self.client.combined(REPOSITORY, self.sha), ("pending", []))
        made = [self.create(state, f"ci/{state}", description="d") for state in STATES]
        listed = self.client.statuses(REPOSITORY, self.sha)
        self.assertEqual(listed, made[::-1])
        state, contexts = self.client.combined(REPOSITORY, self.sha)
        self.assertEqual((state, sorted(contexts)),
                         ("failure", sorted(f"ci/{state}" for state in STATES)))

    def test_pages_over_31_contexts(self):
        wanted = {f"ci/{i}": STATES[i % 4] for i in range(31)}
        for context, state in wanted.items():
            self.create(state, context)
        listed = self.client.statuses(REPOSITORY, self.sha)
        self.assertEqual([status.context for status in listed], list(wanted)[::-1])
        self.at_github(wanted)

    def test_is_refused_as_by_github(self):
        for state, context, code in (("done", "ci/build", 422), ("success", "c" * 256, 422),
                                     ("success", "not-granted", 403)):
            with self.subTest(code=code, state=state, context=context):
                self.refused(code, REPOSITORY, self.sha, state, context)
        self.refused(422, REPOSITORY, "0123456", "success", "ci/build")
        self.refused(404, "other/app", self.sha, "success", "ci/build")
        stranger = self.make(self.base_url, "unknown")
        self.refused(401, REPOSITORY, self.sha, "success", "ci/build", client=stranger)
        self.assertEqual(self.client.statuses(REPOSITORY, self.sha), [])


def run(client):
    """Runs the tests with a subclass of Client."""
    Contract.make = staticmethod(client)
    Contract.base_url, Contract.token, Contract.simulator = sys.argv[1:4]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Contract)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
