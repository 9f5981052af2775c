"""The one kind of error that the client raises."""

from typing import Optional

import grpc


class SignalboxError(Exception):
    """A call failed, after all repeats that its rules allow.

    code: gRPC's name of the error, such as "INVALID_ARGUMENT".
    reason: the server's stable word for it, such as "INVALID_SHA"; "" if it gave
        none. What the client itself refuses has none.
    message: a text for people.
    may_have_been_accepted: the server may have accepted the report although the
        call failed. False: it did not.
    """

    def __init__(self, code: str, message: str, reason: str = "",
                 may_have_been_accepted: bool = False):
        super().__init__(code, message, reason, may_have_been_accepted)
        self.code = code
        self.message = message
        self.reason = reason
        self.may_have_been_accepted = may_have_been_accepted

    def __str__(self):
        return f"{self.code}{self.reason and f' ({self.reason})'}: {self.message}"


def refusal(message: str) -> SignalboxError:
    """What the caller asks for is wrong; nothing was sent."""
    return SignalboxError("INVALID_ARGUMENT", message)


def server_error(code: str, message: str, reason: str,
                 pushback: Optional[str]) -> SignalboxError:
    """An error that the server answered, or that ended a try.

    pushback: the pause that came with it, in ms, as it was written.
    """
    # A full disk comes with a pause. The limit of a caller comes without, before
    # anything is stored.
    uncertain = code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL") or (
        code == "RESOURCE_EXHAUSTED" and pushback is not None)
    return SignalboxError(code, message, reason, uncertain)


def trailer(error: grpc.RpcError, name: str) -> Optional[str]:
    """A text of the metadata at the end of a call; None if it is not there."""
    for key, value in error.trailing_metadata() or ():
        if key == name:
            return value
    return None


def pushback_of(error: grpc.RpcError) -> Optional[str]:
    return trailer(error, "grpc-retry-pushback-ms")


def from_rpc(error: grpc.RpcError) -> SignalboxError:
    return server_error(error.code().name, error.details() or "",
                        trailer(error, "signalbox-reason") or "", pushback_of(error))
