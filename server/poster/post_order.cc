#include "server/poster/post_order.h"

#include <algorithm>

namespace signalbox {
namespace {

constexpr int kResultsPerPending = 19;
// So that a credential with a long backlog leaves room in a turn to others.
constexpr int kMostInTurn = 8;
constexpr absl::Duration kLongDue = absl::Seconds(60);
// A search for a pending that is long due visits each repository of the
// credential that has a due pending.
constexpr absl::Duration kBetweenLongDueLooks = absl::Seconds(5);

}  // namespace

Stage PostOrder::FirstStage(Stage wanted, bool has_results,
                            const Moment& now) const {
  Stage stage = wanted;
  if (stage == Stage::kLongDue && (results_in_row_ < kResultsPerPending ||
                                   now.steady < next_long_due_look_)) {
    stage = Stage::kResults;
  }
  if (stage == Stage::kResults && !has_results) stage = Stage::kPendings;
  return stage;
}

int PostOrder::MoreToTake(Stage stage) const {
  switch (stage) {
    case Stage::kLongDue:
      return 0;
    case Stage::kResults:
      // With more in a row, no pending is long due.
      if (results_in_row_ >= kResultsPerPending) break;
      return std::min(most_in_turn_, kResultsPerPending - results_in_row_) - 1;
    case Stage::kPendings:
      break;
  }
  return most_in_turn_ - 1;
}

void PostOrder::NoteFound(int wanted, int found) {
  if (!accepted_) return;
  most_in_turn_ = found < wanted
                      ? std::max(found, 1)
                      : std::clamp(2 * wanted, most_in_turn_, kMostInTurn);
}

void PostOrder::NoteAnswer(bool accepted) {
  accepted_ = accepted;
  if (!accepted) most_in_turn_ = 1;
}

void PostOrder::Fill(Stage stage, const Moment& now,
                     LeaseRequest* request) const {
  request->pendings = IsForPendings(stage);
  request->after_repository = last_repository_[request->pendings ? 1 : 0];
  if (stage == Stage::kLongDue) {
    request->due_for = kLongDue;
  } else {
    request->may_probe = now.steady >= next_probe_;
  }
}

std::optional<Stage> PostOrder::StageAfter(Stage stage,
                                           absl::Duration longest_left_out,
                                           const Moment& searched) {
  switch (stage) {
    case Stage::kLongDue:
      next_long_due_look_ =
          searched.steady +
          std::max(kBetweenLongDueLooks, kLongDue - longest_left_out);
      return Stage::kResults;
    case Stage::kResults:
      return Stage::kPendings;
    case Stage::kPendings:
      break;
  }
  return std::nullopt;
}

void PostOrder::NoteTaken(const Lease& lease, Stage stage) {
  if (lease.is_probe) return;
  last_repository_[IsForPendings(stage) ? 1 : 0] = lease.repository.Canonical();
}

void PostOrder::NoteBegun(const Lease& lease, Stage stage, const Moment& now,
                          absl::Duration probe_gap) {
  if (lease.is_probe) {
    next_probe_ = now.steady + probe_gap;
  } else {
    results_in_row_ = IsForPendings(stage) ? 0 : results_in_row_ + 1;
  }
}

}  // namespace signalbox
