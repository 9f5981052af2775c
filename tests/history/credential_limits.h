#ifndef SIGNALBOX_TESTS_HISTORY_CREDENTIAL_LIMITS_H_
#define SIGNALBOX_TESTS_HISTORY_CREDENTIAL_LIMITS_H_

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tests/history/history.h"

namespace signalbox::history {

// What GitHub told the server about each credential, and the server must
// remember (I13): until when to pause, and how much budget is left.
class CredentialLimits {
 public:
  // These say what is wrong with a request that begins; nothing: it is right.
  std::optional<std::string> CheckSilence(const Began& event) const;
  std::optional<std::string> CheckBudget(const Began& event) const;

  // The answer to a request with this credential.
  void Learn(const std::string& credential, const Ended& event);

  // The events after which the server may forget some of it.
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
