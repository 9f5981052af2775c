package dev.signalbox.client;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The clock, chance and sleep of a client. Tests replace it. */
interface Time {
  /** A monotonic clock. */
  long nanos();

  /** At least 0 and less than 1. */
  double random();

  /** Calls {@code everySecond} at the beginning and then once a second. */
  void sleep(long nanos, Runnable everySecond) throws InterruptedException;

  /** Real time. */
  Time REAL =
      new Time() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public double random() {
          return ThreadLocalRandom.current().nextDouble();
        }

        @Override
        public void sleep(long nanos, Runnable everySecond) throws InterruptedException {
          long second = TimeUnit.SECONDS.toNanos(1);
          for (long left = nanos; left >= 0; left -= second) {
            everySecond.run();
            TimeUnit.NANOSECONDS.sleep(Math.min(left, second));
          }
        }
      };
}
