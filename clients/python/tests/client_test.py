#!/usr/bin/env python3
"""What the shared vectors cannot say: this package's own ways.

The server is a fake in this process, so that it can be silent.
"""

import concurrent.futures
import datetime
import logging
import pathlib
import tempfile
import threading
import unittest

import grpc
import signalbox
from signalbox import _types, _watch
from signalbox.v1 import status_service_pb2 as v1
from signalbox.v1 import status_service_pb2_grpc as v1_grpc

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"


class FakeServer(v1_grpc.StatusServiceServicer):
    """Accepts every report; a test replaces what it needs otherwise."""

    def __init__(self):
        self.requests = []
        self.watches = 0
        self.silent = threading.Event()  # Set: streams answer nothing.
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(16))
        v1_grpc.add_StatusServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self):
        self._server.stop(0).wait()

    def ReportPending(self, request, context):
        self.requests.append(request)
        return v1.ReportPendingResponse(receipts=[
            v1.Receipt(context=c, sequence=1, disposition="DISPOSITION_ACCEPTED")
            for c in request.contexts])

    def ReportResult(self, request, context):
        self.requests.append(request)
        if request.description == "refuse":
            context.abort(grpc.StatusCode.INTERNAL, "refused")
        return v1.ReportResultResponse(receipt=v1.Receipt(context=request.context))

    def StreamReports(self, requests, context):
        for request in requests:
            self.requests.append(request)
            if not self.silent.is_set():
                yield v1.StreamReportsResponse(
                    tag=request.tag, receipts=[v1.Receipt(context=request.result.context)])

    def WatchStatuses(self, request, context):
        self.watches += 1
        ended = threading.Event()
        context.add_callback(ended.set)
        yield v1.WatchStatusesResponse(sequence=self.watches)
        if self.watches > 1:
            yield v1.WatchStatusesResponse(
                sequence=9, repository="acme/widgets", sha=SHA,
                status=v1.CommitStatus(context="ci/build", state="COMMIT_STATE_SUCCESS"))
        ended.wait(30)


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.server = FakeServer()
        self.addCleanup(self.server.stop)
        self.client = self.connect()

    def connect(self, **options):
        client = signalbox.connect(self.server.address, **options)
        self.addCleanup(client.close)
        return client

    def test_durations_may_be_timedeltas(self):
        client = self.connect(retry_for=datetime.timedelta(seconds=5),
                              try_timeout=datetime.timedelta(seconds=3))
        client.pending("acme/widgets", SHA, ["ci/build"],
                       expires_after=datetime.timedelta(hours=1, milliseconds=1))
        expires_after = self.server.requests[0].expires_after
        self.assertEqual((expires_after.seconds, expires_after.nanos), (3600, 1000000))
        for wrong in (-1, float("nan"), datetime.timedelta(seconds=-1)):
            with self.assertRaises(signalbox.SignalboxError):
                signalbox.connect(retry_for=wrong)

    def test_a_result_may_be_a_name(self):
        self.client.result("acme/widgets", SHA, "TIMED_OUT")
        self.client.result("acme/widgets", SHA, signalbox.Result.TIMED_OUT)
        self.assertEqual([r.result for r in self.server.requests], [v1.RESULT_TIMED_OUT] * 2)
        with self.assertRaises(signalbox.SignalboxError) as raised:
            self.client.result("acme/widgets", SHA, "success")
        self.assertEqual(raised.exception.code, "INVALID_ARGUMENT")

    # A string is an iterable of its letters.
    def test_a_text_is_no_list_of_texts(self):
        with self.assertRaises(signalbox.SignalboxError):
            self.client.pending("acme/widgets", SHA, "ci/build")
        with self.assertRaises(signalbox.SignalboxError):
            self.client.watch("acme/*")
        with self.assertRaises(signalbox.SignalboxError):
            self.client.watch(contexts="ci/*")

    def test_errors_say_what_happened(self):
        error = signalbox.SignalboxError("NOT_FOUND", "no such commit", "UNKNOWN_COMMIT")
        self.assertEqual(str(error), "NOT_FOUND (UNKNOWN_COMMIT): no such commit")
        self.assertEqual(str(signalbox.SignalboxError("NOT_FOUND", "no such commit")),
                         "NOT_FOUND: no such commit")

    def test_a_closed_client_ends_its_streams(self):
        self.server.silent.set()
        threads = threading.active_count()
        client = self.connect()
        busy, idle = client.reports(), client.reports()
        future = busy.result("acme/widgets", SHA, "SUCCESS")
        watch = client.watch()
        client.close()
        with self.assertRaises(signalbox.SignalboxError) as raised:
            future.result(10)
        self.assertEqual(raised.exception.code, "CANCELLED")
        self.assertTrue(raised.exception.may_have_been_accepted)
        self.assertEqual(list(watch), [])
        busy.close()
        idle.close()
        self.assertLessEqual(threading.active_count(), threads + 1)  # The server's own.

    # Nothing was sent, so the report was certainly not accepted.
    def test_a_closed_client_refuses_calls(self):
        stream = self.client.reports()
        self.client.close()
        for call in (lambda: self.client.result("acme/widgets", SHA, "SUCCESS"),
                     lambda: stream.result("acme/widgets", SHA, "SUCCESS"),
                     self.client.is_serving, self.client.reports, self.client.watch):
            with self.assertRaises(signalbox.SignalboxError) as raised:
                call()
            self.assertEqual(raised.exception.code, "INVALID_ARGUMENT")
            self.assertFalse(raised.exception.may_have_been_accepted)

    # A connection can be lost without a sign: then only time tells.
    def test_a_silent_stream_is_given_up(self):
        self.server.silent.set()
        client = self.connect(try_timeout=0.2, retry_for=0.5)
        with client.reports() as stream:
            future = stream.result("acme/widgets", SHA, "SUCCESS")
        with self.assertRaises(signalbox.SignalboxError) as raised:
            future.result(0)
        self.assertEqual(raised.exception.code, "DEADLINE_EXCEEDED")
        self.assertTrue(raised.exception.may_have_been_accepted)
        self.assertGreaterEqual(len(self.server.requests), 2)

    # An idle stream is not a silent one.
    def test_an_idle_stream_goes_on(self):
        client = self.connect(try_timeout=0.1)
        stream = client.reports()
        stream.result("acme/widgets", SHA, "SUCCESS").result(10)
        threading.Event().wait(0.3)
        stream.result("acme/widgets", SHA, "SUCCESS").result(10)
        self.assertEqual([r.tag for r in self.server.requests], [1, 2])
        stream.close()

    def test_a_full_stream_blocks(self):
        self.server.silent.set()
        client = self.connect(try_timeout=0.2, retry_for=0)
        stream = client.reports(max_in_flight=1)
        first = stream.result("acme/widgets", SHA, "SUCCESS", "1")
        second = stream.result("acme/gadgets", SHA, "SUCCESS", "2")
        self.assertTrue(first.done())
        stream.close()
        self.assertTrue(second.done())

    def test_a_silent_watch_goes_on_over_a_new_stream(self):
        silence, _watch.LONGEST_SILENCE = _watch.LONGEST_SILENCE, 0.2
        self.addCleanup(setattr, _watch, "LONGEST_SILENCE", silence)
        with self.client.watch(["acme/*"]) as watch:
            self.assertIsNone(watch.sequence)
            change = next(watch)
            self.assertEqual((change.sequence, change.status.context, change.status.state),
                             (9, "ci/build", signalbox.CommitState.SUCCESS))
            self.assertEqual(watch.sequence, 9)
        self.assertEqual(self.server.watches, 2)

    def test_another_thread_can_close_a_watch(self):
        watch = self.client.watch()
        closer = threading.Timer(0.1, watch.close)
        closer.start()
        self.assertEqual(list(watch), [])
        closer.join()


class RunTest(unittest.TestCase):
    def setUp(self):
        self.server = FakeServer()
        self.addCleanup(self.server.stop)
        self.client = signalbox.connect(self.server.address, retry_for=0)
        self.addCleanup(self.client.close)
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def run_with(self, exception):
        with self.assertRaises(type(exception)) as raised:
            with self.client.run("acme/widgets", SHA, "ci/build"):
                raise exception
        return self.server.requests[-1], raised.exception

    def test_an_interrupt_is_an_error(self):
        result, _ = self.run_with(KeyboardInterrupt())
        self.assertEqual((result.result, result.description),
                         (v1.RESULT_ERROR, "KeyboardInterrupt"))

    def test_an_exit_is_an_error(self):
        result, _ = self.run_with(SystemExit("stopped"))
        self.assertEqual((result.result, result.description), (v1.RESULT_ERROR, "stopped"))

    def test_the_error_of_the_report_is_a_note_of_the_exception(self):
        _, exception = self.run_with(ValueError("refuse"))
        self.assertEqual(str(exception), "refuse")
        if hasattr(exception, "add_note"):
            self.assertIn("INTERNAL", exception.__notes__[0])

    def test_the_run_has_the_receipts(self):
        with self.client.run("acme/widgets", SHA, "ci/build") as run:
            self.assertEqual(run.receipt.disposition, signalbox.Disposition.ACCEPTED)
        self.assertEqual(run.receipt.context, "ci/build")


class FilesTest(unittest.TestCase):
    def test_files_of_tls(self):
        with self.assertRaises(signalbox.SignalboxError) as raised:
            signalbox.connect("127.0.0.1:1", tls=True, ca_file="/nowhere/ca.pem")
        self.assertEqual(raised.exception.code, "NOT_FOUND")
        self.assertIn("/nowhere/ca.pem", raised.exception.message)
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "ca.pem")
            file.write_text("no certificate")
            for files in ({"ca_file": str(file)},
                          {"cert_file": str(file), "key_file": str(file)}):
                with self.assertRaises(signalbox.SignalboxError) as raised:
                    signalbox.connect("127.0.0.1:1", tls=True, **files)
                self.assertEqual(raised.exception.code, "INVALID_ARGUMENT")
                self.assertIn(str(file), raised.exception.message)

    def test_a_unix_socket_has_no_tls(self):
        with self.assertRaises(signalbox.SignalboxError):
            signalbox.connect("unix:/run/signalbox/grpc.sock", tls=True)


class TypesTest(unittest.TestCase):
    def test_the_enums_are_those_of_the_proto(self):
        for ours in (signalbox.Result, signalbox.Disposition, signalbox.CommitState,
                     signalbox.PostingState):
            theirs = v1.DESCRIPTOR.enum_types_by_name[ours.__name__]
            prefix = theirs.values_by_number[0].name[:-len("UNSPECIFIED")]
            self.assertEqual({member.name: member.value for member in ours},
                             {v.name[len(prefix):]: v.number for v in theirs.values})

    # A newer server may know more words.
    def test_an_unknown_word_keeps_its_number(self):
        self.assertEqual(signalbox.Result(99), 99)
        self.assertEqual(signalbox.Result(99).name, "UNKNOWN_99")

    def test_no_member_of_a_receipt_is_missing(self):
        for ours, theirs in ((signalbox.Receipt, v1.Receipt),
                             (signalbox.CommitStatus, v1.CommitStatus),
                             (signalbox.Posting, v1.Posting)):
            self.assertEqual(set(ours.__dataclass_fields__),
                             set(theirs.DESCRIPTOR.fields_by_name))

    def test_times_are_in_utc(self):
        message = v1.Receipt()
        message.report_time.seconds = 1700000000
        message.report_time.nanos = 250000000
        receipt = _types.receipt(message)
        self.assertEqual(receipt.report_time.isoformat(), "2023-11-14T22:13:20.250000+00:00")
        self.assertIsNone(receipt.expire_time)


if __name__ == "__main__":
    unittest.main()
