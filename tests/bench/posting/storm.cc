#include <random>

#include "tests/bench/posting/posting_world.h"
#include "tests/bench/posting/suites.h"
#include "tests/support/key_report.h"

namespace signalbox {

std::vector<Figure> Storm(const StormOptions& options) {
  PostingWorld::Options world_options;
  world_options.pace.per_minute = 180;
  PostingWorld world(world_options);

  // All transitions come within ten seconds, a slice of them every 50 ms. A key
  // has ten runs, which begin and end. One key in ten has begun another run.
  const absl::Time begin = world.clock().Now();
  const int slices = 200;
  std::mt19937 random(1);
  const int64_t all = int64_t{options.keys} * options.transitions;
  int64_t reported = 0;
  for (int slice = 0; slice < slices; ++slice) {
    std::vector<KeyReport> reports;
    for (; reported < all * (slice + 1) / slices; ++reported) {
      const int key = static_cast<int>(reported % options.keys);
      const int transition =
          static_cast<int>(reported / options.keys) + (key % 10 == 0 ? 1 : 0);
      KeyReport report = PostingWorld::KeyNumber(key);
      report.attempt = 1 + transition / 2;
      if (transition % 2 == 1) {
        report.result = random() % 2 == 0 ? Result::kSuccess : Result::kFailure;
      }
      reports.push_back(std::move(report));
    }
    world.Accept(reports);
    world.RunFor(absl::Milliseconds(50));
  }
  world.Drain();

  const absl::Duration time = world.posts().back().time - begin;
  const auto posts = static_cast<double>(world.posts().size());
  const double requests = posts + world.reads();
  const double allowed =
      Allowed(world_options.pace, world_options.hourly_limit, time);
  using Aim = Figure::Aim;
  return {
      {"storm", "reports", static_cast<double>(all), "", Aim::kNone, 0},
      {"storm", "keys", static_cast<double>(options.keys), "", Aim::kNone, 0},
      {"storm", "requests per key", requests / options.keys, "", Aim::kAtMost,
       1.05},
      {"storm", "requests per key without coalescing",
       static_cast<double>(options.transitions), "", Aim::kNone, 0},
      {"storm", "misbehaviour seen by GitHub",
       static_cast<double>(world.Misbehaviour()), "", Aim::kAtMost, 0},
      {"storm", "of the allowed rate used", requests / allowed, "",
       Aim::kAtLeast, 0.95},
      {"storm", "keys shown wrongly in the end",
       static_cast<double>(world.WrongKeys()), "", Aim::kAtMost, 0},
      {"storm", "until everything is shown (virtual)",
       absl::ToDoubleHours(time), "h", Aim::kNone, 0},
      {"storm", "the same without coalescing",
       absl::ToDoubleHours(TimeFor(world_options.pace,
                                   world_options.hourly_limit,
                                   static_cast<double>(all))),
       "h", Aim::kNone, 0},
  };
}

}  // namespace signalbox
