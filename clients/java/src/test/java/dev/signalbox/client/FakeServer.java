package dev.signalbox.client;

import dev.signalbox.v1.GetCommitStatusRequest;
import dev.signalbox.v1.GetCommitStatusResponse;
import dev.signalbox.v1.Receipt;
import dev.signalbox.v1.ReportPendingRequest;
import dev.signalbox.v1.ReportPendingResponse;
import dev.signalbox.v1.ReportResultRequest;
import dev.signalbox.v1.ReportResultResponse;
import dev.signalbox.v1.StreamReportsRequest;
import dev.signalbox.v1.StreamReportsResponse;
import dev.signalbox.v1.WatchStatusesRequest;
import dev.signalbox.v1.WatchStatusesResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;

/** A server that answers as its functions say, and keeps what it was asked. */
final class FakeServer implements AutoCloseable {
  static final String SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

  /** How the server answers a stream; called with its number, from 0. */
  interface Streams<Q, A> {
    StreamObserver<Q> open(int number, StreamObserver<A> answers);
  }

  /** How the server answers a watch; called with its number, from 0. */
  interface Watches {
    void open(int number, WatchStatusesRequest request, StreamObserver<WatchStatusesResponse> answers);
  }

  final List<ReportPendingRequest> pendings = new CopyOnWriteArrayList<>();
  final List<ReportResultRequest> results = new CopyOnWriteArrayList<>();
  final AtomicInteger streams = new AtomicInteger();
  IntFunction<Throwable> error = call -> null; // Of the result with this number; null: OK.
  Function<GetCommitStatusRequest, GetCommitStatusResponse> onCommit;
  Streams<StreamReportsRequest, StreamReportsResponse> onStream;
  Watches onWatch;
  private final Server server;
  private final int port;

  FakeServer() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(
                ServerServiceDefinition.builder(Methods.SERVICE)
                    .addMethod(Methods.REPORT_PENDING, ServerCalls.asyncUnaryCall(this::pending))
                    .addMethod(Methods.REPORT_RESULT, ServerCalls.asyncUnaryCall(this::result))
                    .addMethod(
                        Methods.GET_COMMIT_STATUS,
                        ServerCalls.asyncUnaryCall(
                            (GetCommitStatusRequest request, StreamObserver<GetCommitStatusResponse> answer) -> {
                              answer.onNext(onCommit.apply(request));
                              answer.onCompleted();
                            }))
                    .addMethod(
                        Methods.STREAM_REPORTS,
                        ServerCalls.asyncBidiStreamingCall(
                            (StreamObserver<StreamReportsResponse> answers) ->
                                onStream.open(streams.getAndIncrement(), answers)))
                    .addMethod(
                        Methods.WATCH_STATUSES,
                        ServerCalls.asyncServerStreamingCall(
                            (WatchStatusesRequest request, StreamObserver<WatchStatusesResponse> answers) ->
                                onWatch.open(streams.getAndIncrement(), request, answers)))
                    .build())
            .build()
            .start();
    port = server.getPort();
  }

  Client connect(ClientOptions options) {
    return Client.connect("127.0.0.1:" + port, options);
  }

  static Throwable error(Status.Code code, String pushback) {
    Metadata trailers = new Metadata();
    if (!pushback.isEmpty()) {
      trailers.put(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), pushback);
    }
    return code.toStatus().withDescription("no").asRuntimeException(trailers);
  }

  private void pending(ReportPendingRequest request, StreamObserver<ReportPendingResponse> answer) {
    pendings.add(request);
    answer.onNext(ReportPendingResponse.getDefaultInstance());
    answer.onCompleted();
  }

  private void result(ReportResultRequest request, StreamObserver<ReportResultResponse> answer) {
    Throwable thrown;
    synchronized (results) {
      thrown = error.apply(results.size());
      results.add(request);
    }
    if (thrown != null) {
      answer.onError(thrown);
      return;
    }
    answer.onNext(
        ReportResultResponse.newBuilder()
            .setReceipt(Receipt.newBuilder().setContext(request.getContext()))
            .build());
    answer.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
