#ifndef SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
#define SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/questions.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/statuses.h"
#include "server/recovery/hook_finder.h"
#include "server/recovery/open_pull_requests.h"
#include "server/recovery/puller.h"
#include "server/recovery/redeliverer.h"
#include "server/recovery/retester.h"
#include "server/report/repository_rules.h"

namespace signalbox {

// Recovery asks GitHub for what no webhook has reported. It has GitHub
// redeliver failed deliveries, or reads deliveries itself. It compares open
// pull requests of repositories without a readable hook. It also acts on
// requests to run contexts again.
//
// Recovery has no thread of its own: a Worker or a simulation calls RunOnce,
// which also calls Questions::RunOnce.
//
// Only one thread at a time may call RunOnce, and nothing else may be called
// meanwhile.
class Recovery {
 public:
  // RecoveryConfig (server/config/config.h) explains the options.
  struct Options {
    bool enabled = true;  // Everything except reruns.
    bool redeliver = true;
    bool compare = true;
    bool pull = false;  // Read deliveries instead of redelivering them.
    absl::Duration every = absl::Minutes(5);
    absl::Duration pull_every = absl::Seconds(15);
    std::vector<std::string> hook_urls;

    RepositoryRules rules;
    std::vector<Repository> repositories;  // Named in the configuration.
    std::vector<std::string> known_hosts;

    // As in Retester::Options.
    std::function<absl::Status(absl::string_view caller, const Repository&,
                               const std::vector<std::string>& contexts)>
        may_report;
    // Woken after an entry became due. Null: nobody is.
    WakeUp* became_due = nullptr;
    // Called after an event was stored.
    std::function<void(const Event&)> event_stored;
  };

  // All pointers are borrowed.
  Recovery(Options options, Acceptance* acceptance, Statuses* statuses,
           RecoveryNotes* notes, Credentials* credentials, Questions* questions,
           Metrics* metrics, Clock* clock);

  absl::Time RunOnce();

 private:
  // Starts work on new sources, and ends it on sources that are gone.
  void FollowSources();

  const Options options_;
  Acceptance* const acceptance_;
  RecoveryNotes* const notes_;
  Questions* const questions_;
  Metrics* const metrics_;
  Clock* const clock_;

  const Redeliverer::Options redeliverer_options_;
  const Puller::Options puller_options_;
  const OpenPullRequests::Options compare_options_;

  Retester retester_;
  HookFinder finder_;
  OpenPullRequests open_pull_requests_;
  // By path and credential. A redeliverer or puller must live until its last
  // question is answered. It has no open question when it reports that its
  // source is gone, so it can be deleted then.
  std::map<std::string, std::unique_ptr<Redeliverer>> redeliverers_;
  std::map<std::string, std::unique_ptr<Puller>> pullers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
