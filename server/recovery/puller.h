#ifndef SIGNALBOX_SERVER_RECOVERY_PULLER_H_
#define SIGNALBOX_SERVER_RECOVERY_PULLER_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/outbox/outbox.h"
#include "server/recovery/hook_source.h"
#include "server/recovery/questions.h"
#include "server/report/repository_rules.h"

namespace signalbox {

// Puller is the intake of a server without a public address: it lists a hook's
// deliveries every few seconds, whatever became of them, reads each that is new
// and used, and submits what it asks for, oldest first. The signature need not
// be checked: the payload comes from GitHub itself.
//
// A delivery that was accepted in any way is known by its id, and is not read
// again. One that GitHub fails to hand out (5xx, silence) is read again every
// few minutes, behind the others, for as long as GitHub keeps it. Up to when
// they were looked through is on disk.
//
// Threads and lifetimes as Redeliverer.
class Puller {
 public:
  struct Options {
    absl::Duration every = absl::Seconds(15);
    absl::Duration window = absl::Hours(71);
    RepositoryRules rules;
    std::vector<std::string> known_hosts;
    // Called when something was submitted.
    std::function<void()> became_due;
    std::function<void(const Event&)> event_stored;
  };

  Puller(const Options* options, HookSource source, Outbox* outbox,
         Questions* questions, Metrics* metrics, Clock* clock);

  absl::Time RunOnce();

  const HookSource& source() const { return source_; }
  bool is_gone() const { return is_gone_; }

 private:
  absl::Time Steady() const { return absl::UnixEpoch() + clock_->Monotonic(); }

  void List();
  void HaveList(const Listing& listing, absl::Time begin);
  void Read(const ListedDelivery& delivery);
  void HaveDelivery(const ListedDelivery& delivery, const GitHubReply& reply);
  // Not OK: it is to be tried again.
  absl::Status Submit(const ListedDelivery& delivery, const SentDelivery& sent);
  void Done(const ListedDelivery& delivery, const char* result);
  // What becomes of the first that is wanted: it is given up, or read again
  // later.
  void Lose(absl::string_view reason, absl::string_view words);
  void Fail(absl::string_view reason, absl::string_view words);
  // Puts those that failed and are due again into `wanted_`, if it is empty.
  void TakeFailed();
  void Mark();

  const Options* const options_;
  const HookSource source_;
  Outbox* const outbox_;
  Questions* const questions_;
  Metrics* const metrics_;
  Clock* const clock_;

  bool busy_ = false;
  bool is_gone_ = false;
  absl::Time next_list_ = absl::InfinitePast();  // Steady.
  absl::Duration clock_offset_;
  absl::Time horizon_ = absl::InfinitePast();  // GitHub's, as the rest.
  absl::Time listed_ = absl::InfinitePast();
  std::deque<ListedDelivery> wanted_;       // Oldest first.
  std::map<std::string, absl::Time> done_;  // By guid.
  // Those that GitHub failed to hand out, by guid.
  struct Failed {
    ListedDelivery delivery;
    absl::Time retry_time;  // Steady.
  };
  std::map<std::string, Failed> failed_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_PULLER_H_
