#ifndef SIGNALBOX_TESTS_HISTORY_CREDENTIAL_LIMITS_H_
#define SIGNALBOX_TESTS_HISTORY_CREDENTIAL_LIMITS_H_

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tests/history/history.h"

namespace signalbox::history {

// Follows what GitHub told the server about each credential: until when to send
// nothing, and how much of the hourly budget is left. The server must obey this
// (I13 in check_history.h), except for what it may have lost in a crash.
// CheckHistory feeds it the events in order.
class CredentialLimits {
 public:
  // Call these when a request begins. They return why the request breaks a
  // pause, or uses the reserve for results; nothing: it is right.
  std::optional<std::string> CheckSilence(const Began& event) const;
  std::optional<std::string> CheckBudget(const Began& event) const;

  // Notes GitHub's answer to a request with this credential.
  void Learn(const std::string& credential, const Ended& event);

  // Call these for these events: after them the server may have forgotten what
  // GitHub told it.
  void Follow(const Crashed& event);
  void Follow(const Started& event);
  void Follow(const DiskTrouble& event);
  void Follow(const ClockSet& event);

 private:
  struct Silence {
    absl::Time until;
    absl::Time learnt_at;
  };
  struct Budget {
    int remaining = 0;
    int limit = 0;
    absl::Time reset_time;
  };

  std::map<std::string, Silence> silences_;  // By credential.
  std::map<std::string, Budget> budgets_;
  bool is_down_ = false;
  bool disk_trouble_ = false;
  absl::Time disk_trouble_over_ = absl::InfinitePast();
  absl::Time clock_set_ = absl::InfinitePast();
};

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_CREDENTIAL_LIMITS_H_
