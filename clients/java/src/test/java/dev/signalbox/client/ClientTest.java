package dev.signalbox.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.signalbox.v1.CommitState;
import dev.signalbox.v1.CommitStatus;
import dev.signalbox.v1.GetCommitStatusResponse;
import dev.signalbox.v1.Result;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientTest {
  private static void report(Client client) {
    client.result("acme/widgets", FakeServer.SHA, Result.RESULT_SUCCESS, "ci/build", new Fields().attempt(1));
  }

  @Test
  void repeatsUntilTheTimeIsOver() throws Exception {
    VirtualTime time = new VirtualTime();
    try (FakeServer server = new FakeServer();
        Client client = server.connect(VirtualTime.options(time).retryFor(Duration.ofSeconds(20)))) {
      server.error = call -> FakeServer.error(Status.Code.UNAVAILABLE, "");
      SignalboxException e = assertThrows(SignalboxException.class, () -> report(client));
      assertEquals("UNAVAILABLE", e.code());
      assertTrue(e.mayHaveBeenAccepted());
      assertEquals(List.of(100L, 200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L, 3700L), time.pauses);
      assertEquals(10, server.results.size());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "UNAVAILABLE, 700, 700",
    "UNAVAILABLE, 0, 0",
    "UNAVAILABLE, 60000, 60000",
    "UNAVAILABLE, 60001,",
    "UNAVAILABLE, -1,",
    "UNAVAILABLE, soon,",
    "DEADLINE_EXCEEDED, 5, 5",
    "RESOURCE_EXHAUSTED, 2000, 2000",
    "RESOURCE_EXHAUSTED, '',",
    "INTERNAL, 5,",
  })
  void pushback(Status.Code code, String pushback, Long pause) throws Exception {
    VirtualTime time = new VirtualTime();
    try (FakeServer server = new FakeServer();
        Client client = server.connect(VirtualTime.options(time))) {
      server.error = call -> call == 0 ? FakeServer.error(code, pushback) : null;
      if (pause == null) {
        assertThrows(SignalboxException.class, () -> report(client));
        assertEquals(List.of(), time.pauses);
      } else {
        report(client);
        assertEquals(List.of(pause), time.pauses);
      }
    }
  }

  @Test
  void whichErrorsMayHaveBeenAccepted() {
    Map.of("UNAVAILABLE", true, "DEADLINE_EXCEEDED", true, "INTERNAL", true, "PERMISSION_DENIED", false)
        .forEach(
            (code, accepted) ->
                assertEquals(
                    accepted,
                    Failure.of(Status.Code.valueOf(code), "", "").error().mayHaveBeenAccepted(),
                    code));
    assertTrue(Failure.of(FakeServer.error(Status.Code.RESOURCE_EXHAUSTED, "5"), "").error().mayHaveBeenAccepted());
    assertFalse(Failure.of(FakeServer.error(Status.Code.RESOURCE_EXHAUSTED, ""), "").error().mayHaveBeenAccepted());
  }

  /** Nothing was sent, so the report was certainly not accepted. */
  @Test
  void aClosedClientRefusesCalls() throws Exception {
    try (FakeServer server = new FakeServer()) {
      Client client = server.connect(new ClientOptions());
      ReportStream stream = client.reports();
      client.close();
      for (Executable call :
          List.<Executable>of(
              () -> report(client), client::reports, () -> client.watch(List.of()),
              () -> stream.pending("acme/widgets", FakeServer.SHA, List.of(), new Fields()))) {
        SignalboxException e = assertThrows(SignalboxException.class, call);
        assertEquals("INVALID_ARGUMENT", e.code());
        assertFalse(e.mayHaveBeenAccepted());
      }
    }
  }

  @Test
  void aBrokenConnectionIsUnavailable() {
    Status broken = Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());
    assertEquals("UNAVAILABLE", Failure.of(broken.asRuntimeException(), "").error().code());
    assertEquals("UNKNOWN", Failure.of(Status.UNKNOWN.asRuntimeException(), "").error().code());
  }

  @Test
  void anInterruptedThreadEndsTheRepeats() throws Exception {
    try (FakeServer server = new FakeServer();
        Client client = server.connect(new ClientOptions())) {
      Thread caller = Thread.currentThread();
      server.error =
          call -> {
            caller.interrupt();
            return FakeServer.error(Status.Code.UNAVAILABLE, "50000");
          };
      SignalboxException e = assertThrows(SignalboxException.class, () -> report(client));
      assertTrue(Thread.interrupted());
      assertEquals("CANCELLED", e.code());
    }
  }

  @Test
  void connectRefusesOptionsThatDoNotFit() {
    Map<ClientOptions, String> wrong =
        Map.of(
            new ClientOptions().token("t"), "192.0.2.1:1",
            new ClientOptions().token("a\nb"), "localhost:1",
            new ClientOptions().token("\u00e4"), "localhost:1",
            new ClientOptions().token("t".repeat(4097)), "localhost:1",
            new ClientOptions().caFile("f"), "localhost:1",
            new ClientOptions().serverName("x"), "localhost:1",
            new ClientOptions().tls(true).certFile("f"), "localhost:1",
            new ClientOptions().tls(true).keyFile("f"), "localhost:1",
            new ClientOptions().tls(true), "unix:/s",
            new ClientOptions().tls(true).caFile("pom.xml"), "localhost:1");
    wrong.forEach(
        (options, address) -> {
          SignalboxException e =
              assertThrows(SignalboxException.class, () -> Client.connect(address, options));
          assertEquals("INVALID_ARGUMENT", e.code());
          assertEquals("", e.reason());
          assertFalse(e.mayHaveBeenAccepted());
        });
    SignalboxException e =
        assertThrows(
            SignalboxException.class,
            () -> Client.connect("localhost:1", new ClientOptions().tls(true).caFile("/nothing/here")));
    assertEquals("NOT_FOUND", e.code());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:1", "LOCALHOST:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/run/s",
        "dns:///localhost:1", "localhost"
      })
  void addressesOfThisMachine(String address) {
    assertTrue(Channels.isThisMachine(address));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "::1:5005", "example.com:1", "192.0.2.1:1", "[2001:db8::1]:1", "localhost.example.com:1",
        "dns://192.0.2.1/localhost:1", "[::1:1", "127.0.0.256:1", "[localhost]:1"
      })
  void addressesOfOtherMachines(String address) {
    assertFalse(Channels.isThisMachine(address));
  }

  @Test
  void aResultHasNoFieldsOfPendings() throws Exception {
    try (FakeServer server = new FakeServer();
        Client client = server.connect(new ClientOptions())) {
      for (Fields fields :
          List.of(
              new Fields().expiresAfter(Duration.ofHours(1)),
              new Fields().neverExpires(true),
              new Fields().rerun(true))) {
        SignalboxException e =
            assertThrows(
                SignalboxException.class,
                () -> client.result("acme/widgets", FakeServer.SHA, Result.RESULT_SUCCESS, "", fields));
        assertEquals("INVALID_ARGUMENT", e.code());
      }
    }
  }

  @Test
  void commitStatusJoinsThePages() throws Exception {
    try (FakeServer server = new FakeServer();
        Client client = server.connect(new ClientOptions())) {
      server.onCommit =
          request -> {
            boolean first = request.getPageToken().isEmpty();
            return GetCommitStatusResponse.newBuilder()
                .addStatuses(CommitStatus.newBuilder().setContext(first ? "first" : "second"))
                .setState(first ? CommitState.COMMIT_STATE_PENDING : CommitState.COMMIT_STATE_SUCCESS)
                .setNextPageToken(first ? "2" : "")
                .build();
          };
      GetCommitStatusResponse commit = client.commitStatus("acme/widgets", FakeServer.SHA);
      assertEquals(
          List.of("first", "second"),
          commit.getStatusesList().stream().map(CommitStatus::getContext).toList());
      assertEquals(CommitState.COMMIT_STATE_SUCCESS, commit.getState());
    }
  }
}
