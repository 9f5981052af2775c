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
#include "server/outbox/outbox.h"
#include "server/report/status_key.h"

namespace signalbox {

// What GitHub is to be asked about names. Repositories that it redirected to
// another place: each at most every five minutes, since every request to the
// old name is redirected until the new one is known. And what the outbox wants
// to know, which it says until it has the answer.
//
// Not thread-safe: the poster's.
class MovedRepositories {
 public:
  struct Question {
    Repository old_name;
    int64_t github_id = 0;    // 0: asked by `old_name`.
    int64_t question_id = 0;  // The outbox's; 0: after a redirect.
  };

  // A request of that lane was redirected to the repository with this number.
  void Add(const std::string& lane, const Repository& repository,
           int64_t github_id, absl::Time now);

  // Those that are not under way yet are to be asked.
  void Add(const std::vector<NameQuestion>& questions);

  // The answer to a question of the outbox's has come, or will not.
  void End(int64_t question_id) { under_way_.erase(question_id); }

  // The next one to ask with that lane's credential; nothing: there is none.
  std::optional<Question> Take(const std::string& lane);
  bool Empty(const std::string& lane) const { return !waiting_.contains(lane); }

  // What was asked could not be kept: ask again after the next redirect.
  void Forget(const Repository& repository) {
    asked_.Erase(repository.Canonical());
  }

  // Those with something to ask, sorted.
  std::vector<std::string> Lanes() const;

 private:
  std::map<std::string, std::deque<Question>> waiting_;  // None is empty.
  RecentMap<std::string, absl::Time> asked_{2048};       // By canonical name.
  std::set<int64_t> under_way_;  // Questions of the outbox's.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_MOVED_REPOSITORIES_H_
