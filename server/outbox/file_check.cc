#include "server/outbox/file_check.h"

#include <algorithm>
#include <functional>

#include "common/log.h"

namespace signalbox {
namespace {

// Short, so that other threads hardly notice that the core is busy.
constexpr absl::Duration kSlice = absl::Milliseconds(10);
constexpr int kTimePerWork = 10;
constexpr absl::Duration kNextCheck = absl::Minutes(10);
// A check that was given up has left a long log, which calls wait for. So
// checks take a small part of the time.
constexpr int kWaitPerCheck = 20;

}  // namespace

absl::Time CheckFileSlowly(
    Upkeep* outbox, Clock* clock, absl::FunctionRef<absl::Duration()> cpu_time,
    absl::FunctionRef<bool(absl::Duration)> pause,
    absl::FunctionRef<void(const absl::Status&)> on_failure) {
  if (!outbox->NeedsCheck()) {
    LogInfo(
        "the database needs no check: it is new, or the server before closed "
        "it in order");
    return absl::InfiniteFuture();
  }
  LogInfo(
      "checking the database: the server before did not close it in order, or "
      "had not finished its check");
  const SteadyTime begin = clock->Steady();
  SteadyTime slice_begin = begin;
  absl::Duration work_before = cpu_time();
  const std::function<bool()> cancelled = [&] {
    const absl::Duration passed = clock->Steady() - slice_begin;
    if (passed < kSlice) return false;
    // Waiting for the disk keeps no core busy. But a stop is noticed here even
    // if no pause is needed.
    const absl::Duration left =
        kTimePerWork * (cpu_time() - work_before) - passed;
    const bool go_on = pause(std::max(left, absl::ZeroDuration()));
    slice_begin = clock->Steady();
    work_before = cpu_time();
    return !go_on;
  };
  const absl::Status checked = outbox->CheckFile(cancelled);
  const absl::Duration took = clock->Steady() - begin;
  const double seconds = absl::ToDoubleSeconds(took);
  if (checked.ok()) {
    LogInfo("the database is intact", {{"seconds", seconds}});
  } else if (absl::IsCancelled(checked)) {
    LogInfo(
        "the server stops before it has checked the database; the next start "
        "checks it",
        {{"seconds", seconds}});
  } else if (absl::IsUnavailable(checked)) {
    const absl::Duration next_in = std::max(kNextCheck, kWaitPerCheck * took);
    LogWarning("the database was not checked; the server tries again",
               {{"error", checked.message()},
                {"seconds", seconds},
                {"next_in", absl::FormatDuration(next_in)}});
    return clock->Now() + next_in;
  } else {
    on_failure(checked);
  }
  return absl::InfiniteFuture();
}

}  // namespace signalbox
