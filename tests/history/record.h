#ifndef SIGNALBOX_TESTS_HISTORY_RECORD_H_
#define SIGNALBOX_TESTS_HISTORY_RECORD_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"
#include "tests/history/judgement.h"
#include "tests/history/missed.h"

namespace signalbox::history {

// An accepted report of a status, as the server recorded it.
struct Version {
  int64_t sequence = 0;
  Content content;
  Standing standing;  // After it.
};

// The part of CheckHistory that compares calls, answers and the server's record
// with the ordering rule. It checks I1, I3, I4, I10, I20 and I22 for reports.
// I4: if an OK does not name the outcome, the record still has the report. Adds
// violations and counts to `findings`.
//
// Use it in three steps. First call Add with all events, then Replay, then
// Follow with each event in order. `findings`, `missed` and the events are
// borrowed. `missed` must have all events before Replay.
class Record {
 public:
  Record(Findings* findings, const Missed* missed)
      : findings_(*findings), missed_(*missed) {}

  // Step 1. Events of other kinds are ignored.
  template <typename Other>
  void Add(const Other&) {}
  void Add(const Granted& event) { grants_.push_back(&event); }
  void Add(const Called& event);
  void Add(const Recorded& event) {
    statuses_[event.name].recorded.push_back(&event);
  }
  void Add(const ClockSet&) { clock_was_set_ = true; }
  void Add(const Started& event) { starts_.push_back(event.time); }

  // Step 2. Judges the recorded reports in their order.
  void Replay();

  // Step 3. Compares the answers with the record.
  void Follow(const Called& event) { acked_before_[event.call] = last_acked_; }
  void Follow(const Answered& event);

  // The accepted reports of a status, by sequence.
  const std::map<int64_t, Version>& VersionsOf(const StatusName& name) const;
  // The largest sequence of a status that has been acked so far.
  int64_t AckedOf(const StatusName& name) const;
  // Whether a caller that was allowed to report this did, or the server itself
  // may have reported it as the error of an expired pending.
  bool MayBePosted(const StatusName& name, const Content& content) const;

 private:
  struct Status {
    std::map<std::string, std::vector<const Called*>> calls;  // By description.
    std::map<std::string, const Called*> deliveries;
    std::set<std::string> came_again;  // Of `deliveries`.
    std::vector<const Recorded*> recorded;
    std::map<int64_t, Version> versions;
    int64_t acked = 0;
  };

  template <typename... Pieces>
  void Violated(absl::string_view invariant, const StatusName& name,
                const Pieces&... pieces) {
    findings_.violations.push_back(
        {std::string(invariant), name, absl::StrCat(pieces...)});
  }

  bool IsGranted(const Called& call) const;
  static const Called* CallOf(const Status& status, const Recorded& row);
  void Replay(const StatusName& name, Status* status);
  void CheckExpiry(const StatusName& name, const Status& status,
                   const Recorded& row, absl::Time held_since,
                   absl::Duration expires_after);
  static bool WasRecorded(const Status& status, const Called& call);
  static bool Ever(const Status& status, const Called& call, Answered::How how);

  Findings& findings_;
  const Missed& missed_;
  std::vector<const Granted*> grants_;
  std::map<int64_t, const Called*> calls_;
  std::map<StatusName, Status> statuses_;
  bool clock_was_set_ = false;
  std::vector<absl::Time> starts_;
  int64_t last_acked_ = 0;  // The largest sequence of any status.
  std::map<int64_t, int64_t> acked_before_;  // By call, as it began.
};

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_RECORD_H_
