#!/usr/bin/env python3
"""Shows the main job at the simulator: a pull request is opened, a sample build
reports, and the timeline of what GitHub shows is printed as it happens."""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

REPOSITORY = "demo/hello"
SAMPLE_BUILD = "sleep 1; echo '   compiling hello.c'; sleep 1; echo '   12 tests passed'"
COLOURS = {"pending": "33", "success": "32", "failure": "31", "error": "31"}


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def coloured(state):
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return state
    return f"\033[1;{COLOURS.get(state, '0')}m{state}\033[0m"


class Timeline(threading.Thread):
    """Prints every status that the simulator creates, until one is final."""

    def __init__(self, github, after):
        super().__init__(daemon=True)
        self.github = github
        self.after = after
        self.start_time = time.monotonic()
        self.sha = None
        self.states = []

    def say(self, text):
        print(f"{time.monotonic() - self.start_time:6.2f} s  {text}", flush=True)

    def run(self):
        while not self.states or self.states[-1] == "pending":
            answer = call(f"{self.github}/_simulator/events?after={self.after}&wait=10")
            self.after = answer["next"]
            for event in answer["events"]:
                if event["repository"].lower() != REPOSITORY:
                    continue
                self.states.append(event["state"])
                self.say(f"GitHub shows  {coloured(event['state'])}  "
                         f"{event['context']}  {event['description'] or ''}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--github", default="http://127.0.0.1:8180", help="URL of the simulator")
    parser.add_argument("--webhook-url", default="http://127.0.0.1:4567/event_handler")
    parser.add_argument("--server", default="127.0.0.1:50051")
    parser.add_argument("--signalbox", default="build/bin/signalbox", help="path of the CLI")
    arguments = parser.parse_args()

    after = call(f"{arguments.github}/_simulator/events?after=0&wait=0")["next"]
    timeline = Timeline(arguments.github, after)
    timeline.start()
    delivery = call(f"{arguments.github}/_simulator/webhooks", {
        "event": "pull_request", "action": "opened", "repository": REPOSITORY,
        "title": "Say hello", "url": arguments.webhook_url})
    timeline.say(f"webhook       pull_request opened -> {delivery['status']}")
    if delivery["status"] != 202:
        sys.exit(f"the shim answered {delivery['status']}: {delivery['body']}")

    # Reports as the guide shows it: no numbers, the default context. It begins
    # a moment later, as farms do.
    time.sleep(1)
    timeline.say("build         signalbox run -- make test")
    build = subprocess.run(
        [arguments.signalbox, "run", "--server", arguments.server,
         "--repository", REPOSITORY, "--sha", delivery["sha"], "--attempt", "0",
         "--", "sh", "-c", SAMPLE_BUILD], check=False)
    timeline.join(timeout=15)
    if build.returncode != 0 or timeline.states[-1:] != ["success"]:
        sys.exit(f"GitHub showed {timeline.states}; wanted success as the last state")


if __name__ == "__main__":
    main()
