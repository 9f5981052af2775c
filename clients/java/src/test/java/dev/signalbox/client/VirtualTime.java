package dev.signalbox.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A clock that moves when the client sleeps, without chance. */
final class VirtualTime implements Time {
  final List<Long> pauses = new ArrayList<>(); // Milliseconds.
  private long now;

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public double random() {
    return 0;
  }

  @Override
  public void sleep(long nanos, Runnable everySecond) {
    pauses.add(TimeUnit.NANOSECONDS.toMillis(nanos));
    now += nanos;
  }

  static ClientOptions options(VirtualTime time) {
    ClientOptions options = new ClientOptions();
    options.time = time;
    return options;
  }
}
