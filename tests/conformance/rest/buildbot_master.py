"""The configuration of a Buildbot master that builds one commit, once.

Takes from the environment: DOOR (the base URL), TOKEN, REPOSITORY, SHA.
"""

import os

from buildbot.plugins import reporters, steps, util, worker
from buildbot.process.buildstep import BuildStep
from buildbot.schedulers.base import ReconfigurableBaseScheduler
from twisted.internet import defer

BUILDERS = ("passes", "fails", "breaks")


class Once(ReconfigurableBaseScheduler):
    """Starts all builders as soon as the master runs."""

    @defer.inlineCallbacks
    def activate(self):
        yield super().activate()
        yield self.addBuildsetForSourceStamps(
            sourcestamps=[{
                "codebase": "", "repository": f"https://github.com/{os.environ['REPOSITORY']}",
                "branch": "main", "revision": os.environ["SHA"],
                "project": os.environ["REPOSITORY"]}],
            waited_for=False, reason="once")


class Broken(BuildStep):
    def run(self):
        raise RuntimeError("the step is broken")


def step_of(builder):
    if builder == "breaks":
        return Broken()
    return steps.ShellCommand(command=["true" if builder == "passes" else "false"])


BuildmasterConfig = {
    "title": "conformance",
    "buildbotURL": "https://ci.example/",
    "buildbotNetUsageData": None,
    "protocols": {"null": {}},
    "workers": [worker.LocalWorker("local")],
    "schedulers": [Once(name="once", builderNames=list(BUILDERS))],
    "builders": [
        util.BuilderConfig(name=name, workernames=["local"],
                           factory=util.BuildFactory([step_of(name)]))
        for name in BUILDERS],
    "services": [reporters.GitHubStatusPush(
        token=os.environ["TOKEN"], baseURL=os.environ["DOOR"],
        context=util.Interpolate("ci/buildbot/%(prop:buildername)s"))],
}
