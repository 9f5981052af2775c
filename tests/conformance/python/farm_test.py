#!/usr/bin/python3
"""A farm in Python: stubs generated from the proto, and Debian's grpcio."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

BIN = os.environ["SIGNALBOX_BIN_DIR"]
SOURCE = os.environ["SIGNALBOX_SOURCE_DIR"]
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

generated = tempfile.TemporaryDirectory()
subprocess.run(
    ["protoc", "-I", f"{SOURCE}/proto", f"--python_out={generated.name}",
     f"--grpc_out={generated.name}",
     "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
     "signalbox/v1/status_service.proto"], check=True)
sys.path.insert(0, generated.name)

import grpc  # noqa: E402
from google.protobuf import duration_pb2  # noqa: E402
from signalbox.v1 import status_service_pb2 as v1  # noqa: E402
from signalbox.v1 import status_service_pb2_grpc as v1_grpc  # noqa: E402


class FarmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.server = subprocess.Popen(
            [f"{BIN}/signalbox-server", "--listen", "127.0.0.1:0",
             "--web-listen", "127.0.0.1:0", "--data-dir", f"{cls.directory.name}/data"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={"PATH": os.environ["PATH"]})
        address = cls.server.stdout.readline().split()[-1]
        cls.channel = grpc.insecure_channel(address)
        cls.stub = v1_grpc.StatusServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.terminate()
        assert cls.server.wait(timeout=15) == 0
        cls.server.stdout.close()
        cls.directory.cleanup()

    def error(self, method, request):
        with self.assertRaises(grpc.RpcError) as caught:
            method(request, timeout=10)
        trailers = dict(caught.exception.trailing_metadata())
        return caught.exception.code(), trailers.get("signalbox-reason")

    def test_pending_then_result(self):
        pending = self.stub.ReportPending(v1.ReportPendingRequest(
            repository="acme/app", sha=SHA, contexts=["ci/build", "ci/lint"], attempt=3,
            expires_after=duration_pb2.Duration(seconds=3600)), timeout=10)
        self.assertEqual([r.context for r in pending.receipts], ["ci/build", "ci/lint"])
        self.assertEqual({r.disposition for r in pending.receipts}, {v1.DISPOSITION_ACCEPTED})
        result = self.stub.ReportResult(v1.ReportResultRequest(
            repository="acme/app", sha=SHA, context="ci/build", attempt=3,
            result="RESULT_SUCCESS", description="gr\u00fcn"), timeout=10)
        self.assertEqual(result.receipt.disposition, v1.DISPOSITION_ACCEPTED)
        commit = self.stub.GetCommitStatus(
            v1.GetCommitStatusRequest(repository="ACME/App", sha=SHA.upper()), timeout=10)
        self.assertEqual(commit.state, v1.COMMIT_STATE_PENDING)
        build = commit.statuses[0]
        self.assertEqual((build.context, build.state, build.description),
                         ("ci/build", v1.COMMIT_STATE_SUCCESS, "gr\u00fcn"))

    def test_the_worse_of_two_results_stays(self):
        request = v1.ReportResultRequest(
            repository="acme/other", sha=SHA, attempt=1, result="RESULT_FAILURE")
        first = self.stub.ReportResult(request, timeout=10).receipt
        again = self.stub.ReportResult(request, timeout=10).receipt
        self.assertEqual((again.disposition, again.sequence), (v1.DISPOSITION_UNCHANGED, first.sequence))
        request.result = v1.RESULT_SUCCESS
        better = self.stub.ReportResult(request, timeout=10).receipt
        self.assertEqual((better.disposition, better.sequence),
                         (v1.DISPOSITION_SUPERSEDED, first.sequence))

    def test_a_context_may_have_any_letters(self):
        context = "Tests \u00bb \u0421\u0431\u043e\u0440\u043a\u0430 \u65e5\u672c"
        receipt = self.stub.ReportResult(v1.ReportResultRequest(
            repository="acme/letters", sha=SHA, context=context, result="RESULT_SUCCESS"),
            timeout=10).receipt
        self.assertEqual(receipt.context, context)
        commit = self.stub.GetCommitStatus(
            v1.GetCommitStatusRequest(repository="acme/letters", sha=SHA), timeout=10)
        self.assertEqual([s.context for s in commit.statuses], [context])

    def test_bad_input(self):
        for request, reason in [
                (v1.ReportResultRequest(repository="acme", sha=SHA, result=1),
                 "INVALID_REPOSITORY"),
                (v1.ReportResultRequest(repository="acme/app", sha="main", result=1),
                 "INVALID_SHA"),
                (v1.ReportResultRequest(repository="acme/app", sha=SHA), "INVALID_RESULT"),
                (v1.ReportResultRequest(repository="acme/app", sha=SHA, result=99),
                 "INVALID_RESULT"),
                (v1.ReportResultRequest(repository="acme/app", sha=SHA, result=1, attempt=-1),
                 "INVALID_ATTEMPT"),
                (v1.ReportResultRequest(repository="acme/app", sha=SHA, result=1,
                                        context="x" * 256), "INVALID_CONTEXT"),
                (v1.ReportResultRequest(repository="acme/app", sha=SHA, result=1,
                                        context="\U0001f680"), "INVALID_CONTEXT"),
                (v1.ReportResultRequest(repository="acme/app", sha=SHA, result=1,
                                        series="nightly"), "INVALID_SERIES"),
        ]:
            self.assertEqual(self.error(self.stub.ReportResult, request),
                             (grpc.StatusCode.INVALID_ARGUMENT, reason))

    def test_errors_carry_error_info(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.stub.ReportResult(v1.ReportResultRequest(
                repository="acme/app", sha="gr\u00fcn", result=1), timeout=10)
        trailers = dict(raised.exception.trailing_metadata())
        # Google's own messages, of which Debian has the Ruby.
        shown = json.loads(subprocess.run(
            ["ruby", "-rjson", "-rgoogle/rpc/status_pb", "-rgoogle/rpc/error_details_pb",
             "-rgoogle/protobuf/well_known_types",
             "-e", """status = Google::Rpc::Status.decode(STDIN.binmode.read)
                      info = status.details.fetch(0).unpack(Google::Rpc::ErrorInfo)
                      puts({code: status.code, message: status.message,
                            count: status.details.size, reason: info.reason,
                            domain: info.domain, metadata: info.metadata.to_h}.to_json)"""],
            input=trailers["grpc-status-details-bin"], capture_output=True, check=True).stdout)
        self.assertEqual(shown, {
            "code": 3, "message": raised.exception.details(), "count": 1,
            "reason": "INVALID_SHA", "domain": "signalbox.dev", "metadata": {}})

    def test_too_large_a_request(self):
        code, _ = self.error(self.stub.ReportResult, v1.ReportResultRequest(
            repository="acme/app", sha=SHA, result=1, description="x" * (300 << 10)))
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_health(self):
        health = self.channel.unary_unary("/grpc.health.v1.Health/Check")
        # HealthCheckResponse{status: SERVING}, by hand: no package has its stubs.
        self.assertEqual(health(b"", timeout=10), b"\x08\x01")

    def test_watches_statuses(self):
        def report(context):
            return self.stub.ReportResult(v1.ReportResultRequest(
                repository="acme/watched", sha=SHA, context=context, result="RESULT_FAILURE"),
                timeout=10).receipt.sequence

        request = v1.WatchStatusesRequest(
            repositories=["ACME/wat*"], contexts=["ci/*"], states=["COMMIT_STATE_FAILURE"])
        watched = self.stub.WatchStatuses(request, timeout=30)
        bookmark = next(watched)
        self.assertEqual(bookmark, v1.WatchStatusesResponse(sequence=bookmark.sequence))
        began_after = bookmark.sequence
        report("deploy")
        sequence = report("ci/a")
        change = next(watched)
        watched.cancel()
        self.assertLess(began_after, sequence)
        self.assertEqual(
            (change.sequence, change.repository, change.sha, change.status.context,
             change.status.result),
            (sequence, "acme/watched", SHA, "ci/a", v1.RESULT_FAILURE))
        request.after_sequence = began_after
        again = self.stub.WatchStatuses(request, timeout=30)
        self.assertEqual(next(again), bookmark)
        self.assertEqual(next(again), change)
        again.cancel()
        request.after_sequence = 1 << 40
        with self.assertRaises(grpc.RpcError) as raised:
            next(self.stub.WatchStatuses(request, timeout=30))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.OUT_OF_RANGE)

    def test_streams_reports(self):
        def requests():
            for tag in range(50):
                yield v1.StreamReportsRequest(tag=tag, result=v1.ReportResultRequest(
                    repository="acme/stream", sha="main" if tag == 7 else SHA,
                    context=f"ci/{tag}", result="RESULT_SUCCESS"))
            yield v1.StreamReportsRequest(tag=50, pending=v1.ReportPendingRequest(
                repository="acme/stream", sha=SHA, contexts=["ci/a", "ci/b"]))

        answers = {a.tag: a for a in self.stub.StreamReports(requests(), timeout=30)}
        self.assertEqual(sorted(answers), list(range(51)))
        self.assertEqual([t for t, a in answers.items() if a.code], [7])
        self.assertEqual(answers[7].code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        self.assertEqual([r.context for r in answers[50].receipts], ["ci/a", "ci/b"])
        commit = self.stub.GetCommitStatus(
            v1.GetCommitStatusRequest(repository="acme/stream", sha=SHA), timeout=10)
        self.assertEqual({s.context for s in commit.statuses},
                         {r.context for a in answers.values() for r in a.receipts})

    def test_tells_of_events(self):
        self.assertEqual(self.error(self.stub.ReportEvent, v1.ReportEventRequest())[0],
                         grpc.StatusCode.INVALID_ARGUMENT)
        event = v1.ReportEventRequest(
            delivery=v1.Delivery(id="event-1", event="repository"),
            repository_archived=v1.RepositoryArchived(
                repository="acme/app", repository_id=7, archived=True))
        for _ in range(2):
            self.assertEqual(self.stub.ReportEvent(event, timeout=10),
                             v1.ReportEventResponse())

    def test_explains_and_retries(self):
        sha = "e" * 40
        self.stub.ReportPending(v1.ReportPendingRequest(
            repository="acme/app", sha=sha, contexts=["ci/build"], attempt=1))
        self.stub.ReportResult(v1.ReportResultRequest(
            repository="acme/app", sha=sha, attempt=1, result="RESULT_SUCCESS"))
        why = self.stub.ExplainStatus(v1.ExplainStatusRequest(
            repository="acme/app", sha=sha))
        self.assertEqual([r.attempt for r in why.reports], [1, 1])
        self.assertNotEqual(why.next_step, "")
        retried = self.stub.RetryPost(v1.RetryPostRequest(
            repository="acme/app", sha=sha))
        self.assertEqual(retried.status.context, "ci/build")


if __name__ == "__main__":
    unittest.main()
