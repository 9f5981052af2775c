#ifndef SIGNALBOX_SERVER_POSTER_MOVED_REPOSITORIES_H_
#define SIGNALBOX_SERVER_POSTER_MOVED_REPOSITORIES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/outbox/lease.h"
#include "server/outbox/repository_names.h"
#include "server/report/status_key.h"

namespace signalbox {

// MovedRepositories holds the questions about names that the poster asks
// GitHub. They come from two sources. A repository that GitHub redirected to
// another place is asked for at most every five minutes, because GitHub
// redirects every request to the old name until the server knows the new one.
// The outbox repeats its questions until it has the answers.
//
// Not thread-safe: only the poster uses it.
class MovedRepositories {
 public:
  struct Question {
    Repository old_name;
    int64_t github_id = 0;    // 0: asked by `old_name`.
    int64_t question_id = 0;  // The outbox's; 0: after a redirect.
  };

  // GitHub redirected a request of this credential to the repository with this
  // number.
  void Add(const std::string& credential, const Repository& repository,
           int64_t github_id, absl::Time now);

  // Adds the questions that are not under way yet.
  void Add(const std::vector<NameQuestion>& questions);

  // The question of the outbox has its answer, or gets none.
  void End(int64_t question_id) { under_way_.erase(question_id); }

  // The next question for this credential; nothing: there is none.
  std::optional<Question> Take(const std::string& credential);
  bool Empty(const std::string& credential) const {
    return !waiting_.contains(credential);
  }

  // The outbox could not store the answer: ask again after the next redirect.
  void Forget(const Repository& repository) {
    asked_.Erase(repository.Canonical());
  }

  // Adds the credentials that have questions. Both before and afterwards the
  // credentials are sorted.
  void AddCredentials(std::vector<DueCredential>* credentials) const;

 private:
  std::map<std::string, std::deque<Question>> waiting_;  // No queue is empty.
  RecentMap<std::string, absl::Time> asked_{2048};       // By canonical name.
  std::set<int64_t> under_way_;  // The outbox's questions.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_MOVED_REPOSITORIES_H_
