#ifndef SIGNALBOX_TESTS_HISTORY_MISSED_H_
#define SIGNALBOX_TESTS_HISTORY_MISSED_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"

namespace signalbox::history {

// The part of CheckHistory about webhooks that GitHub could not deliver. It
// checks I27.
//
// First call Add with all events.
class Missed {
 public:
  // Events of other kinds are ignored.
  template <typename Other>
  void Add(const Other&) {}
  void Add(const Attempted& event);
  void Add(const Recorded& event);
  void Add(const ClockSet&) { clock_was_set_ = true; }

  // Whether at that time a delivery of a newer head of the same pull request
  // had been made. The server records such a delivery, and posts nothing for
  // it.
  bool MayBeOvertaken(const std::string& delivery_id, absl::Time time) const;

  // Checks the end. `has_reports`: whether the server's record has an accepted
  // report of the status.
  void CheckEnd(const std::function<bool(const StatusName&)>& has_reports,
                std::vector<Violation>* violations) const;

 private:
  // A delivery and its attempts.
  struct Delivery {
    StatusName name;
    int64_t pull_request = 0;
    absl::Time updated_time;
    absl::Time made_time = absl::InfiniteFuture();  // Of the first attempt.
    absl::Time last_time = absl::InfinitePast();    // Of the last attempt.
    int last_status = 0;
    int redeliveries = 0;
  };
  // The repository and number of a pull request.
  using PullRequest = std::pair<std::string, int64_t>;

  // The deliveries of newer heads of its pull request.
  std::vector<const Delivery*> NewerThan(const Delivery& delivery) const;
  void CheckHeads(std::vector<Violation>* violations) const;

  std::map<std::string, Delivery> deliveries_;  // By id.
  std::map<PullRequest, std::set<std::string>> of_pull_;
  // When each delivery was accepted.
  std::map<std::string, absl::Time> accepted_;
  bool clock_was_set_ = false;
};

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_MISSED_H_
