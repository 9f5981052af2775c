#ifndef SIGNALBOX_SERVER_REPORT_CHANGE_H_
#define SIGNALBOX_SERVER_REPORT_CHANGE_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// What is known of the change behind a commit; proto `Change`.
struct Change {
  std::string event;
  int64_t pull_request_number = 0;
  std::string title;
  std::string author;
  std::string head_ref;
  std::string base_ref;
  bool draft = false;
  bool fork = false;
  std::string clone_url;
  absl::Time updated_time = absl::InfinitePast();  // InfinitePast: not known.
  // The pull request has got another base, and its head is the same.
  bool base_changed = false;
};

// When a head of a pull request became its head, by which heads are ordered.
// GitHub's time, but no later than `now`: a time that is still to come would
// hold up every later head until it has come.
inline absl::Time HeadTime(const Change& change, absl::Time now) {
  return std::min(change.updated_time, now);
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_CHANGE_H_
