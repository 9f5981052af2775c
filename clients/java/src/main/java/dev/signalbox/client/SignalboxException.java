package dev.signalbox.client;

import io.grpc.Status;

/** The error of every call of this package. */
public final class SignalboxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status.Code code;
  private final String reason;
  private final boolean mayHaveBeenAccepted;
  private final String requestId;

  SignalboxException(Status.Code code, String reason, String message, boolean hasPushback, String requestId) {
    super(message);
    this.requestId = requestId;
    this.code = code;
    this.reason = reason;
    this.mayHaveBeenAccepted =
        switch (code) {
          // The first two come from this end of the connection, or from a proxy: the report may be
          // on its way.
          case CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE -> true;
          case RESOURCE_EXHAUSTED -> hasPushback;
          default -> false;
        };
  }

  static SignalboxException invalid(String message) {
    return new SignalboxException(Status.Code.INVALID_ARGUMENT, "", message, false, "");
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

  /** The id of the call, under which the server's log shows it; empty if no call was made. */
  public String requestId() {
    return requestId;
  }

  Status.Code statusCode() {
    return code;
  }

  @Override
  public String toString() {
    return "Signalbox: " + code + (reason.isEmpty() ? "" : " (" + reason + ")") + ": " + getMessage();
  }
}
