#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>

#include "tests/bench/posting/posting_world.h"
#include "tests/bench/posting/suites.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

double ResidentMebibytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// GitHub answers 502, or nothing for longer than any client waits.
void Break(PostingWorld* world, bool silent) {
  world->github().rules().ClearFaults();
  Fault fault;
  fault.name = "server_error_html";
  fault.count = -1;
  world->github().rules().AddFault(fault);
  world->github().SetDelay(silent ? absl::Seconds(60) : absl::Milliseconds(50));
}

}  // namespace

std::vector<Figure> Outage(const OutageOptions& options) {
  PostingWorld::Options world_options;
  world_options.pace.per_minute = 180;
  PostingWorld world(world_options);
  std::mt19937 random(1);
  std::vector<int> transitions(options.keys);
  const auto report = [&](int key) {
    const int transition = transitions[key]++;
    KeyReport said = PostingWorld::KeyNumber(key);
    said.attempt = 1 + transition / 2;
    if (transition % 2 == 1) {
      said.result = random() % 2 == 0 ? Result::kSuccess : Result::kFailure;
    }
    return said;
  };

  const auto seconds = static_cast<int64_t>(absl::ToInt64Seconds(options.time));
  double memory_before = 0;
  double memory_most = 0;
  int64_t reported = 0;
  for (int64_t second = 0; second < seconds; ++second) {
    // Half an hour of errors, half an hour of silence.
    if (second % 1800 == 0) Break(&world, second % 3600 != 0);
    std::vector<KeyReport> reports;
    for (int i = 0; i < options.reports_per_second; ++i) {
      reports.push_back(report(static_cast<int>(random() % options.keys)));
    }
    world.Accept(reports);
    world.RunFor(absl::Seconds(1));
    reported += options.reports_per_second;
    // The keys are the bench's own data. All of them are known after the first
    // twentieth.
    if (second == seconds / 20) memory_before = ResidentMebibytes();
    if (second % 60 == 0) {
      memory_most = std::max(memory_most, ResidentMebibytes());
    }
    if (second % 3600 == 0) {
      std::fprintf(stderr, "\routage: hour %d of %d",
                   static_cast<int>(second / 3600),
                   static_cast<int>(seconds / 3600));
    }
  }
  std::fprintf(stderr, "\routage: draining      \n");
  const int reads_before = world.reads();
  world.github().rules().ClearFaults();
  world.github().SetDelay(absl::Milliseconds(50));
  const absl::Time begin = world.clock().Now();
  world.Drain();

  const auto& posts = world.posts();
  const auto keys = static_cast<double>(
      options.keys - std::count(transitions.begin(), transitions.end(), 0));
  const absl::Duration time = posts.back().time - begin;
  // Pendings may have one slot in twenty while results are due.
  const auto last_result = std::find_if(
      posts.rbegin(), posts.rend(),
      [](const PostingWorld::Post& post) { return !post.pending; });
  const auto before = std::count_if(
      last_result, posts.rend(),
      [](const PostingWorld::Post& post) { return post.pending; });
  const double results =
      static_cast<double>(std::distance(last_result, posts.rend()) - before);
  using Aim = Figure::Aim;
  return {
      {"outage", "hours without GitHub (virtual)",
       absl::ToDoubleHours(options.time), "h", Aim::kNone, 0},
      {"outage", "reports accepted", static_cast<double>(reported), "",
       Aim::kNone, 0},
      {"outage", "keys", keys, "", Aim::kNone, 0},
      {"outage", "keys shown wrongly in the end (lost)",
       static_cast<double>(world.WrongKeys()), "", Aim::kAtMost, 0},
      {"outage", "drain, against keys / allowed rate",
       absl::FDivDuration(
           time, TimeFor(world_options.pace, world_options.hourly_limit, keys)),
       "", Aim::kAtMost, 1.1},
      {"outage", "drain (virtual)", absl::ToDoubleHours(time), "h", Aim::kNone,
       0},
      {"outage", "read-backs while draining",
       static_cast<double>(world.reads() - reads_before), "", Aim::kNone, 0},
      {"outage", "requests while GitHub was away",
       static_cast<double>(reads_before), "", Aim::kNone, 0},
      {"outage", "pendings posted while results were due, per result",
       static_cast<double>(before) / std::max(results, 1.0), "", Aim::kAtMost,
       1.0 / 19},
      {"outage", "misbehaviour seen by GitHub",
       static_cast<double>(world.Misbehaviour()), "", Aim::kAtMost, 0},
      {"outage", "growth of memory", memory_most - memory_before, "MiB",
       Aim::kAtMost, 32},
  };
}

}  // namespace signalbox
