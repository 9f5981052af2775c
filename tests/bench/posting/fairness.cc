#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/posting/posting_world.h"
#include "tests/bench/posting/suites.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

KeyReport Calm(int number) {
  KeyReport report = PostingWorld::KeyNumber(0);
  report.repository.name = absl::StrCat("calm-", number);
  report.result = Result::kSuccess;
  return report;
}

// How long it takes until all calm repositories are shown.
absl::Duration TimeOfCalm(const FairnessOptions& options, int busy_entries) {
  PostingWorld::Options world_options;
  world_options.pace.per_minute = 180;
  PostingWorld world(world_options);
  std::vector<KeyReport> reports;
  for (int i = 0; i < busy_entries; ++i) {
    KeyReport report = PostingWorld::KeyNumber(i);
    report.repository.name = "busy";
    report.result = Result::kSuccess;
    reports.push_back(std::move(report));
  }
  for (int i = 0; i < options.calm_repositories; ++i) {
    reports.push_back(Calm(i));
  }
  const absl::Time begin = world.clock().Now();
  world.Accept(reports);
  absl::Time end = begin;
  for (int done = 0; done < options.calm_repositories;) {
    world.RunFor(absl::Milliseconds(100));
    done = 0;
    for (const PostingWorld::Post& post : world.posts()) {
      if (!absl::StrContains(post.repository, "/calm-")) continue;
      ++done;
      end = post.time;
    }
  }
  return end - begin;
}

}  // namespace

std::vector<Figure> Fairness(const FairnessOptions& options) {
  const double alone = absl::ToDoubleSeconds(TimeOfCalm(options, 0));
  const double beside =
      absl::ToDoubleSeconds(TimeOfCalm(options, options.busy_entries));
  using Aim = Figure::Aim;
  return {
      {"fairness", "entries of the busy repository",
       static_cast<double>(options.busy_entries), "", Aim::kNone, 0},
      {"fairness", "calm repositories, one entry each",
       static_cast<double>(options.calm_repositories), "", Aim::kNone, 0},
      {"fairness", "the calm ones alone (virtual)", alone, "s", Aim::kNone, 0},
      {"fairness", "beside the busy one (virtual)", beside, "s", Aim::kNone, 0},
      {"fairness", "ratio", beside / alone, "", Aim::kAtMost, 1.1},
  };
}

}  // namespace signalbox
