package dev.signalbox.client;

import dev.signalbox.v1.Receipt;
import dev.signalbox.v1.Result;
import dev.signalbox.v1.StreamReportsRequest;
import dev.signalbox.v1.StreamReportsResponse;
import io.grpc.CallOptions;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Sends many reports over one stream, which costs much less than a call for each.
 *
 * <p>The reports of one commit go one after the other, each after the answer to the one before it,
 * so that a report that is sent again never overtakes a later one. Those of different commits do
 * not wait for each other.
 *
 * <p>When the stream ends, as it does with its connection every half hour, it is opened anew, and
 * every unanswered report is sent again, in order. It gives up, and fails all unanswered reports,
 * by the rules of every call; the time of {@link ClientOptions#retryFor} begins anew after each
 * answer. A report that the server answers with an error fails alone, or is sent again if the
 * server asks for that.
 *
 * <p>A future fails with {@link SignalboxException}. What depends on it runs in a thread of the
 * connection: use the methods of CompletableFuture that end in Async for all that waits.
 *
 * <p>Thread-safe.
 */
public final class ReportStream implements AutoCloseable {
  // The server ends the stream after a message over 256 KiB, and with it the other reports. The tag
  // needs some bytes.
  private static final int LARGEST_REPORT = (256 << 10) - 16;

  private final Client client;
  private final String requestId; // The stream is one call.
  private final Semaphore slots;

  // All that follows is guarded by this.
  private final TreeMap<Long, Report> unanswered = new TreeMap<>(); // By tag.
  private final Map<String, Deque<Report>> commits = new HashMap<>(); // The unanswered of each.
  private final TreeMap<Long, Report> ready = new TreeMap<>(); // Those to send now, by tag.
  private long lastTag;
  private boolean closing;
  private Stream stream; // Null: none is open.
  private boolean pausing; // Until the next stream.
  private Repeats repeats; // Of streams that ended.

  /** A report without its final answer. */
  private static final class Report {
    private final StreamReportsRequest request;
    private final CompletableFuture<List<Receipt>> answer = new CompletableFuture<>();
    private final String commit;
    private boolean inFlight; // It was sent over the present stream.
    private boolean waits; // For the end of a pause that the server asked for.
    private Repeats repeats; // Of such answers; null: there was none.

    Report(StreamReportsRequest request, String commit) {
      this.request = request;
      this.commit = commit;
    }

    long tag() {
      return request.getTag();
    }
  }

  ReportStream(Client client, int maxInFlight) {
    this.client = client;
    this.requestId = client.newRequestId();
    this.slots = new Semaphore(maxInFlight);
  }

  /**
   * Sends a report as {@link Client#pending} does. Waits while too many are unanswered.
   *
   * @throws SignalboxException CANCELLED: the thread was interrupted
   * @throws SignalboxException INVALID_ARGUMENT: the stream was closed
   */
  public CompletableFuture<List<Receipt>> pending(
      String repository, String sha, List<String> contexts, Fields fields) {
    return send(
        repository + " " + sha,
        StreamReportsRequest.newBuilder().setPending(fields.pending(repository, sha, contexts)));
  }

  /** Sends a report as {@link Client#result} does. Waits and throws as {@link #pending} does. */
  public CompletableFuture<Receipt> result(
      String repository, String sha, Result result, String context, Fields fields) {
    return send(
            repository + " " + sha,
            StreamReportsRequest.newBuilder().setResult(fields.result(repository, sha, result, context)))
        .thenApply(receipts -> receipts.isEmpty() ? Receipt.getDefaultInstance() : receipts.get(0));
  }

  /** Waits until every report is answered, and ends the stream. */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      try {
        while (!unanswered.isEmpty()) {
          wait();
        }
        endStream();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    abort();
    client.forget(this);
  }

  /** Ends the stream at once, and fails what is unanswered. */
  void abort() {
    List<Runnable> completions = new ArrayList<>();
    synchronized (this) {
      closing = true;
      if (stream != null) {
        stream.cancel();
        stream = null;
      }
      failAll(Failure.of(Status.Code.CANCELLED, "the stream of reports was closed", requestId).error(), completions);
    }
    completions.forEach(Runnable::run);
  }

  private void endStream() throws InterruptedException {
    if (stream == null) {
      return;
    }
    stream.calls.onCompleted();
    // All is answered, so an end that does not come is no loss.
    long end = client.options.time.nanos() + Repeats.SHORTEST_TRY;
    for (long left = Repeats.SHORTEST_TRY; stream != null && left > 0; ) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = end - client.options.time.nanos();
    }
  }

  private CompletableFuture<List<Receipt>> send(String commit, StreamReportsRequest.Builder request) {
    if (request.build().getSerializedSize() > LARGEST_REPORT) {
      return CompletableFuture.failedFuture(
          Failure.of(Status.Code.RESOURCE_EXHAUSTED, "the report is larger than 256 KiB", "").error());
    }
    try {
      slots.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Failure.of(Status.Code.CANCELLED, "the thread was interrupted", requestId).error();
    }
    synchronized (this) {
      if (closing) {
        slots.release();
        throw SignalboxException.invalid("the stream of reports is closed");
      }
      Report report = new Report(request.setTag(++lastTag).build(), commit.toLowerCase(Locale.ROOT));
      if (unanswered.isEmpty()) {
        repeats = new Repeats(client.options);
      }
      unanswered.put(lastTag, report);
      Deque<Report> reports = commits.computeIfAbsent(report.commit, key -> new ArrayDeque<>());
      reports.add(report);
      if (reports.size() == 1) {
        ready.put(lastTag, report);
        flush();
      }
      return report.answer;
    }
  }

  /** Sends what is ready, if it can be sent. At most maxInFlight reports are in buffers. */
  private synchronized void flush() {
    if (pausing || ready.isEmpty()) {
      return;
    }
    if (stream == null) {
      stream = new Stream();
      ClientCalls.asyncBidiStreamingCall(
          client.calls(requestId).newCall(Methods.STREAM_REPORTS, CallOptions.DEFAULT), stream);
    }
    stream.send(ready.values());
    ready.clear();
  }

  /** Takes an answer of the server. */
  private void settle(Stream from, StreamReportsResponse answer) {
    Runnable completion = null;
    synchronized (this) {
      Report report = unanswered.get(answer.getTag());
      if (from != stream || report == null || !report.inFlight) {
        return;
      }
      report.inFlight = false;
      from.answered();
      repeats = new Repeats(client.options);
      if (answer.getCode() == 0) {
        completion = answered(report, () -> report.answer.complete(answer.getReceiptsList()));
      } else {
        Failure failure = Failure.of(answer, requestId);
        if (report.repeats == null) {
          report.repeats = new Repeats(client.options);
        }
        OptionalLong pause = client.next(report.repeats, failure);
        if (pause.isPresent()) {
          report.waits = true;
          client.timer.schedule(() -> sendAgain(report), pause.getAsLong(), TimeUnit.NANOSECONDS);
        } else {
          completion = answered(report, () -> report.answer.completeExceptionally(failure.error()));
        }
      }
    }
    if (completion != null) {
      completion.run();
    }
  }

  private synchronized void sendAgain(Report report) {
    report.waits = false;
    if (unanswered.containsKey(report.tag())) {
      ready.put(report.tag(), report);
      flush();
    }
  }

  /** Takes a report that was answered out, and sends the next one of its commit. */
  private Runnable answered(Report report, Runnable complete) {
    Deque<Report> reports = commits.get(report.commit);
    reports.remove();
    if (reports.isEmpty()) {
      commits.remove(report.commit);
    } else {
      ready.put(reports.element().tag(), reports.element());
      flush();
    }
    return finish(report, complete);
  }

  /** The stream ended. */
  private void ended(Stream ended, Failure failure) {
    List<Runnable> completions = new ArrayList<>();
    synchronized (this) {
      if (ended != stream) {
        return;
      }
      stream = null;
      notifyAll();
      if (unanswered.isEmpty()) {
        return;
      }
      OptionalLong pause = client.next(repeats, failure);
      if (pause.isPresent()) {
        pausing = true;
        client.after(pause.getAsLong(), this::resume);
      } else {
        failAll(failure.error(), completions);
      }
    }
    completions.forEach(Runnable::run);
  }

  private synchronized void resume() {
    pausing = false;
    for (Deque<Report> reports : commits.values()) {
      Report first = reports.element();
      first.inFlight = false;
      if (!first.waits) {
        ready.put(first.tag(), first);
      }
    }
    flush();
  }

  private void failAll(SignalboxException error, List<Runnable> completions) {
    for (Report report : List.copyOf(unanswered.values())) {
      completions.add(finish(report, () -> report.answer.completeExceptionally(error)));
    }
    commits.clear();
    ready.clear();
  }

  /** Returns what to do outside of the lock, where others may wait for it. */
  private Runnable finish(Report report, Runnable complete) {
    unanswered.remove(report.tag());
    slots.release();
    notifyAll();
    return complete;
  }

  /** One stream. Its callbacks run in threads of gRPC. */
  private final class Stream implements ClientResponseObserver<StreamReportsRequest, StreamReportsResponse> {
    private ClientCallStreamObserver<StreamReportsRequest> calls;
    private int inFlight;
    private long heard; // When the server last answered, or should have begun to.
    private boolean isTimed; // Whether the timer looks after it.

    @Override
    public void beforeStart(ClientCallStreamObserver<StreamReportsRequest> calls) {
      this.calls = calls;
    }

    void send(Iterable<Report> reports) {
      if (inFlight == 0) {
        heard = client.options.time.nanos();
      }
      for (Report report : reports) {
        inFlight++;
        report.inFlight = true;
        calls.onNext(report.request);
      }
      if (!isTimed) {
        isTimed = true;
        watchForSilence();
      }
    }

    void answered() {
      inFlight--;
      heard = client.options.time.nanos();
    }

    void cancel() {
      calls.cancel("the client ended the stream", null);
    }

    /** Ends the stream if the server owes answers and gives none for the time of a try. */
    private void watchForSilence() {
      synchronized (ReportStream.this) {
        if (stream != this) {
          return;
        }
        long left = Repeats.SHORTEST_TRY; // No limit is shorter, so none is overlooked.
        if (inFlight > 0) {
          left = repeats.silence(heard) - (client.options.time.nanos() - heard);
        }
        if (left > 0) {
          client.timer.schedule(this::watchForSilence, left, TimeUnit.NANOSECONDS);
          return;
        }
      }
      // First, so that the end that follows from the cancellation counts for nothing.
      ended(this, Failure.of(Status.Code.DEADLINE_EXCEEDED, "the server did not answer in time", requestId));
      cancel();
    }

    @Override
    public void onNext(StreamReportsResponse answer) {
      settle(this, answer);
    }

    @Override
    public void onError(Throwable thrown) {
      ended(this, Failure.of(thrown, requestId));
    }

    @Override
    public void onCompleted() {
      ended(this, Failure.of(Status.Code.UNAVAILABLE, "the server ended the stream", requestId));
    }
  }
}
