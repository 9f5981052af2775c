package dev.signalbox.client;

import dev.signalbox.v1.ReportPendingRequest;
import dev.signalbox.v1.ReportResultRequest;
import dev.signalbox.v1.Result;
import java.time.Duration;
import java.util.List;

/** The optional parts of a report. All may be left out. Not thread-safe. */
public final class Fields {
  private long attempt;
  private String series = "";
  private String description = "";
  private String targetUrl = "";
  private Long ifSequence;
  private boolean newestTextWins;
  private Duration expiresAfter;
  private boolean neverExpires;
  private boolean rerun;

  /**
   * Your number for this run. It grows from run to run of a context on a commit. 0: unnumbered.
   */
  public Fields attempt(long attempt) {
    this.attempt = attempt;
    return this;
  }

  /** Names the counter that the attempt belongs to. */
  public Fields series(String series) {
    this.series = series;
    return this;
  }

  /** A text for people. */
  public Fields description(String description) {
    this.description = description;
    return this;
  }

  /** A link to the run, http or https. */
  public Fields targetUrl(String url) {
    this.targetUrl = url;
    return this;
  }

  /**
   * The server accepts the report only if the newest accepted report of the context has no larger
   * sequence.
   */
  public Fields ifSequence(long sequence) {
    this.ifSequence = sequence;
    return this;
  }

  /** Accepts a report that differs from the held one only in its texts. */
  public Fields newestTextWins(boolean wins) {
    this.newestTextWins = wins;
    return this;
  }

  /**
   * How long the server waits for the result before GitHub shows an error. Pendings only, as are
   * the options below: a result refuses them, and a run uses them for its pending.
   */
  public Fields expiresAfter(Duration duration) {
    this.expiresAfter = duration;
    return this;
  }

  /** Waits for the result for ever. */
  public Fields neverExpires(boolean never) {
    this.neverExpires = never;
    return this;
  }

  /** Runs the contexts again although they have a result. */
  public Fields rerun(boolean rerun) {
    this.rerun = rerun;
    return this;
  }

  /** What a run reports with its result. */
  Fields forResult(String text) {
    return new Fields()
        .attempt(attempt)
        .series(series)
        .targetUrl(targetUrl)
        .newestTextWins(newestTextWins)
        .description(text);
  }

  ReportPendingRequest pending(String repository, String sha, List<String> contexts) {
    ReportPendingRequest.Builder request =
        ReportPendingRequest.newBuilder()
            .setRepository(repository)
            .setSha(sha)
            .addAllContexts(contexts)
            .setAttempt(attempt)
            .setSeries(series)
            .setDescription(description)
            .setTargetUrl(targetUrl)
            .setNewestTextWins(newestTextWins)
            .setNeverExpires(neverExpires)
            .setRerun(rerun);
    if (ifSequence != null) {
      request.setIfSequence(ifSequence);
    }
    if (expiresAfter != null) {
      request.setExpiresAfter(
          com.google.protobuf.Duration.newBuilder()
              .setSeconds(expiresAfter.getSeconds())
              .setNanos(expiresAfter.getNano()));
    }
    return request.build();
  }

  ReportResultRequest result(String repository, String sha, Result result, String context) {
    if (expiresAfter != null || neverExpires || rerun) {
      throw SignalboxException.invalid(
          "expiresAfter, neverExpires and rerun are for pendings; a result has none of them");
    }
    ReportResultRequest.Builder request =
        ReportResultRequest.newBuilder()
            .setRepository(repository)
            .setSha(sha)
            .setContext(context)
            .setResult(result)
            .setAttempt(attempt)
            .setSeries(series)
            .setDescription(description)
            .setTargetUrl(targetUrl)
            .setNewestTextWins(newestTextWins);
    if (ifSequence != null) {
      request.setIfSequence(ifSequence);
    }
    return request.build();
  }
}
