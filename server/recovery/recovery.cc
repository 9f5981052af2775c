#include "server/recovery/recovery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

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

absl::Time Recovery::RunOnce() {
  const RecoveryOptions& options = tools_.options;
  // The questions go first, because the others continue from their answers.
  const absl::Time next_question = tools_.questions->RunOnce();
  absl::Time next = std::min(next_question, retester_.RunOnce());
  if (!options.enabled) return next;
  const bool wants_hooks = options.pull || options.redeliver;
  if (wants_hooks || options.compare) {
    next = std::min(next, finder_.RunOnce());
  }
  if (wants_hooks) FollowSources();
  next = std::min(next, RunAll(&redeliverers_, &finder_));
  next = std::min(next, RunAll(&pullers_, &finder_));
  if (options.compare) {
    next = std::min(next, open_pull_requests_.RunOnce(finder_.Blind()));
  }
  return next;
}

void Recovery::FollowSources() {
  const bool pull = tools_.options.pull;
  for (DeliverySource& source : finder_.Sources()) {
    const std::string key = absl::StrCat(source.credential, " ", source.path);
    if (redeliverers_.contains(key) || pullers_.contains(key)) continue;
    LogInfo(pull ? "the server reads the deliveries of a webhook from GitHub"
                 : "the server watches a webhook for failed deliveries",
            {{"hook", source.path}, {"credential", source.credential}});
    if (pull) {
      pullers_[key] = std::make_unique<Puller>(tools_, std::move(source));
    } else {
      redeliverers_[key] =
          std::make_unique<Redeliverer>(tools_, std::move(source));
    }
  }
}

}  // namespace signalbox
