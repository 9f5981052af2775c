#ifndef SIGNALBOX_SERVER_REPORT_CODE_CHANGE_H_
#define SIGNALBOX_SERVER_REPORT_CODE_CHANGE_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// The pull request, push or merge group behind a commit, as far as the server
// knows it; proto `Change`. It decides which contexts are expected of the
// commit (repository_rules.h) and whether a pull request has a newer head. An
// empty text or 0: not known.
struct CodeChange {
  // "pull_request", "push" or "merge_group".
  std::string event;
  int64_t pull_request_number = 0;  // 0: it is no pull request.
  std::string title;
  std::string author;    // The login.
  std::string head_ref;  // The branch of the commit.
  // The branch that it is to be merged into; of a push, the ref that was
  // pushed.
  std::string base_ref;
  bool draft = false;
  bool fork = false;  // The head branch is in another repository.
  std::string clone_url;
  // When GitHub last changed the pull request, by GitHub's clock;
  // absl::InfinitePast(): not known.
  absl::Time updated_time = absl::InfinitePast();
  // The pull request has a new base branch and the same head.
  bool base_changed = false;
};

// The time that orders the heads of one pull request: `updated_time`, but at
// most `now`. A head with a time in the future would keep out every later head
// until that time.
inline absl::Time HeadTime(const CodeChange& change, absl::Time now) {
  return std::min(change.updated_time, now);
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_CODE_CHANGE_H_
