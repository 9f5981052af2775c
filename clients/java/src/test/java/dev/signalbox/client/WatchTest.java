package dev.signalbox.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.signalbox.v1.WatchStatusesRequest;
import dev.signalbox.v1.WatchStatusesResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WatchTest {
  private static WatchStatusesResponse change(long sequence) {
    return WatchStatusesResponse.newBuilder().setSequence(sequence).setRepository("acme/widgets").build();
  }

  @Test
  void resumesAfterTheLastSequence() throws Exception {
    ClientOptions options = new ClientOptions();
    options.longestSilence = Duration.ofMillis(300);
    List<Long> asked = new CopyOnWriteArrayList<>();
    List<Long> seen = new ArrayList<>();
    try (FakeServer server = new FakeServer();
        Client client = server.connect(options)) {
      server.onWatch =
          (number, request, answers) -> {
            asked.add(request.getAfterSequence());
            switch (number) {
              case 0 -> {
                answers.onNext(change(6));
                answers.onNext(WatchStatusesResponse.newBuilder().setSequence(9).build());
                answers.onCompleted();
              }
              case 1 -> {} // Silence.
              case 2 -> {
                answers.onNext(change(10));
                answers.onError(Status.UNAVAILABLE.asRuntimeException());
              }
              default -> answers.onError(Status.OUT_OF_RANGE.asRuntimeException());
            }
          };
      try (Watch watch = client.watch(WatchStatusesRequest.newBuilder().setAfterSequence(5).build())) {
        assertEquals(5, watch.sequence().getAsLong());
        SignalboxException e =
            assertThrows(
                SignalboxException.class,
                () -> {
                  while (watch.hasNext()) {
                    seen.add(watch.next().getSequence());
                  }
                });
        assertEquals("OUT_OF_RANGE", e.code());
        assertEquals(10, watch.sequence().getAsLong());
      }
    }
    assertEquals(List.of(6L, 10L), seen);
    assertEquals(List.of(5L, 9L, 9L, 10L), asked);
  }

  @Test
  void closeEndsAThreadThatWaits() throws Exception {
    try (FakeServer server = new FakeServer();
        Client client = server.connect(new ClientOptions())) {
      server.onWatch = (number, request, answers) -> answers.onNext(change(1));
      Watch watch = client.watch(List.of());
      assertEquals(1, watch.next().getSequence());
      CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(watch::hasNext);
      watch.close();
      assertFalse(waiting.join());
    }
  }

  @Test
  void givesUpAfterRetryFor() throws Exception {
    VirtualTime time = new VirtualTime();
    try (FakeServer server = new FakeServer();
        Client client = server.connect(VirtualTime.options(time))) {
      server.onWatch = (number, request, answers) -> answers.onError(Status.UNAVAILABLE.asRuntimeException());
      try (Watch watch = client.watch(List.of())) {
        assertEquals("UNAVAILABLE", assertThrows(SignalboxException.class, watch::hasNext).code());
      }
      assertEquals(60_000, time.pauses.stream().mapToLong(Long::longValue).sum());
    }
  }
}
