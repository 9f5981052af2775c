#ifndef SIGNALBOX_SERVER_REPORT_CODE_CHANGE_H_
#define SIGNALBOX_SERVER_REPORT_CODE_CHANGE_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// The pull request or push behind a commit, as far as the server knows it;
// proto `CodeChange`.
struct CodeChange {
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
  // The pull request has a new base branch and the same head.
  bool base_changed = false;
};

// The time by which the heads of a pull request are ordered: when this head
// became its head, by GitHub's clock, but at most `now`. A head with a time in
// the future would keep out every later head until that time.
inline absl::Time HeadTime(const CodeChange& change, absl::Time now) {
  return std::min(change.updated_time, now);
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_CODE_CHANGE_H_
