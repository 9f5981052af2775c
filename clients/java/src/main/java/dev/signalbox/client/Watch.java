package dev.signalbox.client;

import dev.signalbox.v1.WatchStatusesRequest;
import dev.signalbox.v1.WatchStatusesResponse;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The changes of commit statuses, in order, none missing and none twice. It resumes on a new
 * connection when the server ends the stream, or sends nothing for 150 s. The time of {@link
 * ClientOptions#retryFor} begins anew each time the server stops answering.
 *
 * <pre>{@code
 * try (Watch watch = client.watch(List.of("acme/*"))) {
 *   while (watch.hasNext()) {
 *     WatchStatusesResponse change = watch.next();
 *   }
 * }
 * }</pre>
 *
 * <p>{@link #hasNext} waits for the next change. It returns false once the watch was closed, and
 * throws {@link SignalboxException}; OUT_OF_RANGE: the server no longer keeps the changes after the
 * sequence. One thread reads; any thread may call {@link #close} and {@link #sequence}.
 */
public final class Watch implements Iterator<WatchStatusesResponse>, AutoCloseable {
  private final Client client;
  private final WatchStatusesRequest.Builder request;
  private Repeats repeats; // Null: the server answers, or was not asked yet.
  private Iterator<WatchStatusesResponse> messages; // Null: no stream is open.
  private WatchStatusesResponse change; // Null: the next one was not read yet.
  private volatile OptionalLong sequence;
  private final String requestId;
  private volatile boolean closed;
  private volatile Context.CancellableContext stream = Context.current().withCancellation();

  Watch(Client client, WatchStatusesRequest request) {
    this.client = client;
    this.request = request.toBuilder();
    this.sequence =
        request.hasAfterSequence() ? OptionalLong.of(request.getAfterSequence()) : OptionalLong.empty();
    this.requestId = client.newRequestId();
  }

  /**
   * The number up to which every change was received. Pass it as {@code after_sequence} to resume
   * later. Empty: no message has come yet, and the watch did not begin after a number.
   */
  public OptionalLong sequence() {
    return sequence;
  }

  @Override
  public boolean hasNext() {
    while (change == null && !closed) {
      try {
        WatchStatusesResponse message = read();
        repeats = null;
        sequence = OptionalLong.of(message.getSequence());
        request.setAfterSequence(message.getSequence());
        if (!message.getRepository().isEmpty()) {
          change = message;
        }
      } catch (StatusRuntimeException e) {
        messages = null;
        repeat(e);
      }
    }
    return !closed;
  }

  @Override
  public WatchStatusesResponse next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    WatchStatusesResponse next = change;
    change = null;
    return next;
  }

  /** Ends the watch. A thread in {@link #hasNext} returns. */
  @Override
  public void close() {
    closed = true;
    stream.cancel(null);
  }

  private WatchStatusesResponse read() {
    if (messages == null) {
      stream = Context.current().withCancellation();
      if (closed) {
        stream.cancel(null);
      }
    }
    Context.CancellableContext current = stream;
    ScheduledFuture<?> silence =
        client.timer.schedule(
            () -> current.cancel(new TimeoutException()),
            client.options.longestSilence.toNanos(),
            TimeUnit.NANOSECONDS);
    Context before = current.attach();
    try {
      if (messages == null) {
        messages =
            ClientCalls.blockingServerStreamingCall(
                client.calls(requestId), Methods.WATCH_STATUSES, CallOptions.DEFAULT, request.build());
      }
      if (messages.hasNext()) {
        return messages.next();
      }
    } finally {
      current.detach(before);
      silence.cancel(false);
    }
    // A server may end a stream with its connection, without any error.
    throw Status.UNAVAILABLE.withDescription("the server ended the stream").asRuntimeException();
  }

  private void repeat(StatusRuntimeException e) {
    if (closed) {
      return;
    }
    Failure failure =
        stream.cancellationCause() instanceof TimeoutException
            ? Failure.of(Status.Code.UNAVAILABLE, "the server was silent", requestId)
            : Failure.of(e, requestId);
    if (repeats == null) {
      repeats = new Repeats(client.options);
    }
    OptionalLong pause = client.next(repeats, failure);
    stream.cancel(null);
    if (pause.isEmpty()) {
      throw failure.error();
    }
    client.sleep(pause.getAsLong(), requestId);
  }
}
