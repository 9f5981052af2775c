package dev.signalbox.client;

import dev.signalbox.v1.Receipt;
import dev.signalbox.v1.Result;

/**
 * A run whose pending was reported, and whose result {@link #close} reports. Not thread-safe.
 *
 * <p>Of several calls of {@link #success} and the like, the last one counts. Without any, close
 * reports an error with the text "ended without a result": Java does not tell it whether the block
 * threw. So call {@link #success} at the end of the block.
 */
public final class Run implements AutoCloseable {
  private final Client client;
  private final String repository;
  private final String sha;
  private final String context;
  private final Fields fields;
  private Receipt receipt;
  private Result result = Result.RESULT_ERROR;
  private String description = "ended without a result";
  private boolean closed;

  Run(Client client, String repository, String sha, String context, Fields fields, Receipt receipt) {
    this.client = client;
    this.repository = repository;
    this.sha = sha;
    this.context = context;
    this.fields = fields;
    this.receipt = receipt;
  }

  /** The receipt of the newest report: of the pending, and after close that of the result. */
  public Receipt receipt() {
    return receipt;
  }

  /** Makes close report success. */
  public void success(String description) {
    choose(Result.RESULT_SUCCESS, description);
  }

  /** Makes close report that the code under test failed. */
  public void failure(String description) {
    choose(Result.RESULT_FAILURE, description);
  }

  /** Makes close report that something other than the code failed. */
  public void error(String description) {
    choose(Result.RESULT_ERROR, description);
  }

  /** Makes close report that a person or program stopped the run. */
  public void cancelled(String description) {
    choose(Result.RESULT_CANCELLED, description);
  }

  /** Makes close report that the run was not necessary. */
  public void skipped(String description) {
    choose(Result.RESULT_SKIPPED, description);
  }

  /** Makes close report that the run took too long. */
  public void timedOut(String description) {
    choose(Result.RESULT_TIMED_OUT, description);
  }

  /** Makes close report that the run gives no verdict. */
  public void neutral(String description) {
    choose(Result.RESULT_NEUTRAL, description);
  }

  private void choose(Result result, String description) {
    this.result = result;
    this.description = description;
  }

  /**
   * Reports the result, also if the thread is interrupted. A second close does nothing.
   *
   * @throws SignalboxException the result could not be reported
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    // A run that was interrupted needs its result most.
    boolean interrupted = Thread.interrupted();
    try {
      receipt = client.result(repository, sha, result, context, fields.forResult(description));
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
