package dev.signalbox.client;

import io.grpc.Status;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** Decides whether and when a call is tried again. All times are in nanoseconds. */
final class Repeats {
  static final long SHORTEST_TRY = TimeUnit.SECONDS.toNanos(2);
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(5);

  private final ClientOptions options;
  private final long begin; // When retryFor began.
  private long base = FIRST_PAUSE;

  Repeats(ClientOptions options) {
    this.options = options;
    this.begin = options.time.nanos();
  }

  /** How long to wait after a failed try; empty if no other try may follow. */
  OptionalLong next(Failure failure) {
    long left = left();
    Status.Code code = failure.error().statusCode();
    boolean mayHelp =
        code == Status.Code.UNAVAILABLE
            || code == Status.Code.DEADLINE_EXCEEDED
            || code == Status.Code.RESOURCE_EXHAUSTED && failure.pushback() != null;
    if (!mayHelp || left <= 0) {
      return OptionalLong.empty();
    }
    if (failure.pushback() != null) {
      long pause = TimeUnit.MILLISECONDS.toNanos(failure.pushbackMilliseconds());
      return pause < 0 || pause > left ? OptionalLong.empty() : OptionalLong.of(pause);
    }
    long pause = (long) (base * (1 - 0.5 * options.time.random()));
    base = Math.min(2 * base, LONGEST_PAUSE);
    // A pause of our own may end early for a last try.
    return OptionalLong.of(Math.min(pause, left));
  }

  /** The deadline of a try that begins now. */
  long timeout() {
    return Math.max(Math.min(options.tryTimeout.toNanos(), left()), SHORTEST_TRY);
  }

  /** How long the server may be silent after an answer at the moment {@code heard}. */
  long silence(long heard) {
    long left = options.retryFor.toNanos() - (heard - begin);
    return Math.max(Math.min(options.tryTimeout.toNanos(), left), SHORTEST_TRY);
  }

  private long left() {
    return options.retryFor.toNanos() - (options.time.nanos() - begin);
  }
}
