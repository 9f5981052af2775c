#include "server/recovery/recovery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

Redeliverer::Options RedelivererOptionsOf(const Recovery::Options& options) {
  Redeliverer::Options redeliverer;
  redeliverer.every = options.every;
  redeliverer.ledger.probe_every = options.every;
  return redeliverer;
}

Puller::Options PullerOptionsOf(const Recovery::Options& options) {
  Puller::Options puller;
  puller.every = options.pull_every;
  puller.convert.rules = options.rules;
  puller.convert.known_hosts = options.known_hosts;
  puller.became_due = options.became_due;
  puller.event_stored = options.event_stored;
  return puller;
}

OpenPullRequests::Options CompareOptionsOf(const Recovery::Options& options) {
  OpenPullRequests::Options compare;
  compare.every = options.every;
  compare.rules = options.rules;
  compare.became_due = options.became_due;
  return compare;
}

// Runs the watchers and drops those that are gone. Returns when to call again.
template <typename Watchers>
absl::Time RunAll(Watchers* watchers, HookFinder* finder) {
  absl::Time next = absl::InfiniteFuture();
  for (auto it = watchers->begin(); it != watchers->end();) {
    next = std::min(next, it->second->RunOnce());
    if (it->second->is_gone()) {
      finder->NoteGone(it->second->source());
      it = watchers->erase(it);
    } else {
      ++it;
    }
  }
  return next;
}

}  // namespace

Recovery::Recovery(Options options, Acceptance* acceptance, Statuses* statuses,
                   RecoveryNotes* notes, Credentials* credentials,
                   Questions* questions, Metrics* metrics, Clock* clock)
    : options_(std::move(options)),
      acceptance_(acceptance),
      notes_(notes),
      questions_(questions),
      metrics_(metrics),
      clock_(clock),
      redeliverer_options_(RedelivererOptionsOf(options_)),
      puller_options_(PullerOptionsOf(options_)),
      compare_options_(CompareOptionsOf(options_)),
      retester_({options_.rules, options_.may_report, options_.became_due},
                acceptance, statuses, notes, credentials, questions, metrics,
                clock),
      finder_({options_.hook_urls, options_.repositories, options_.pull}, notes,
              credentials, questions, clock),
      open_pull_requests_(&compare_options_, acceptance, statuses, questions,
                          metrics, clock) {}

absl::Time Recovery::RunOnce() {
  // The questions go first, because the others continue from their answers.
  const absl::Time next_question = questions_->RunOnce();
  absl::Time next = std::min(next_question, retester_.RunOnce());
  if (!options_.enabled) return next;
  const bool wants_hooks = options_.pull || options_.redeliver;
  if (wants_hooks || options_.compare) {
    next = std::min(next, finder_.RunOnce());
  }
  if (wants_hooks) FollowSources();
  next = std::min(next, RunAll(&redeliverers_, &finder_));
  next = std::min(next, RunAll(&pullers_, &finder_));
  if (options_.compare) {
    next = std::min(next, open_pull_requests_.RunOnce(finder_.Blind()));
  }
  return next;
}

void Recovery::FollowSources() {
  for (DeliverySource& source : finder_.Sources()) {
    const std::string key = absl::StrCat(source.credential, " ", source.path);
    if (redeliverers_.contains(key) || pullers_.contains(key)) continue;
    LogInfo(options_.pull
                ? "the server reads the deliveries of a webhook from GitHub"
                : "the server watches a webhook for failed deliveries",
            {{"hook", source.path}, {"credential", source.credential}});
    if (options_.pull) {
      pullers_[key] = std::make_unique<Puller>(
          &puller_options_, std::move(source), acceptance_, notes_, questions_,
          metrics_, clock_);
    } else {
      redeliverers_[key] =
          std::make_unique<Redeliverer>(redeliverer_options_, std::move(source),
                                        notes_, questions_, metrics_, clock_);
    }
  }
}

}  // namespace signalbox
