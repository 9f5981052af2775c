package dev.signalbox.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.signalbox.v1.ReportPendingRequest;
import dev.signalbox.v1.ReportResultRequest;
import dev.signalbox.v1.Result;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RunTest {
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

  private void run(Consumer<Run> block) {
    Fields fields = new Fields().attempt(3).series("s").expiresAfter(Duration.ofHours(1));
    try (Run run = client.run("acme/widgets", FakeServer.SHA, "", fields)) {
      block.accept(run);
    }
  }

  private void expect(Result result, String description) {
    assertEquals(1, server.pendings.size());
    assertEquals(1, server.results.size());
    ReportPendingRequest pending = server.pendings.get(0);
    assertEquals(List.of("ci/build"), pending.getContextsList());
    assertEquals(3600, pending.getExpiresAfter().getSeconds());
    ReportResultRequest reported = server.results.get(0);
    assertEquals("ci/build", reported.getContext());
    assertEquals(3, reported.getAttempt());
    assertEquals("s", reported.getSeries());
    assertEquals(result, reported.getResult());
    assertEquals(description, reported.getDescription());
  }

  @Test
  void theLastResultCounts() {
    run(
        run -> {
          run.success("a");
          run.failure("b");
        });
    expect(Result.RESULT_FAILURE, "b");
  }

  @Test
  void withoutAResultItIsAnError() {
    run(run -> {});
    expect(Result.RESULT_ERROR, "ended without a result");
  }

  @Test
  void anExceptionGoesOn() {
    IllegalStateException own = new IllegalStateException("own");
    assertEquals(
        own,
        assertThrows(
            IllegalStateException.class,
            () ->
                run(
                    run -> {
                      throw own;
                    })));
    expect(Result.RESULT_ERROR, "ended without a result");
  }

  @Test
  void aSecondCloseDoesNothing() {
    run(
        run -> {
          run.neutral("d");
          run.close();
        });
    expect(Result.RESULT_NEUTRAL, "d");
  }

  @Test
  void anInterruptedThreadReportsAndStaysInterrupted() {
    run(
        run -> {
          run.cancelled("stopped");
          Thread.currentThread().interrupt();
        });
    assertTrue(Thread.interrupted());
    expect(Result.RESULT_CANCELLED, "stopped");
  }

  @Test
  void aResultThatCannotBeReportedIsThrownOrSuppressed() {
    server.error = call -> FakeServer.error(Status.Code.PERMISSION_DENIED, "");
    assertThrows(SignalboxException.class, () -> run(run -> run.success("")));
    IllegalStateException own =
        assertThrows(
            IllegalStateException.class,
            () ->
                run(
                    run -> {
                      throw new IllegalStateException("own");
                    }));
    assertEquals(SignalboxException.class, own.getSuppressed()[0].getClass());
  }

  @Test
  void theBlockDoesNotBeginWithoutItsPending() {
    server.close();
    client.close();
    client = server.connect(new ClientOptions().retryFor(Duration.ZERO));
    assertThrows(
        SignalboxException.class,
        () ->
            run(
                run -> {
                  throw new AssertionError("the block began");
                }));
  }
}
