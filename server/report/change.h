#ifndef SIGNALBOX_SERVER_REPORT_CHANGE_H_
#define SIGNALBOX_SERVER_REPORT_CHANGE_H_

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

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_CHANGE_H_
