#!/usr/bin/python3
"""Runs the shared test vectors against the driver of one client.

The driver is a program that reads commands as JSON lines and answers each with
a line; README.md describes both, and the format of the vectors. Between driver
and server stands a proxy that records each call and plays faults.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import sys
import threading
import time

import grpc

import matching
import messages
import programs
import proxy

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
# No proxy listens there, so a client that uses the one of the environment fails.
NO_HTTP_PROXY = {name: "http://127.0.0.1:9" for name in
                 ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "grpc_proxy")}
LONGEST_STEP = 30  # Seconds.
MOST_PROBLEMS = 5  # Shown of a vector.


class DriverError(Exception):
    """The driver ended, or hangs."""


class Driver:
    """The program under test."""

    def __init__(self, command):
        environment = {key: value for key, value in os.environ.items()
                       if key.lower() != "no_proxy"}
        self._process = subprocess.Popen(
            shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**environment, **NO_HTTP_PROXY}, start_new_session=True)
        self._unread = b""

    def do(self, step):
        try:
            self._process.stdin.write(json.dumps(step).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise DriverError("the driver ended") from None
        deadline = time.monotonic() + LONGEST_STEP
        output = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise DriverError(f"the driver did not answer within {LONGEST_STEP} s: {str(step)[:200]}")
            chunk = os.read(output, 1 << 16)
            if not chunk:
                raise DriverError(f"the driver ended at {str(step)[:200]}")
            self._unread += chunk
        line, self._unread = self._unread.split(b"\n", 1)
        return json.loads(line)

    def close(self):
        """The driver's exit code, after it has read the end of its input."""
        try:
            self._process.stdin.close()
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            return "a time-out"
        finally:
            self.kill()

    def kill(self):
        # With all that it has started: a driver may run under a launcher.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()


class Run:
    """One vector: its own proxy, its own repository."""

    def __init__(self, vector, driver, running):
        self.vector = vector
        self._driver = driver
        self._programs = running
        self._server = vector.get("server", "open")
        self._names = matching.Names(self._texts())
        self.repository = f"acme/{vector['name']}"

    def _texts(self):
        directory = self._programs.directory
        return {
            "$repository": f"acme/{self.vector['name']}",
            "$token": programs.TOKEN, "$reader_token": programs.READER_TOKEN,
            "$unix": self._programs.unix(self._server),
            "$direct": getattr(self._programs, self._server),
            **{f"${name}": f"{directory}/{name}.pem"
               for name in ("ca", "other_ca", "farm", "server")},
            "$farm_key": f"{directory}/farm.key",
        }

    def run(self):
        """The problems, a line each."""
        token = programs.TOKEN if self._server == "strict" else None
        self._reference = programs.Reference(self._programs.unix(self._server), token)
        self._proxy = proxy.Proxy(self._programs.unix(self._server),
                                  self._names.fill(self.vector.get("faults", [])),
                                  self._credentials())
        try:
            problems = []
            for index, step in enumerate(self._steps()):
                problems += [f"step {index} ({step['do']}): {problem}"
                             for problem in self._do(step)]
                if problems:
                    break
            return problems or self._check_calls() + self._check_statuses()
        finally:
            self._proxy.stop()
            self._reference.close()

    def _credentials(self):
        if not self.vector.get("proxy_tls"):
            return None
        files = [(self._programs.directory / name).read_bytes()
                 for name in ("server.key", "server.pem", "ca.pem")]
        return grpc.ssl_server_credentials([(files[0], files[1])], files[2], True)

    def _steps(self):
        options = {"address": f"127.0.0.1:{self._proxy.port}", **self.vector.get("connect", {})}
        yield {"do": "connect", "options": options,
               "expect": self.vector.get("connect_expect", {"ok": {}})}
        yield from self.vector.get("steps", [])

    def _do(self, step):
        step = self._with_defaults(self._names.fill(step))
        expect = step.pop("expect", {"ok": {}})
        if "reference" in step:
            answer = self._reference.call(step["reference"], step["request"])
            return self._names.problems(expect.get("ok", {}), answer)
        if step["do"] == "settle":
            self._reference.settle(self.repository, SHA)
            return []
        if step.get("do") == "watch" and expect == "$reference":
            expect = {"ok": {"changes": self._reference.changes(
                step["request"], step["changes"])}}
        during = threading.Thread(target=self._report_during, args=(step.pop("during", []),))
        during.start()
        answer = self._driver.do(step)
        during.join()
        return self._names.problems(expect, answer)

    def _report_during(self, calls):
        """Makes `calls` once a watch has got its first message."""
        deadline = time.monotonic() + LONGEST_STEP
        while calls and time.monotonic() < deadline:
            if any(c.method == "WatchStatuses" and c.passed for c in self._proxy.calls):
                for call in calls:
                    self._reference.call(call["reference"], self._request(call["request"]))
                return
            time.sleep(0.01)

    def _with_defaults(self, step):
        """The step, with a repository and a sha where a report needs them."""
        step = dict(step)
        if step["do"] in ("pending", "result", "run", "commit_status", "reference"):
            step["request"] = self._request(step.get("request", {}))
        if "reports" in step:
            step["reports"] = [
                {kind: self._request(request) for kind, request in report.items()}
                for report in step["reports"]]
        return step

    def _request(self, request):
        request = {"repository": self.repository, "sha": SHA, **request}
        return {key: value for key, value in request.items() if value is not None}

    def _check_calls(self):
        # A report that the proxy answered itself may come again, wherever.
        injected = any("answers" in fault for fault in self.vector.get("faults", []))
        problems = [] if injected else stream_problems(self._proxy.calls)
        if "calls" not in self.vector:
            return problems
        expected = self.vector["calls"]
        if isinstance(expected, list):
            expected = [self._expected_call(call) for call in expected]
        else:
            low, high, call = expected["$list"]
            expected = {"$list": [low, high, self._expected_call(call)]}
        return problems + self._names.problems(expected, shown_calls(self._proxy.calls), "calls")

    def _expected_call(self, call):
        call = self._names.fill(call)
        if call.get("method") in ("ReportPending", "ReportResult") and "request" in call:
            call["request"] = {"$exactly": self._request(call["request"])}
        return call

    def _check_statuses(self):
        if "statuses" not in self.vector:
            return []
        shown = self._reference.statuses(self.repository, SHA)
        expected = self.vector["statuses"]
        if sorted(shown) != sorted(expected):
            return [f"statuses: {sorted(shown)}, not {sorted(expected)}"]
        return self._names.problems(self._names.fill(expected), shown, "statuses")


def shown_calls(calls):
    """The calls as vectors name them; times are in seconds."""
    shown = []
    for before, call in zip([None, *calls], calls):
        each = {"method": call.method, "authorization": call.authorization,
                "request_id": call.request_id, "deadline": call.deadline,
                "lasted": (call.end or time.monotonic()) - call.begin}
        if before is not None:
            each["waited"] = call.begin - (before.end or call.begin)
        if call.method == "StreamReports":
            each["requests"] = len(call.requests)
            each["answered"] = len(call.answered)
            each["descriptions"] = [
                next(iter(_without_tag(request).values())).get("description", "")
                for request in call.requests]
            each["most_in_flight"] = call.most_in_flight
        elif call.requests:
            each["request"] = call.requests[0]
        shown.append(each)
    return shown


def stream_problems(calls):
    """What each client must keep when it sends the rest of a stream again."""
    problems = []
    unanswered = {}
    for call in calls:
        if call.method != "StreamReports":
            continue
        sent = _by_commit(call.requests)
        for commit, before in unanswered.items():
            if sent.get(commit, [])[:len(before)] != before:
                problems.append(f"of {commit}, a new stream does not begin with the reports "
                                "that were not answered, in their order")
        tags = [request.get("tag", 0) for request in call.requests]
        if len(set(tags)) != len(tags):
            problems.append("two reports of a stream have one tag")
        unanswered = _by_commit(
            request for request in call.requests
            if request.get("tag", 0) not in call.answered)
    return problems


def _by_commit(requests):
    """The reports of a stream for each commit, without their tags."""
    commits = {}
    for request in requests:
        report = _without_tag(request)
        fields = report.get("pending") or report.get("result")
        commits.setdefault((fields["repository"], fields["sha"]), []).append(report)
    return commits


def _without_tag(request):
    return {key: value for key, value in request.items() if key != "tag"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", default=pathlib.Path(__file__).with_name("vectors.json"))
    parser.add_argument("--driver", required=True, help="the command of the driver")
    parser.add_argument("--only", default="", help="run the vectors whose names match")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    vectors = [vector for vector in json.loads(pathlib.Path(arguments.vectors).read_text())
               if re.search(arguments.only, vector["name"])]
    # Also at a time-out of the test, no program is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.closing(programs.Programs(os.environ["SIGNALBOX_BIN_DIR"])) as running:
        failed = run_all(vectors, arguments, running)
    print(f"{len(vectors)} vectors, {failed} failed")
    return 1 if failed or not vectors else 0


def run_all(vectors, arguments, running):
    """How many failed; a driver that does not end well counts as one."""
    failed = 0
    driver = Driver(arguments.driver)
    try:
        for vector in vectors:
            begin = time.monotonic()
            try:
                problems = Run(vector, driver, running).run()
            except DriverError as error:
                problems = [str(error)]
                driver.kill()
                driver = Driver(arguments.driver)
            failed += bool(problems)
            if problems or arguments.verbose:
                print(f"{'FAILED' if problems else 'ok    '} {time.monotonic() - begin:6.2f} s "
                      f"{vector['name']}: {vector.get('why', '')}", flush=True)
            for problem in problems[:MOST_PROBLEMS]:
                print(f"         {problem}", flush=True)
        if code := driver.close():
            print(f"FAILED: the driver ended with {code}")
            failed += 1
    finally:
        driver.kill()
    return failed


if __name__ == "__main__":
    sys.exit(main())
