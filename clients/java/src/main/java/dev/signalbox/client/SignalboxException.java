package dev.signalbox.client;

import io.grpc.Status;

/** The error of every call of this package. */
public final class SignalboxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status.Code code;
  private final String reason;
  private final boolean mayHaveBeenAccepted;

  SignalboxException(Status.Code code, String reason, String message, boolean asksForRepeat) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.mayHaveBeenAccepted =
        switch (code) {
          // The client itself ended the call: the report may be on its way.
          case CANCELLED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE -> true;
          case RESOURCE_EXHAUSTED -> asksForRepeat;
          default -> false;
        };
  }

  static SignalboxException invalid(String message) {
    return new SignalboxException(Status.Code.INVALID_ARGUMENT, "", message, false);
  }

  /** The name of the gRPC code, such as {@code INVALID_ARGUMENT}. */
  public String code() {
    return code.name();
  }

  /** The server's stable word, such as {@code INVALID_SHA}; empty if it gave none. */
  public String reason() {
    return reason;
  }

  /**
   * Whether the server may have accepted the report although the call failed. If false, the server
   * did not accept it.
   */
  public boolean mayHaveBeenAccepted() {
    return mayHaveBeenAccepted;
  }

  Status.Code statusCode() {
    return code;
  }

  @Override
  public String toString() {
    return "Signalbox: " + code + (reason.isEmpty() ? "" : " (" + reason + ")") + ": " + getMessage();
  }
}
