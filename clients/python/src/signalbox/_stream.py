"""Many reports over one stream."""

import collections
import concurrent.futures
import heapq
import itertools
import threading
import time
from typing import Iterable, List, Optional, Union

import grpc

from . import _errors, _requests, _types
from ._errors import SignalboxError
from ._retry import Retry
from ._types import Receipt, Result
from .v1 import status_service_pb2 as v1

# The server reads no larger one: it would end the stream for all.
_LARGEST_REPORT = 256 << 10
_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


class ReportStream:
    """Sends many reports, many under way at once; costs less than calls.

        with client.reports() as reports:
            futures = [reports.result("acme/widgets", sha, "SUCCESS", context)
                       for context in contexts]
        receipts = [future.result() for future in futures]

    pending() and result() return at once with a concurrent.futures.Future, which
    holds what the client's call of that name returns, or raises its SignalboxError.
    They block while `max_in_flight` reports wait for their answers, so do not call
    them from a callback of a future.

    Reports of one commit reach the server in the order of these calls: each is sent
    after the answer to the one before it. Reports of different commits overtake
    each other.

    When the stream ends, or the server asks to send a report later, the reports
    without an answer are sent again. `retry_for` begins anew with each answer; when
    it is over, all reports without an answer fail with the error of the last try.
    A report with an error does not disturb the others.

    Thread-safe. Close it: at the end of the process, waiting reports are lost.
    """

    def __init__(self, method, metadata, retry_for: float, try_timeout: float,
                 max_in_flight: int):
        if max_in_flight < 1:
            raise _errors.refusal("max_in_flight must be at least 1")
        self._method = method
        self._metadata = metadata  # The id of the call is the last.
        self._request_id = metadata[-1][1]
        self._retry_for = retry_for
        self._try_timeout = try_timeout
        self._max_in_flight = max_in_flight

        self._changed = threading.Condition()
        self._closing = False
        self._abandoned = threading.Event()  # The client was closed.
        self._tags = itertools.count(1)
        # Reports without an answer by commit, in the order of the calls. Only the
        # first of a lane is ready, delayed or in flight.
        self._lanes = collections.defaultdict(collections.deque)
        self._unanswered = 0
        self._ready = collections.deque()
        self._delayed: List[tuple] = []  # (when, tag, report), a heap.
        self._in_flight = {}  # By tag.
        # What `retry_for` is counted by: since the last answer.
        self._retry = Retry(retry_for)
        self._thread = threading.Thread(target=self._work, name="signalbox-reports",
                                        daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Waits until every report has its answer, and ends the stream."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _abandon(self) -> None:
        """The client was closed: every report without an answer fails."""
        with self._changed:
            self._closing = True
            self._abandoned.set()
            self._changed.notify_all()

    def pending(self, repository: str, sha: str, contexts: Iterable[str] = (),
                **fields) -> "concurrent.futures.Future[List[Receipt]]":
        """As Client.pending."""
        request = _requests.pending(repository, sha, contexts, **fields)
        return self._add(v1.StreamReportsRequest(pending=request), request,
                         lambda answer: [_types.receipt(r) for r in answer.receipts])

    def result(self, repository: str, sha: str, result: Union[Result, str],
               context: str = "", **fields) -> "concurrent.futures.Future[Receipt]":
        """As Client.result."""
        request = _requests.result(repository, sha, result, context, **fields)
        return self._add(v1.StreamReportsRequest(result=request), request,
                         lambda answer: _types.receipt(answer.receipts[0]))

    def _add(self, message, request, read_answer):
        report = _Report(message, read_answer)
        # GitHub compares both without case.
        report.lane = (request.repository.lower(), request.sha.lower())
        with self._changed:
            while self._unanswered >= self._max_in_flight and not self._closing:
                self._changed.wait()
            if self._closing:
                raise _errors.refusal("the stream is closed")
            message.tag = next(self._tags)
            if message.ByteSize() > _LARGEST_REPORT:
                report.future.set_exception(SignalboxError(
                    "RESOURCE_EXHAUSTED",
                    f"the report has {message.ByteSize()} bytes; the server takes "
                    f"{_LARGEST_REPORT}"))
                return report.future
            if self._unanswered == 0:
                self._retry = Retry(self._retry_for)
            self._unanswered += 1
            self._lanes[report.lane].append(report)
            if len(self._lanes[report.lane]) == 1:
                self._ready.append(report)
            self._changed.notify_all()
        return report.future

    def _work(self):
        while self._wait_for_reports():
            error, pushback = self._converse()
            with self._changed:
                self._ready.extendleft(reversed(self._in_flight.values()))
                self._in_flight.clear()
                if self._unanswered == 0:
                    continue
                pause = self._retry.pause_after(error, pushback)
                failed = self._take_all() if pause is None else ()
            for report in failed:
                report.finish(error)
            if pause is not None:
                self._abandoned.wait(pause)

    def _wait_for_reports(self):
        with self._changed:
            while self._unanswered == 0 and not self._closing:
                self._changed.wait()
            return self._unanswered > 0

    def _converse(self):
        """Opens a stream; returns how it ended, and the pause asked for."""
        stream = _Stream(self._request_id)
        try:
            call = self._method(self._requests(stream), metadata=self._metadata)
        except ValueError:
            return self._cancelled(), None
        reader = threading.Thread(target=self._read, args=(stream, call),
                                  name="signalbox-answers", daemon=True)
        reader.start()
        with self._changed:
            while not stream.over and not self._abandoned.is_set():
                left = (stream.heard + self._retry.silence(self._try_timeout, stream.heard)
                        - time.monotonic())
                if not self._in_flight:
                    self._changed.wait()
                elif left > 0:
                    self._changed.wait(left)
                else:
                    stream.silent = True
                    break
            stream.over = True
            self._changed.notify_all()
        call.cancel()
        reader.join()
        return (self._cancelled(), None) if self._abandoned.is_set() else stream.end()

    def _cancelled(self):
        return _errors.of_try("CANCELLED", "the client was closed", self._request_id)

    def _requests(self, stream):
        """The messages that gRPC sends, read by a thread of its own."""
        while True:
            with self._changed:
                report = self._take(stream)
            if report is None:
                return
            yield report.message

    def _take(self, stream):
        """The next report to send; None: the stream ends."""
        while not stream.over:
            now = time.monotonic()
            while self._delayed and self._delayed[0][0] <= now:
                self._ready.append(heapq.heappop(self._delayed)[2])
            if self._ready:
                report = self._ready.popleft()
                if not self._in_flight:
                    stream.heard = now
                self._in_flight[report.message.tag] = report
                self._changed.notify_all()
                return report
            if self._closing and self._unanswered == 0:
                return None
            self._changed.wait(self._delayed[0][0] - now if self._delayed else None)
        return None

    def _read(self, stream, call):
        try:
            for answer in call:
                with self._changed:
                    stream.heard = time.monotonic()
                    report, outcome = self._settle(answer)
                    self._changed.notify_all()
                if report is not None:
                    report.finish(outcome)
        except grpc.RpcError as error:
            stream.error = error
        finally:
            with self._changed:
                stream.over = True
                self._changed.notify_all()

    def _settle(self, answer):
        """The report that has ended and how; (None, None): none has."""
        report = self._in_flight.pop(answer.tag, None)
        if report is None:
            return None, None
        self._retry = Retry(self._retry_for)
        outcome = answer
        if answer.code != 0:
            pushback = None
            if answer.HasField("retry_after"):
                pushback = str(answer.retry_after.seconds * 1000
                               + answer.retry_after.nanos // 1_000_000)
            outcome = _errors.server_error(_CODES.get(answer.code, "UNKNOWN"),
                                           answer.message, answer.reason, pushback,
                                           self._request_id)
            if report.retry is None:
                report.retry = Retry(self._retry_for)
            pause = report.retry.pause_after(outcome, pushback)
            if pause is not None:
                heapq.heappush(self._delayed,
                               (time.monotonic() + pause, answer.tag, report))
                return None, None
        lane = self._lanes[report.lane]
        lane.popleft()
        if lane:
            self._ready.append(lane[0])
        else:
            del self._lanes[report.lane]
        self._unanswered -= 1
        return report, outcome

    def _take_all(self):
        """Every report without an answer; none waits any more."""
        reports = [report for lane in self._lanes.values() for report in lane]
        self._lanes.clear()
        self._ready.clear()
        self._delayed.clear()
        self._unanswered = 0
        self._changed.notify_all()
        return reports


class _Report:
    """A report without an answer."""

    def __init__(self, message, read_answer):
        self.message = message
        self.lane = None
        self.retry: Optional[Retry] = None  # After answers that ask for a repeat.
        self._read_answer = read_answer
        self.future = concurrent.futures.Future()
        # Sent reports cannot be taken back.
        self.future.set_running_or_notify_cancel()

    def finish(self, answer):
        if isinstance(answer, SignalboxError):
            self.future.set_exception(answer)
        else:
            self.future.set_result(self._read_answer(answer))


class _Stream:
    """One stream, guarded by the lock of its ReportStream."""

    def __init__(self, request_id):
        self._request_id = request_id
        self.heard = time.monotonic()  # When the server last answered.
        self.over = False
        self.silent = False
        self.error: Optional[grpc.RpcError] = None

    def end(self):
        if self.silent:
            return _errors.of_try("DEADLINE_EXCEEDED", "the server did not answer in time",
                                  self._request_id), None
        return _errors.end_of_stream(self.error, self._request_id)
