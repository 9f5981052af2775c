"""A piece of work that reports itself."""

import logging
from typing import Optional

from ._errors import SignalboxError
from ._types import Receipt, Result

# What of a pending goes into the result, too.
_SHARED = ("attempt", "series", "target_url", "newest_text_wins")
_LONGEST_DESCRIPTION = 140  # GitHub shows no more.

_log = logging.getLogger("signalbox")


class Run:
    """Reports pending at its beginning and exactly one result at its end.

        with client.run("acme/widgets", sha, "ci/build", attempt=42) as run:
            if not build():
                run.failure("2 of 314 tests failed")

    Without a call of success() ... neutral(), the block's end is SUCCESS. If the
    block raises, KeyboardInterrupt and SystemExit included, the result is ERROR
    with the first line of the exception, unless the block had called one of them.

    If the pending cannot be reported, the block does not begin. If the result
    cannot be reported, the end of the block raises the SignalboxError. If the block
    raised already, its own exception goes on, with a note of that error.

    Use it once. Not thread-safe.
    """

    def __init__(self, client, repository: str, sha: str, context: str, fields: dict):
        self._client = client
        self._where = (repository, sha)
        self._context = context
        self._fields = fields
        self._result: Optional[Result] = None
        self._description = ""
        self.receipt: Optional[Receipt] = None  # Of the pending, then of the result.

    def success(self, description: str = "") -> None:
        """The run will end so; the last such call before the end counts."""
        self._set(Result.SUCCESS, description)

    def failure(self, description: str = "") -> None:
        self._set(Result.FAILURE, description)

    def error(self, description: str = "") -> None:
        self._set(Result.ERROR, description)

    def cancelled(self, description: str = "") -> None:
        self._set(Result.CANCELLED, description)

    def skipped(self, description: str = "") -> None:
        self._set(Result.SKIPPED, description)

    def timed_out(self, description: str = "") -> None:
        self._set(Result.TIMED_OUT, description)

    def neutral(self, description: str = "") -> None:
        self._set(Result.NEUTRAL, description)

    def _set(self, result, description):
        self._result = result
        self._description = description

    def __enter__(self) -> "Run":
        contexts = [self._context] if self._context else ["ci/build"]
        self.receipt = self._client.pending(*self._where, contexts, **self._fields)[0]
        return self

    def __exit__(self, kind, exception, traceback) -> None:
        if self._result is None:
            if exception is None:
                self.success()
            else:
                self.error(_first_line(exception))
        shared = {name: self._fields[name] for name in _SHARED if name in self._fields}
        try:
            self.receipt = self._client.result(
                *self._where, self._result, self._context or "ci/build",
                description=self._description, **shared)
        except SignalboxError as error:
            if exception is None:
                raise
            note = f"The result {self._result.name} was not reported: {error}"
            _log.error(note)
            if hasattr(exception, "add_note"):
                exception.add_note(note)


def _first_line(exception: BaseException) -> str:
    lines = str(exception).strip().splitlines()
    return (lines[0] if lines else type(exception).__name__)[:_LONGEST_DESCRIPTION]
