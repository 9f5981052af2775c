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

// Repositories get new names, and then GitHub redirects requests to their old
// names. MovedRepositories holds the questions about names that the poster has
// to ask GitHub. They come from two sources:
// - GitHub has redirected a request of the poster. MovedRepositories takes one
//   such question per repository in five minutes, because GitHub redirects
//   every request to the old name until the server knows the new one.
// - The outbox has questions of its own (see RepositoryNames). It repeats each
//   until it has the answer.
//
// Not thread-safe: only the poster uses it.
class MovedRepositories {
 public:
  // A question to GitHub about the present name of a repository.
  struct Question {
    Repository old_name;
    // GitHub's number of the repository whose name is asked for. 0: not known,
    // so the question is which repository has `old_name`.
    int64_t github_id = 0;
    int64_t question_id = 0;  // NameQuestion::id; 0: asked after a redirect.
  };

  // GitHub has redirected a request for `repository` to the repository with
  // GitHub's number `github_id`. Adds a question to be asked with `credential`.
  void Add(const std::string& credential, const Repository& repository,
           int64_t github_id, absl::Time now);

  // Adds questions of the outbox, except those that it has already.
  void Add(const std::vector<NameQuestion>& questions);

  // GitHub has answered this question of the outbox, or has failed to. If the
  // outbox repeats the question, Add takes it again.
  void End(int64_t question_id) { under_way_.erase(question_id); }

  // Removes the next question to be asked with this credential, and returns it.
  // Nothing: there is none.
  std::optional<Question> Take(const std::string& credential);
  // Whether Take would return nothing.
  bool Empty(const std::string& credential) const {
    return !waiting_.contains(credential);
  }

  // The outbox could not store the answer to a question after a redirect. So
  // the next redirect of `repository` adds the question again, without the wait
  // of five minutes.
  void Forget(const Repository& repository) {
    asked_.Erase(repository.Canonical());
  }

  // Adds the credentials with which questions are to be asked to `credentials`,
  // which is sorted and stays sorted.
  void AddCredentials(std::vector<DueCredential>* credentials) const;

 private:
  // By credential. No queue is empty.
  std::map<std::string, std::deque<Question>> waiting_;
  // When a redirect last added a question, by the old name.
  RecentMap<CanonicalName, absl::Time> asked_{2048};
  // The outbox's questions between Add and End.
  std::set<int64_t> under_way_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_MOVED_REPOSITORIES_H_
