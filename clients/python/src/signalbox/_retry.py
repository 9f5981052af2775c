"""When a call is tried again."""

import math
import random
import re
import time
from typing import Optional

from ._errors import SignalboxError, refusal

# A try gets at least so long, even at the end of `retry_for`. Seconds.
SHORTEST_TRY = 2.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


class Retry:
    """The repeats of one call, or of one stream since its last answer.

    Times are seconds of time.monotonic().
    """

    def __init__(self, retry_for: float):
        self._give_up = time.monotonic() + retry_for
        self._base = _FIRST_PAUSE

    def left(self) -> float:
        return self._give_up - time.monotonic()

    def timeout(self, try_timeout: float) -> float:
        """The deadline of a try that begins now."""
        return max(min(try_timeout, self.left()), SHORTEST_TRY)

    def silence(self, try_timeout: float, heard: float) -> float:
        """How long the server may be silent after an answer at `heard`."""
        return min(try_timeout, max(self._give_up - heard, SHORTEST_TRY))

    def pause_after(self, error: SignalboxError,
                    pushback: Optional[str]) -> Optional[float]:
        """How long to wait before the next try; None: there is none.

        pushback: the pause that the server asks for, in ms, as it wrote it.
        """
        pause = self._pause(error.code, pushback)
        left = self.left()
        if pause is None or left <= 0:
            return None
        if pushback is None:
            return min(pause, left)  # A last try may come early.
        return pause if pause <= left else None

    def _pause(self, code, pushback):
        exhausted = code == "RESOURCE_EXHAUSTED"
        if not exhausted and code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            return None
        if pushback is not None:
            # By gRPC's rules (proposal A6), any other value forbids a repeat.
            if not re.fullmatch(r"[0-9]{1,10}", pushback):
                return None
            return int(pushback) / 1000
        if exhausted:
            return None  # The caller's limit: waiting does not lift it.
        pause = self._base * (1 - 0.5 * random.random())
        self._base = min(2 * self._base, _LONGEST_PAUSE)
        return pause


def as_seconds(name: str, value) -> float:
    """A duration that the caller gave: a number of seconds, or a timedelta."""
    seconds = value.total_seconds() if hasattr(value, "total_seconds") else float(value)
    if math.isnan(seconds) or seconds < 0:
        raise refusal(f"{name}: {value!r} is not a duration")
    return seconds
