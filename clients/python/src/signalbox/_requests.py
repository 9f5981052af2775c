"""Makes the messages of reports out of the arguments of a call."""

import math
from typing import Iterable, Union

from ._errors import refusal
from ._retry import as_seconds
from ._types import Result
from .v1 import status_service_pb2 as v1

_NANOS = 1_000_000_000


def pending(repository: str, sha: str, contexts: Iterable[str], *, attempt: int = 0,
            series: str = "", description: str = "", target_url: str = "",
            expires_after=None, rerun: bool = False, if_sequence=None,
            newest_text_wins: bool = False,
            never_expires: bool = False) -> v1.ReportPendingRequest:
    check_list("contexts", contexts)
    request = v1.ReportPendingRequest(
        repository=repository, sha=sha, contexts=contexts, attempt=attempt, series=series,
        description=description, target_url=target_url, rerun=rerun,
        if_sequence=if_sequence, newest_text_wins=newest_text_wins,
        never_expires=never_expires)
    if expires_after is not None:
        _set_duration(request.expires_after, "expires_after", expires_after)
    return request


def issue_token(repositories: Iterable[str], contexts: Iterable[str],
                rights: Iterable[str], sha: str, series: str, attempt: int,
                valid_for) -> v1.IssueTokenRequest:
    for name, values in (("repositories", repositories), ("contexts", contexts),
                         ("rights", rights)):
        check_list(name, values)
    request = v1.IssueTokenRequest(narrowing=v1.Narrowing(
        repositories=repositories, contexts=contexts, rights=rights, sha=sha,
        series=series, attempt=attempt))
    if valid_for is not None:
        _set_duration(request.valid_for, "valid_for", valid_for)
    return request


def _set_duration(duration, name, value):
    seconds = as_seconds(name, value)
    if math.isinf(seconds):
        raise refusal(f"{name}: {value!r} does not end")
    nanos = round(seconds * _NANOS)
    duration.seconds = nanos // _NANOS
    duration.nanos = nanos % _NANOS


def result(repository: str, sha: str, how: Union[Result, str], context: str, *,
           attempt: int = 0, series: str = "", description: str = "",
           target_url: str = "", if_sequence=None,
           newest_text_wins: bool = False) -> v1.ReportResultRequest:
    return v1.ReportResultRequest(
        repository=repository, sha=sha, context=context, attempt=attempt,
        result=int(result_of(how)), series=series, description=description,
        target_url=target_url, if_sequence=if_sequence,
        newest_text_wins=newest_text_wins)


def check_list(name: str, values: Iterable) -> None:
    """A text would become a list of its letters."""
    if isinstance(values, str):
        raise refusal(f"{name}: {values!r} is a text, not a list of texts")


def result_of(how: Union[Result, str]) -> Result:
    """A result, which may be given by its name."""
    if not isinstance(how, str):
        return Result(how)
    try:
        return Result[how]
    except KeyError:
        names = ", ".join(name for name in Result.__members__ if name != "UNSPECIFIED")
        raise refusal(f"result: {how!r} is not one of {names}") from None
