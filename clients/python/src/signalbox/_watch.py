"""Follows the changes of statuses."""

import collections
import threading
import time
from typing import Optional

import grpc

from . import _errors, _types
from ._retry import Retry
from ._types import Change
from .v1 import status_service_pb2 as v1

# The server sends at least a bookmark a minute. Seconds.
LONGEST_SILENCE = 150.0
# Messages that were read and not yet returned. Beyond that the server waits.
_MOST_AHEAD = 1000


class Watch:
    """An iterator over the changes, in order, none missing and none twice.

        with client.watch(["acme/*"]) as watch:
            for change in watch:
                print(change.repository, change.status.context, change.status.state)

    When the stream ends, the watch goes on over a new one. It raises SignalboxError
    after an error that a repeat does not help (OUT_OF_RANGE: the server no longer
    keeps the changes after `sequence`), or when the server was away for
    `retry_for`; it then has ended.

    For one thread; only close() may be called from another, and ends the
    iteration.
    """

    def __init__(self, method, metadata, request: v1.WatchStatusesRequest,
                 retry_for: float):
        self._method = method
        self._metadata = metadata  # The id of the call is the last.
        self._request = request
        self._retry_for = retry_for
        self._retry: Optional[Retry] = None  # Since the server stopped answering.
        self._stream: Optional[_Stream] = None
        self._closed = threading.Event()

    @property
    def sequence(self) -> Optional[int]:
        """All changes up to this number were returned.

        Give it as `after_sequence` to go on later. None: not known yet.
        """
        if not self._request.HasField("after_sequence"):
            return None
        return self._request.after_sequence

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self._closed.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    _abandon = close  # The client was closed.

    def __iter__(self):
        return self

    def __next__(self) -> Change:
        while not self._closed.is_set():
            if self._stream is None:
                self._stream = self._open()
                if self._closed.is_set():
                    self._stream.close()
            message = self._stream.next()
            if message is None:
                self._pause()
                continue
            self._retry = None
            self._request.after_sequence = message.sequence
            if message.repository:
                return _types.change(message)
        raise StopIteration

    def _open(self):
        try:
            call = self._method(self._request, metadata=self._metadata)
        except ValueError:
            raise _errors.closed() from None
        return _Stream(call, self._metadata[-1][1])

    def _pause(self):
        """After the end of a stream: waits for the next, or raises."""
        error, pushback = self._stream.error()
        self._stream.close()
        self._stream = None
        if self._closed.is_set():
            return
        if self._retry is None:
            self._retry = Retry(self._retry_for)
        pause = self._retry.pause_after(error, pushback)
        if pause is None:
            self._closed.set()
            raise error
        self._closed.wait(pause)


class _Stream:
    """One stream. gRPC reads without a time limit, so a thread reads."""

    def __init__(self, call, request_id):
        self._call = call
        self._request_id = request_id
        self._changed = threading.Condition()
        self._messages = collections.deque()
        self._ended: Optional[grpc.RpcError] = None
        self._over = False  # The stream has ended, or was closed.
        self._silent = False
        threading.Thread(target=self._read, name="signalbox-watch", daemon=True).start()

    def _read(self):
        try:
            for message in self._call:
                with self._changed:
                    while len(self._messages) >= _MOST_AHEAD and not self._over:
                        self._changed.wait()
                    if self._over:
                        return
                    self._messages.append(message)
                    self._changed.notify_all()
        except grpc.RpcError as error:
            self._ended = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def next(self) -> Optional[v1.WatchStatusesResponse]:
        """The next message; None: the stream has ended, see `error`."""
        deadline = time.monotonic() + LONGEST_SILENCE
        with self._changed:
            while not self._messages:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._silent = True
                if self._over or self._silent:
                    return None
                self._changed.wait(left)
            self._changed.notify_all()
            return self._messages.popleft()

    def error(self):
        """Why the stream ended, and the pause that the server asks for."""
        if self._silent:
            return _errors.of_try("UNAVAILABLE", "the server was silent",
                                  self._request_id), None
        return _errors.end_of_stream(self._ended, self._request_id)

    def close(self):
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._call.cancel()
