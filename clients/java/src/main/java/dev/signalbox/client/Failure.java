package dev.signalbox.client;

import dev.signalbox.v1.StreamReportsResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;

/**
 * How a try ended.
 *
 * @param pushback the server's {@code grpc-retry-pushback-ms}; null if it sent none
 */
record Failure(SignalboxException error, String pushback) {
  private static final Metadata.Key<String> REASON = key("signalbox-reason");
  private static final Metadata.Key<String> PUSHBACK = key("grpc-retry-pushback-ms");

  static Failure of(Throwable thrown, String requestId) {
    Status status = Status.fromThrowable(thrown);
    Metadata trailers = Status.trailersFromThrowable(thrown);
    String reason = trailers == null ? null : trailers.get(REASON);
    String pushback = trailers == null ? null : trailers.get(PUSHBACK);
    Status.Code code = status.getCode();
    if (code == Status.Code.UNKNOWN && status.getCause() instanceof IOException) {
      // How grpc-java calls a connection that broke while it was written to. A server's own UNKNOWN
      // has no cause.
      code = Status.Code.UNAVAILABLE;
    }
    return of(code, reason == null ? "" : reason, status.getDescription(), pushback, requestId);
  }

  static Failure of(Status.Code code, String message, String requestId) {
    return of(code, "", message, null, requestId);
  }

  /** Of an answer in a stream, whose code is not 0. */
  static Failure of(StreamReportsResponse answer, String requestId) {
    String pushback = null;
    if (answer.hasRetryAfter()) {
      long milliseconds =
          answer.getRetryAfter().getSeconds() * 1000 + answer.getRetryAfter().getNanos() / 1_000_000;
      pushback = Long.toString(milliseconds);
    }
    return of(
        Status.fromCodeValue(answer.getCode()).getCode(),
        answer.getReason(),
        answer.getMessage(),
        pushback,
        requestId);
  }

  private static Failure of(Status.Code code, String reason, String message, String pushback, String requestId) {
    String text = message == null ? code.name() : message;
    return new Failure(new SignalboxException(code, reason, text, pushback != null, requestId), pushback);
  }

  /** The pause that the server asks for. Negative: it forbids a repeat, or asks for nothing. */
  long pushbackMilliseconds() {
    return milliseconds(pushback);
  }

  private static long milliseconds(String pushback) {
    try {
      // By gRPC's rules (proposal A6), any other value forbids a repeat.
      return pushback == null ? -1 : Integer.parseInt(pushback);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
