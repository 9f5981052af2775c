"""Reports the state of builds to a Signalbox server, and reads from it.

    import signalbox

    client = signalbox.connect("127.0.0.1:50051")
    with client.run("acme/widgets", sha, "ci/build", attempt=42) as run:
        build()

Everything is in this module; `signalbox.v1` has the generated messages and the
stub, for calls that the client does not have.
"""

from ._client import Client, connect
from ._errors import SignalboxError
from ._run import Run
from ._stream import ReportStream
from ._types import (
    Change,
    CommitState,
    CommitStatus,
    CommitStatuses,
    Disposition,
    IssuedToken,
    Posting,
    PostingState,
    Receipt,
    Result,
    ServerInfo,
)
from ._watch import Watch

__version__ = "0.1.0"

__all__ = [
    "Change",
    "Client",
    "CommitState",
    "CommitStatus",
    "CommitStatuses",
    "Disposition",
    "IssuedToken",
    "Posting",
    "PostingState",
    "Receipt",
    "ReportStream",
    "Result",
    "Run",
    "ServerInfo",
    "SignalboxError",
    "Watch",
    "connect",
]
