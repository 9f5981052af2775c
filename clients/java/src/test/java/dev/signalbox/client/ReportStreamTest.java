package dev.signalbox.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import dev.signalbox.v1.Receipt;
import dev.signalbox.v1.Result;
import dev.signalbox.v1.StreamReportsRequest;
import dev.signalbox.v1.StreamReportsResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReportStreamTest {
  private FakeServer server;
  private Client client;

  @BeforeEach
  void connect() throws Exception {
    server = new FakeServer();
    client = server.connect(new ClientOptions());
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  /** Sends results of the contexts 1 to count, each of another commit. */
  private static List<CompletableFuture<Receipt>> send(ReportStream stream, int count) {
    List<CompletableFuture<Receipt>> answers = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      answers.add(
          stream.result(
              "acme/widgets", String.format("%040x", i), Result.RESULT_SUCCESS, "" + i, new Fields().attempt(1)));
    }
    return answers;
  }

  private static StreamReportsResponse ok(StreamReportsRequest request) {
    return StreamReportsResponse.newBuilder()
        .setTag(request.getTag())
        .addReceipts(Receipt.newBuilder().setContext(request.getResult().getContext()))
        .build();
  }

  private static StreamReportsResponse error(StreamReportsRequest request, Status.Code code, int retryAfterMs) {
    StreamReportsResponse.Builder answer =
        StreamReportsResponse.newBuilder().setTag(request.getTag()).setCode(code.value());
    if (retryAfterMs > 0) {
      answer.setRetryAfter(Duration.newBuilder().setNanos(retryAfterMs * 1_000_000));
    }
    return answer.build();
  }

  /** Takes one report of a stream; called with the stream's number, from 0. */
  private interface Reader {
    void take(int number, StreamReportsRequest request, StreamObserver<StreamReportsResponse> answers);
  }

  /** Lets the server give each report to `reader`, and end a stream when the client does. */
  private void serve(Reader reader) {
    server.onStream =
        (number, answers) ->
            new StreamObserver<>() {
              @Override
              public void onNext(StreamReportsRequest request) {
                reader.take(number, request, answers);
              }

              @Override
              public void onError(Throwable thrown) {}

              @Override
              public void onCompleted() {
                answers.onCompleted();
              }
            };
  }

  private static String codeOf(CompletableFuture<?> answer) {
    CompletionException e = assertThrows(CompletionException.class, answer::join);
    return ((SignalboxException) e.getCause()).code();
  }

  @Test
  void sendsUnansweredReportsAgainInOrder() {
    List<String> second = new CopyOnWriteArrayList<>();
    serve(
        (number, request, answers) -> {
          String name = request.getResult().getContext();
          if (number > 0) {
            second.add(name);
            answers.onNext(ok(request));
          } else if (name.equals("3") || name.equals("6")) {
            answers.onNext(ok(request));
          } else if (name.equals("10")) {
            answers.onError(Status.UNAVAILABLE.asRuntimeException());
          }
        });
    List<CompletableFuture<Receipt>> futures;
    try (ReportStream stream = client.reports()) {
      futures = send(stream, 10);
    }
    for (int i = 0; i < 10; i++) {
      assertEquals("" + (i + 1), futures.get(i).join().getContext());
    }
    assertEquals(List.of("1", "2", "4", "5", "7", "8", "9", "10"), second);
  }

  @Test
  void anErrorFailsItsReportAlone() {
    List<String> sent = new CopyOnWriteArrayList<>();
    serve(
        (number, request, answers) -> {
          String name = request.getResult().getContext();
          boolean again = sent.contains(name);
          sent.add(name);
          answers.onNext(
              switch (name) {
                case "1" -> error(request, Status.Code.INVALID_ARGUMENT, 0);
                case "2" -> again ? ok(request) : error(request, Status.Code.RESOURCE_EXHAUSTED, 100);
                case "3" -> error(request, Status.Code.RESOURCE_EXHAUSTED, 0);
                default -> ok(request);
              });
        });
    long begin = System.nanoTime();
    List<CompletableFuture<Receipt>> futures;
    try (ReportStream stream = client.reports()) {
      futures = send(stream, 4);
    }
    assertTrue(System.nanoTime() - begin >= TimeUnit.MILLISECONDS.toNanos(100));
    assertEquals("INVALID_ARGUMENT", codeOf(futures.get(0)));
    assertEquals("2", futures.get(1).join().getContext());
    assertEquals("RESOURCE_EXHAUSTED", codeOf(futures.get(2)));
    assertEquals("4", futures.get(3).join().getContext());
    assertEquals(List.of("1", "2", "3", "4", "2"), sent);
  }

  @Test
  void reportsOfACommitDoNotOvertakeEachOther() {
    List<String> sent = new CopyOnWriteArrayList<>();
    serve(
        (number, request, answers) -> {
          String name = request.getResult().getContext();
          boolean again = sent.contains(name);
          sent.add(name);
          if (name.equals("two") && !again) {
            answers.onError(Status.UNAVAILABLE.asRuntimeException());
          } else if (name.equals("one") && !again) {
            answers.onNext(error(request, Status.Code.UNAVAILABLE, 100));
          } else {
            answers.onNext(ok(request));
          }
        });
    try (ReportStream stream = client.reports()) {
      for (String each : List.of("acme/widgets one", "Acme/Widgets two", "acme/other other", "acme/widgets three")) {
        String[] parts = each.split(" ");
        stream.result(parts[0], FakeServer.SHA, Result.RESULT_SUCCESS, parts[1], new Fields());
      }
    }
    assertEquals(List.of("one", "other", "one", "two", "two", "three"), sent);
  }

  @Test
  void aFinalErrorFailsAllThatIsUnanswered() {
    serve(
        (number, request, answers) -> {
          if (number == 0) {
            answers.onError(Status.PERMISSION_DENIED.asRuntimeException());
          } else {
            answers.onNext(ok(request));
          }
        });
    try (ReportStream stream = client.reports()) {
      assertEquals("PERMISSION_DENIED", codeOf(send(stream, 1).get(0)));
      // Only that: the next report opens a new stream.
      send(stream, 2).forEach(CompletableFuture::join);
    }
  }

  @Test
  void givesUpAfterRetryFor() {
    server.close();
    try (Client impatient = server.connect(new ClientOptions().retryFor(java.time.Duration.ofMillis(300)))) {
      List<CompletableFuture<Receipt>> futures;
      try (ReportStream stream = impatient.reports()) {
        futures = send(stream, 3);
      }
      futures.forEach(each -> assertEquals("UNAVAILABLE", codeOf(each)));
    }
  }

  @Test
  void givesUpASilentServer() {
    serve(
        (number, request, answers) -> {
          if (number > 0) {
            answers.onNext(ok(request));
          }
        });
    try (Client impatient = server.connect(new ClientOptions().tryTimeout(java.time.Duration.ofSeconds(1)));
        ReportStream stream = impatient.reports()) {
      long begin = System.nanoTime();
      send(stream, 1).get(0).join();
      assertTrue(System.nanoTime() - begin >= Repeats.SHORTEST_TRY);
    }
  }

  @Test
  void waitsWhileTooManyAreUnanswered() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    serve(
        (number, request, answers) -> {
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          answers.onNext(ok(request));
        });
    ReportStream stream = client.reports(2);
    send(stream, 2);
    CompletableFuture<Void> third = CompletableFuture.runAsync(() -> send(stream, 1));
    assertThrows(java.util.concurrent.TimeoutException.class, () -> third.get(100, TimeUnit.MILLISECONDS));
    release.countDown();
    third.get();
    stream.close();
    assertEquals("INVALID_ARGUMENT", assertThrows(SignalboxException.class, () -> send(stream, 1)).code());
  }

  @Test
  void refusesWhatWouldEndTheStream() {
    try (ReportStream stream = client.reports()) {
      Fields fields = new Fields().description("x".repeat(256 << 10));
      assertEquals(
          "RESOURCE_EXHAUSTED", codeOf(stream.pending("acme/widgets", FakeServer.SHA, List.of(), fields)));
    }
  }

  @Test
  void aClosedClientFailsWhatIsUnanswered() {
    serve((number, request, answers) -> {});
    ReportStream stream = client.reports();
    List<CompletableFuture<Receipt>> futures = send(stream, 2);
    client.close();
    futures.forEach(each -> assertFalse(codeOf(each).isEmpty()));
    stream.close();
  }
}
