"""What the client returns. The proto documents each member."""

import dataclasses
import datetime
import enum
from typing import Optional, Tuple

from .v1 import status_service_pb2 as v1


class _Word(enum.IntEnum):
    """An enum of the proto, without the prefix of its names."""

    @classmethod
    def _missing_(cls, value):
        """A value that a newer server knows, and this client does not."""
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


class Result(_Word):
    """How a run ended."""

    UNSPECIFIED = 0
    SUCCESS = 1
    FAILURE = 2
    ERROR = 3
    CANCELLED = 4
    SKIPPED = 5
    TIMED_OUT = 6
    NEUTRAL = 7


class Disposition(_Word):
    """What became of a report."""

    UNSPECIFIED = 0
    ACCEPTED = 1
    UNCHANGED = 2
    SUPERSEDED = 3


class CommitState(_Word):
    """GitHub's four states."""

    UNSPECIFIED = 0
    ERROR = 1
    FAILURE = 2
    PENDING = 3
    SUCCESS = 4


class PostingState(_Word):
    """How far the posting of a status to GitHub has got."""

    UNSPECIFIED = 0
    DUE = 1
    POSTED = 2
    WAITING = 3
    ABANDONED = 4
    OBSERVED = 5


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What became of a report of one context."""

    context: str
    sequence: int
    disposition: Disposition
    warnings: Tuple[str, ...]
    expire_time: Optional[datetime.datetime]
    state: CommitState
    newest_attempt: int
    newest_result: Result
    report_time: Optional[datetime.datetime]


@dataclasses.dataclass(frozen=True)
class Posting:
    """How far the posting of a status to GitHub has got."""

    state: PostingState
    reason: str
    try_count: int
    next_try_time: Optional[datetime.datetime]
    post_time: Optional[datetime.datetime]
    overtaken_by: str


@dataclasses.dataclass(frozen=True)
class CommitStatus:
    """The status of one context of a commit."""

    context: str
    state: CommitState
    result: Result
    description: str
    target_url: str
    attempt: int
    series: str
    sequence: int
    report_sequence: int
    report_time: Optional[datetime.datetime]
    expire_time: Optional[datetime.datetime]
    posting: Posting


@dataclasses.dataclass(frozen=True)
class CommitStatuses:
    """A commit with all its statuses."""

    repository: str
    sha: str
    state: CommitState
    statuses: Tuple[CommitStatus, ...]
    sequence: int


@dataclasses.dataclass(frozen=True)
class Change:
    """A change of a status, as a watch sees it."""

    sequence: int
    repository: str
    sha: str
    status: CommitStatus


@dataclasses.dataclass(frozen=True)
class ServerInfo:
    """Which server this is, and what the caller may do."""

    version: str
    revision: str
    hosts: Tuple[str, ...]
    features: Tuple[str, ...]
    caller: str
    rights: Tuple[str, ...]
    repositories: Tuple[str, ...]
    contexts: Tuple[str, ...]
    token_expire_time: Optional[datetime.datetime]


@dataclasses.dataclass(frozen=True)
class IssuedToken:
    """A token that the server has issued, and when it ends."""

    token: str = dataclasses.field(repr=False)  # Secret.
    expire_time: Optional[datetime.datetime]


def receipt(message: v1.Receipt) -> Receipt:
    return Receipt(
        context=message.context,
        sequence=message.sequence,
        disposition=Disposition(message.disposition),
        warnings=tuple(message.warnings),
        expire_time=_time(message, "expire_time"),
        state=CommitState(message.state),
        newest_attempt=message.newest_attempt,
        newest_result=Result(message.newest_result),
        report_time=_time(message, "report_time"))


def commit_status(message: v1.CommitStatus) -> CommitStatus:
    posting = message.posting
    return CommitStatus(
        context=message.context,
        state=CommitState(message.state),
        result=Result(message.result),
        description=message.description,
        target_url=message.target_url,
        attempt=message.attempt,
        series=message.series,
        sequence=message.sequence,
        report_sequence=message.report_sequence,
        report_time=_time(message, "report_time"),
        expire_time=_time(message, "expire_time"),
        posting=Posting(
            state=PostingState(posting.state),
            reason=posting.reason,
            try_count=posting.try_count,
            next_try_time=_time(posting, "next_try_time"),
            post_time=_time(posting, "post_time"),
            overtaken_by=posting.overtaken_by))


def change(message: v1.WatchStatusesResponse) -> Change:
    return Change(message.sequence, message.repository, message.sha,
                  commit_status(message.status))


def server_info(message: v1.GetServerInfoResponse) -> ServerInfo:
    grants = message.grants
    return ServerInfo(
        version=message.version,
        revision=message.revision,
        hosts=tuple(host.name for host in message.hosts),
        features=tuple(message.features),
        caller=grants.caller,
        rights=tuple(grants.rights),
        repositories=tuple(grants.repositories),
        contexts=tuple(grants.contexts),
        token_expire_time=_time(grants, "token_expire_time"))


def issued_token(message: v1.IssueTokenResponse) -> IssuedToken:
    return IssuedToken(message.token, _time(message.grants, "token_expire_time"))


def _time(message, field):
    """A time of `message`, in UTC; None if it is not set."""
    if not message.HasField(field):
        return None
    value = getattr(message, field)
    # Not ToDatetime: older versions of it know no time zone.
    return (datetime.datetime.fromtimestamp(value.seconds, datetime.timezone.utc)
            + datetime.timedelta(microseconds=value.nanos // 1000))
