#include "server/outbox/merge_rules.h"

#include <algorithm>
#include <utility>

namespace signalbox {
namespace {

const Held* ReportedBy(const MergingEntry& entry) {
  return entry.version > 0 ? &entry.held : nullptr;
}

}  // namespace

MergedEntry MergeEntries(const MergingEntry& from, const MergingEntry& to,
                         MayCount may_count, absl::Duration ambiguous_wait,
                         absl::Time now) {
  const bool from_is_later = from.report_sequence > to.report_sequence;
  const MergingEntry& earlier = from_is_later ? to : from;
  const MergingEntry& later = from_is_later ? from : to;
  const MergingEntry& only = may_count == MayCount::kFrom ? from : to;
  const bool judged = may_count == MayCount::kBoth;
  Merged counts = judged ? Merge(ReportedBy(earlier), ReportedBy(later))
                         : Merge(nullptr, ReportedBy(only));
  const bool later_counts = judged ? counts.later_counts : &later == &only;
  const MergingEntry& kept = later_counts ? later : earlier;
  const MergingEntry& removed = later_counts ? earlier : later;
  const MergingEntry& shows =
      from.shown_status_id > to.shown_status_id ? from : to;

  MergedEntry merged;
  merged.removed_id = removed.entry_id;
  merged.supersedes_removed = !judged;
  merged.other_runs_changed = counts.held.other_runs != kept.held.other_runs;
  MergingEntry& row = merged.row;
  row.entry_id = kept.entry_id;
  row.version = from.version + to.version;
  row.held = std::move(counts.held);
  row.report_sequence = kept.report_sequence;
  const MergingEntry& expires = counts.renews_expiry ? later : kept;
  row.expire_time = expires.expire_time;
  row.expires_after = expires.expires_after;
  row.posting_state =
      kept.version > 0 ? PostingState::kDue : PostingState::kObserved;
  row.lease_version = kept.lease_version;
  row.ambiguous_time = std::max(from.ambiguous_time, to.ambiguous_time);
  // A try of the deleted row cannot be settled, so it counts as ambiguous.
  if (removed.lease_version != 0) row.ambiguous_time = now;
  row.shown_status_id = shows.shown_status_id;
  row.shown_state = shows.shown_state;
  row.shown_description = shows.shown_description;
  row.shown_target_url = shows.shown_target_url;
  row.status_count = from.status_count + to.status_count;
  if (kept.version > 0) {
    merged.due_time = now;
    if (row.ambiguous_time.has_value()) {
      merged.due_time = std::max(now, *row.ambiguous_time + ambiguous_wait);
    }
  }
  return merged;
}

}  // namespace signalbox
