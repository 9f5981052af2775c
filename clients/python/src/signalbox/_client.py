"""The connection to a server, and the calls."""

import os
import re
import threading
import weakref
from typing import Iterable, List, Optional, Union

import grpc

from . import _errors, _requests, _types
from ._channel import open_channel
from ._retry import Retry, as_seconds
from ._run import Run
from ._stream import ReportStream
from ._types import CommitStatuses, IssuedToken, Receipt, Result, ServerInfo
from ._watch import Watch
from .v1 import status_service_pb2 as v1
from .v1 import status_service_pb2_grpc as v1_grpc

# Of one answer. No server has more; the limit stops an endless list.
_MOST_PAGES = 10_000
_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}


def connect(address: str = "127.0.0.1:50051", *, token: Optional[str] = None,
            tls: bool = False, ca_file: Optional[str] = None,
            cert_file: Optional[str] = None, key_file: Optional[str] = None,
            server_name: Optional[str] = None, retry_for=60.0, try_timeout=10.0,
            request_id: Optional[str] = None) -> "Client":
    """Makes a client for the server at `address`: HOST:PORT or unix:PATH.

    The client connects at the first call, not here. It reads nothing from the
    environment.

    token: shows the server who is calling. Without tls it is sent to this machine
        only.
    tls: encrypts the connection. The files are in PEM: `ca_file` has the
        authorities to trust (default: the system's), `cert_file` and `key_file`
        the client's own certificate. `server_name` is the name that the server's
        certificate must have (default: the host of `address`).
    retry_for: for how long a call is repeated while the server is away or busy, in
        seconds or as a timedelta. The last try begins at most so long after the
        first. 0: one try. float("inf"): forever.
    try_timeout: the deadline of one try. The last tries get what is left of
        `retry_for`, but at least 2 s.
    request_id: the id of each call, under which the server's log shows it: 1 to 64
        letters, digits and `._:-`. By default each call gets an id of its own,
        which its repeats keep. A stream of reports and a watch are one call.

    Raises SignalboxError: INVALID_ARGUMENT if the options do not fit together or a
    file has something else, NOT_FOUND or PERMISSION_DENIED if it cannot be read.
    """
    retry_for = as_seconds("retry_for", retry_for)
    try_timeout = as_seconds("try_timeout", try_timeout)
    if try_timeout == 0:
        raise _errors.refusal("try_timeout must be more than 0")
    if request_id and not re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", request_id):
        raise _errors.refusal(f"request_id: {request_id!r} is not 1 to 64 letters, digits "
                              "and ._:-")
    channel = open_channel(address, token=token, tls=tls, ca_file=ca_file,
                           cert_file=cert_file, key_file=key_file,
                           server_name=server_name)
    return Client(channel, token=token, retry_for=retry_for, try_timeout=try_timeout,
                  request_id=request_id)


class Client:
    """Reports to a server and reads from it; made by `connect`.

    A call returns once the server has answered, so a receipt means that the report
    is on the server's disk. After UNAVAILABLE and DEADLINE_EXCEEDED, and while the
    server's disk is full, the client repeats the call for up to `retry_for`. That
    is always safe for reports with an attempt. Every other error is final.

    All calls raise SignalboxError. Thread-safe.
    """

    def __init__(self, channel: grpc.Channel, *, token: Optional[str], retry_for: float,
                 try_timeout: float, request_id: Optional[str]):
        self._channel = channel
        self._stub = v1_grpc.StatusServiceStub(channel)
        self._health = channel.unary_unary("/grpc.health.v1.Health/Check")
        self._token = (("authorization", f"Bearer {token}"),) if token else ()
        self._retry_for = retry_for
        self._try_timeout = try_timeout
        self._request_id = request_id
        self._closed = threading.Event()
        self._streams = weakref.WeakSet()  # Those that close() must end.

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Ends the connection, and all calls, streams and watches."""
        self._closed.set()
        self._channel.close()
        for stream in list(self._streams):
            stream._abandon()

    def pending(self, repository: str, sha: str, contexts: Iterable[str] = (), *,
                attempt: int = 0, series: str = "", description: str = "",
                target_url: str = "", expires_after=None, rerun: bool = False,
                if_sequence: Optional[int] = None, newest_text_wins: bool = False,
                never_expires: bool = False) -> List[Receipt]:
        """Reports that work on a commit has begun.

        No contexts: those that the server expects of the repository.
        expires_after: when GitHub shows an error unless a result arrives, in
            seconds or as a timedelta; by default the server decides.
        The proto describes the other fields.
        """
        request = _requests.pending(
            repository, sha, contexts, attempt=attempt, series=series,
            description=description, target_url=target_url, expires_after=expires_after,
            rerun=rerun, if_sequence=if_sequence, newest_text_wins=newest_text_wins,
            never_expires=never_expires)
        answer = self._call(self._stub.ReportPending, request)
        return [_types.receipt(each) for each in answer.receipts]

    def result(self, repository: str, sha: str, result: Union[Result, str],
               context: str = "", *, attempt: int = 0, series: str = "",
               description: str = "", target_url: str = "",
               if_sequence: Optional[int] = None,
               newest_text_wins: bool = False) -> Receipt:
        """Reports how a run ended. No context: `ci/build`."""
        request = _requests.result(
            repository, sha, result, context, attempt=attempt, series=series,
            description=description, target_url=target_url, if_sequence=if_sequence,
            newest_text_wins=newest_text_wins)
        return _types.receipt(self._call(self._stub.ReportResult, request).receipt)

    def run(self, repository: str, sha: str, context: str = "", **fields) -> Run:
        """A context manager that reports pending, and then exactly one result.

        fields: those of `pending`.
        """
        return Run(self, repository, sha, context, fields)

    def reports(self, max_in_flight: int = 1000) -> ReportStream:
        """A stream for many reports; a context manager."""
        self._check_open()
        stream = ReportStream(self._stub.StreamReports, self._call_metadata(),
                              self._retry_for, self._try_timeout, max_in_flight)
        self._streams.add(stream)
        return stream

    def watch(self, repositories: Iterable[str] = (), after_sequence: Optional[int] = None,
              *, contexts: Iterable[str] = (), states: Iterable[int] = ()) -> Watch:
        """An iterator over the changes of statuses; a context manager.

        repositories, contexts: patterns such as "acme/*"; none: all.
        states: only changes to these CommitStates; none: all.
        after_sequence: begin after this number; None: now. 0: at the beginning.
        """
        _requests.check_list("repositories", repositories)
        _requests.check_list("contexts", contexts)
        request = v1.WatchStatusesRequest(
            repositories=repositories, contexts=contexts, states=states,
            after_sequence=after_sequence)
        self._check_open()
        watch = Watch(self._stub.WatchStatuses, self._call_metadata(), request,
                      self._retry_for)
        self._streams.add(watch)
        return watch

    def commit_status(self, repository: str, sha: str) -> CommitStatuses:
        """The newest report of each context of a commit, and its posting."""
        request = v1.GetCommitStatusRequest(repository=repository, sha=sha)
        pages = []
        while not pages or request.page_token:
            if len(pages) == _MOST_PAGES:
                raise _errors.SignalboxError(
                    "INTERNAL", "the pages of the server's answer do not end")
            pages.append(self._call(self._stub.GetCommitStatus, request))
            request.page_token = pages[-1].next_page_token
        # The last page was read last, so its state is the newest. A watch must
        # begin after the first.
        return CommitStatuses(
            pages[-1].repository, pages[-1].sha, _types.CommitState(pages[-1].state),
            tuple(_types.commit_status(each) for page in pages for each in page.statuses),
            pages[0].sequence)

    def server_info(self) -> ServerInfo:
        """Which server this is, and what the caller may do. Needs no right."""
        return _types.server_info(
            self._call(self._stub.GetServerInfo, v1.GetServerInfoRequest()))

    def issue_token(self, *, repositories: Iterable[str] = (),
                    contexts: Iterable[str] = (), rights: Iterable[str] = (),
                    sha: str = "", series: str = "", attempt: int = 0,
                    valid_for=None) -> IssuedToken:
        """A token that may do no more than the caller's own, and not for long.

        The arguments narrow it; none: as the caller. valid_for: in seconds or as a
        timedelta, 1 minute to 30 days; None: 1 hour. The proto describes the rest.
        """
        request = _requests.issue_token(repositories, contexts, rights, sha, series,
                                        attempt, valid_for)
        return _types.issued_token(self._call(self._stub.IssueToken, request))

    def is_serving(self) -> bool:
        """Whether the server serves. False: it is about to stop."""
        # Empty bytes are the request for the whole server: grpcio has no messages
        # of the health service.
        return self._call(self._health, b"") == _SERVING

    def _check_open(self):
        if self._closed.is_set():
            raise _errors.closed()

    def _call_metadata(self):
        """What a new call sends, with its id at the end."""
        return (*self._token, (_errors.REQUEST_ID,
                               self._request_id or os.urandom(8).hex()))

    def _call(self, method, request):
        self._check_open()
        retry = Retry(self._retry_for)
        metadata = self._call_metadata()
        error = None
        while True:
            try:
                return method(request, timeout=retry.timeout(self._try_timeout),
                              metadata=metadata)
            except grpc.RpcError as rpc_error:
                error = _errors.from_rpc(rpc_error, metadata[-1][1])
                pause = retry.pause_after(error, _errors.pushback_of(rpc_error))
            except ValueError:
                # The channel's own error, after close() in another thread.
                if not self._closed.is_set():
                    raise
                raise (error or _errors.closed()) from None
            if pause is None or self._closed.wait(pause):
                raise error
