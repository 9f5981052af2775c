#include "server/recovery/recovery.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {

absl::Time Recovery::RunOnce() {
  const RecoveryOptions& options = tools_.options;
  // The questions go first, because the others continue from their answers.
  const absl::Time next_question = tools_.questions->RunOnce();
  if (!tools_.held_term->exists()) return next_question;
  absl::Time next = std::min(next_question, retester_.RunOnce());
  if (!options.enabled) return next;
  const bool wants_hooks = options.pull || options.redeliver;
  if (wants_hooks || options.compare) {
    next = std::min(next, finder_.RunOnce());
  }
  if (wants_hooks) FollowSources();
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    DeliveryWatcher& watcher = *it->second;
    next = std::min(next, watcher.RunOnce());
    if (watcher.is_gone()) {
      finder_.NoteGone(watcher.source());
      it = watchers_.erase(it);
    } else {
      ++it;
    }
  }
  if (options.compare) {
    next = std::min(next, open_pull_requests_.RunOnce(finder_.Blind()));
  }
  return next;
}

void Recovery::FollowSources() {
  const bool pull = tools_.options.pull;
  for (DeliverySource& source : finder_.Sources()) {
    const std::string key = absl::StrCat(source.credential, " ", source.path);
    if (watchers_.contains(key)) continue;
    LogInfo(pull ? "the server reads the deliveries of a webhook from GitHub"
                 : "the server watches a webhook for failed deliveries",
            {{"hook", source.path}, {"credential", source.credential}});
    if (pull) {
      watchers_[key] = std::make_unique<Puller>(tools_, std::move(source));
    } else {
      watchers_[key] = std::make_unique<Redeliverer>(tools_, std::move(source));
    }
  }
}

}  // namespace signalbox
