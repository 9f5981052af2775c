"""The one kind of error that the client raises."""

from typing import Optional

import grpc

# The metadata of a call with its id.
REQUEST_ID = "signalbox-request-id"
# The last two come from this end of the connection, or from a proxy: the report
# may be on its way.
_UNCERTAIN = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "CANCELLED", "UNKNOWN")


class SignalboxError(Exception):
    """A call failed, after all repeats that its rules allow.

    code: gRPC's name of the error, such as "INVALID_ARGUMENT".
    reason: the server's stable word for it, such as "INVALID_SHA"; "" if it gave
        none. What the client itself refuses has none.
    message: a text for people.
    may_have_been_accepted: the server may have accepted the report although the
        call failed. False: it did not.
    request_id: the id of the call, under which the server's log shows it; "" if
        no call was made.
    """

    def __init__(self, code: str, message: str, reason: str = "",
                 may_have_been_accepted: bool = False, request_id: str = ""):
        super().__init__(code, message, reason, may_have_been_accepted, request_id)
        self.code = code
        self.message = message
        self.reason = reason
        self.may_have_been_accepted = may_have_been_accepted
        self.request_id = request_id

    def __str__(self):
        return f"{self.code}{self.reason and f' ({self.reason})'}: {self.message}"


def refusal(message: str) -> SignalboxError:
    """What the caller asks for is wrong; nothing was sent."""
    return SignalboxError("INVALID_ARGUMENT", message)


def unreadable(error: OSError) -> SignalboxError:
    """A file of the options cannot be read."""
    code = {FileNotFoundError: "NOT_FOUND", PermissionError: "PERMISSION_DENIED"}
    return SignalboxError(code.get(type(error), "INVALID_ARGUMENT"), str(error))


def closed() -> SignalboxError:
    """The caller has closed the client; nothing was sent."""
    return refusal("the client is closed")


def server_error(code: str, message: str, reason: str, pushback: Optional[str],
                 request_id: str) -> SignalboxError:
    """An error that the server answered, or that ended a try.

    pushback: the pause that came with it, in ms, as it was written.
    """
    # A full disk comes with a pause. The limit of a caller comes without, before
    # anything is stored.
    uncertain = code in _UNCERTAIN or (
        code == "RESOURCE_EXHAUSTED" and pushback is not None)
    return SignalboxError(code, message, reason, uncertain, request_id)


def trailer(error: grpc.RpcError, name: str) -> Optional[str]:
    """A text of the metadata at the end of a call; None if it is not there."""
    for key, value in error.trailing_metadata() or ():
        if key == name:
            return value
    return None


def pushback_of(error: grpc.RpcError) -> Optional[str]:
    return trailer(error, "grpc-retry-pushback-ms")


def from_rpc(error: grpc.RpcError, request_id: str) -> SignalboxError:
    return server_error(error.code().name, error.details() or "",
                        trailer(error, "signalbox-reason") or "", pushback_of(error),
                        request_id)


def of_try(code: str, message: str, request_id: str) -> SignalboxError:
    """The client ended a try; the report may be on its way."""
    return SignalboxError(code, message, may_have_been_accepted=True,
                          request_id=request_id)


def end_of_stream(error: Optional[grpc.RpcError], request_id: str):
    """Why a stream ended, and the pause that came with it; error: gRPC's, if any."""
    if error is None:
        # A server may end a stream with its connection, without any error.
        return of_try("UNAVAILABLE", "the server ended the stream", request_id), None
    return from_rpc(error, request_id), pushback_of(error)
