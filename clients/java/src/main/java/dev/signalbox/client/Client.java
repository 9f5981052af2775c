package dev.signalbox.client;

import dev.signalbox.v1.CommitStatus;
import dev.signalbox.v1.GetCommitStatusRequest;
import dev.signalbox.v1.GetCommitStatusResponse;
import dev.signalbox.v1.GetServerInfoRequest;
import dev.signalbox.v1.GetServerInfoResponse;
import dev.signalbox.v1.IssueTokenRequest;
import dev.signalbox.v1.IssueTokenResponse;
import dev.signalbox.v1.Receipt;
import dev.signalbox.v1.ReportPendingRequest;
import dev.signalbox.v1.ReportResultRequest;
import dev.signalbox.v1.Result;
import dev.signalbox.v1.WatchStatusesRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Reports to a Signalbox server, which sets commit statuses at GitHub, and reads from it.
 *
 * <p>A call is repeated until the server answers or the time is over, so a call that returns means
 * that the report is on the server's disk. If the answer is lost, the same report is sent again,
 * which is always safe if it has an attempt.
 *
 * <p>Every call throws {@link SignalboxException}. If the thread is interrupted, its code is
 * CANCELLED, and the thread stays interrupted. Thread-safe.
 */
public final class Client implements AutoCloseable {
  private static final String DEFAULT_ADDRESS = "127.0.0.1:50051";
  private static final String DEFAULT_CONTEXT = "ci/build";
  private static final Metadata.Key<String> REQUEST_ID =
      Metadata.Key.of("signalbox-request-id", Metadata.ASCII_STRING_MARSHALLER);
  // Of one answer; no server has more.
  private static final int MOST_PAGES = 10_000;

  final ClientOptions options;
  // For the streams' pauses and time limits.
  final ScheduledThreadPoolExecutor timer;
  private final ManagedChannel channel;
  private final Channel calls; // The channel, with the token.
  private final SecureRandom random = new SecureRandom();
  private final Set<ReportStream> streams = ConcurrentHashMap.newKeySet();

  private Client(ManagedChannel channel, ClientOptions options) {
    this.options = options;
    this.channel = channel;
    Metadata headers = new Metadata();
    if (!options.token.isEmpty()) {
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + options.token);
    }
    calls = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "signalbox-timer");
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.DiscardPolicy());
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Makes a client for the server at 127.0.0.1:50051. */
  public static Client connect() {
    return connect(DEFAULT_ADDRESS, new ClientOptions());
  }

  /** Makes a client without TLS and without a token. */
  public static Client connect(String address) {
    return connect(address, new ClientOptions());
  }

  /**
   * Makes a client for the server at {@code address}, {@code HOST:PORT} or {@code unix:PATH}. It
   * connects at the first call. It reads nothing from the environment.
   *
   * @throws SignalboxException INVALID_ARGUMENT if the options do not fit together or a file is no
   *     PEM; NOT_FOUND or PERMISSION_DENIED if a file cannot be read
   */
  public static Client connect(String address, ClientOptions options) {
    ClientOptions copy = new ClientOptions(options);
    return new Client(Channels.open(address, copy), copy);
  }

  /**
   * Reports that work on contexts has begun. No contexts: those that the server's configuration
   * expects of the repository.
   *
   * @return a receipt for each context
   */
  public List<Receipt> pending(String repository, String sha, List<String> contexts, Fields fields) {
    ReportPendingRequest request = fields.pending(repository, sha, contexts);
    return call(Methods.REPORT_PENDING, request).getReceiptsList();
  }

  /** Reports how a run ended. An empty context means {@code ci/build}. */
  public Receipt result(String repository, String sha, Result result, String context, Fields fields) {
    ReportResultRequest request = fields.result(repository, sha, result, context);
    return call(Methods.REPORT_RESULT, request).getReceipt();
  }

  /**
   * Reports a context as pending, and its result when the run is closed. An empty context means
   * {@code ci/build}. The attempt, the series, the target URL and newestTextWins also go with the
   * result; the other fields with the pending only.
   *
   * <pre>{@code
   * try (Run run = client.run("acme/widgets", sha, "ci/build", new Fields().attempt(7))) {
   *   ...
   *   run.success("all tests passed");
   * }
   * }</pre>
   */
  public Run run(String repository, String sha, String context, Fields fields) {
    String name = context.isEmpty() ? DEFAULT_CONTEXT : context;
    List<Receipt> receipts = pending(repository, sha, List.of(name), fields);
    Receipt receipt = receipts.isEmpty() ? Receipt.getDefaultInstance() : receipts.get(0);
    return new Run(this, repository, sha, name, fields.forResult(""), receipt);
  }

  /** Opens a stream of reports of which up to 1,000 are unanswered at a time. */
  public ReportStream reports() {
    return reports(1000);
  }

  /** Opens a stream of reports of which up to {@code maxInFlight} are unanswered at a time. */
  public ReportStream reports(int maxInFlight) {
    checkOpen();
    ReportStream stream = new ReportStream(this, maxInFlight);
    streams.add(stream);
    return stream;
  }

  /** Watches all changes of these repositories, globs, from now on. None: of all repositories. */
  public Watch watch(List<String> repositories) {
    return watch(WatchStatusesRequest.newBuilder().addAllRepositories(repositories).build());
  }

  /** Watches all changes that the request selects. */
  public Watch watch(WatchStatusesRequest request) {
    checkOpen();
    return new Watch(this, request);
  }

  /**
   * Returns the newest report of each context of a commit. Reads all pages and joins them.
   *
   * @throws SignalboxException NOT_FOUND: nothing was ever reported for the commit
   */
  public GetCommitStatusResponse commitStatus(String repository, String sha) {
    List<CommitStatus> statuses = new ArrayList<>();
    String token = "";
    for (int i = 0; i < MOST_PAGES; i++) {
      GetCommitStatusRequest request =
          GetCommitStatusRequest.newBuilder().setRepository(repository).setSha(sha).setPageToken(token).build();
      GetCommitStatusResponse page = call(Methods.GET_COMMIT_STATUS, request);
      statuses.addAll(page.getStatusesList());
      token = page.getNextPageToken();
      if (token.isEmpty()) {
        // The last page was read last, so its state is the newest.
        return page.toBuilder().clearStatuses().addAllStatuses(statuses).build();
      }
    }
    throw new SignalboxException(
        Status.Code.INTERNAL, "", "the pages of the server's answer do not end", false, "");
  }

  /** Returns which server this is, what it can do, and what the caller may do. */
  public GetServerInfoResponse serverInfo() {
    return call(Methods.GET_SERVER_INFO, GetServerInfoRequest.getDefaultInstance());
  }

  /**
   * Returns a token that may do no more than the caller's own, and not for long. The request says
   * what it may do less, and for how long it is valid.
   */
  public IssueTokenResponse issueToken(IssueTokenRequest request) {
    return call(Methods.ISSUE_TOKEN, request);
  }

  /** Asks the server's health service whether it serves. False: it is about to stop. */
  public boolean isServing() {
    return call(HealthGrpc.getCheckMethod(), HealthCheckRequest.getDefaultInstance()).getStatus()
        == ServingStatus.SERVING;
  }

  /** Ends the connection, and with it all calls and streams. */
  @Override
  public void close() {
    channel.shutdownNow();
    timer.shutdownNow();
    streams.forEach(ReportStream::abort);
  }

  /** Makes tries until one succeeds, an error is final, or the time is over. */
  private <Q, A> A call(MethodDescriptor<Q, A> method, Q request) {
    checkOpen();
    Repeats repeats = new Repeats(options);
    String requestId = newRequestId();
    while (true) {
      try {
        CallOptions callOptions =
            CallOptions.DEFAULT.withDeadlineAfter(repeats.timeout(), TimeUnit.NANOSECONDS);
        return ClientCalls.blockingUnaryCall(calls(requestId), method, callOptions, request);
      } catch (StatusRuntimeException e) {
        Failure failure = Failure.of(e, requestId);
        OptionalLong pause = next(repeats, failure);
        if (pause.isEmpty()) {
          throw failure.error();
        }
        sleep(pause.getAsLong(), requestId);
        if (channel.isShutdown()) {
          throw failure.error(); // The next try would not begin, but this one may have done.
        }
      }
    }
  }

  /** As Repeats.next. A client that was closed repeats nothing. */
  OptionalLong next(Repeats repeats, Failure failure) {
    return channel.isShutdown() ? OptionalLong.empty() : repeats.next(failure);
  }

  void sleep(long nanos, String requestId) {
    try {
      options.time.sleep(nanos, this::reconnect);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SignalboxException(Status.Code.CANCELLED, "", "the thread was interrupted", false, requestId);
    }
  }

  /** Runs the task after a pause, on the timer's thread. */
  void after(long nanos, Runnable task) {
    reconnect();
    long second = TimeUnit.SECONDS.toNanos(1);
    if (nanos > second) {
      timer.schedule(() -> after(nanos - second, task), second, TimeUnit.NANOSECONDS);
    } else {
      timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }
  }

  /**
   * Ends gRPC's own pause after a connection that failed. It grows to two minutes, and cannot be
   * changed; every call fails meanwhile.
   */
  private void reconnect() {
    channel.resetConnectBackoff();
  }

  /** Throws if the client was closed. */
  void checkOpen() {
    if (channel.isShutdown()) {
      throw SignalboxException.invalid("the client is closed");
    }
  }

  /** The id of a call that begins, which its repeats keep. */
  String newRequestId() {
    if (!options.requestId.isEmpty()) {
      return options.requestId;
    }
    return String.format("%016x", random.nextLong());
  }

  /** The channel, with the token and the id of a call. */
  Channel calls(String requestId) {
    Metadata headers = new Metadata();
    headers.put(REQUEST_ID, requestId);
    return ClientInterceptors.intercept(calls, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  void forget(ReportStream stream) {
    streams.remove(stream);
  }
}
