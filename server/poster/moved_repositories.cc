#include "server/poster/moved_repositories.h"

#include <algorithm>
#include <utility>

#include "server/github/waiting_times.h"

namespace signalbox {

void MovedRepositories::Add(const std::string& credential,
                            const Repository& repository, int64_t github_id,
                            absl::Time now) {
  const CanonicalName canonical = repository.Canonical();
  const absl::Time* const asked = asked_.Find(canonical);
  if (asked != nullptr && now - *asked < kBetweenNameQuestions) return;
  asked_.Put(canonical, now);
  waiting_[credential].push_back({repository, github_id, 0});
}

void MovedRepositories::Add(const std::vector<NameQuestion>& questions) {
  for (const NameQuestion& question : questions) {
    if (!under_way_.insert(question.id).second) continue;
    waiting_[question.credential].push_back(
        {question.repository, question.number, question.id});
  }
}

std::optional<MovedRepositories::Question> MovedRepositories::Take(
    const std::string& credential) {
  const auto it = waiting_.find(credential);
  if (it == waiting_.end()) return std::nullopt;
  Question question = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) waiting_.erase(it);
  return question;
}

void MovedRepositories::AddCredentials(
    std::vector<DueCredential>* credentials) const {
  for (const auto& [credential, questions] : waiting_) {
    const DueCredential moved{credential, /*has_results=*/false};
    const auto place =
        std::lower_bound(credentials->begin(), credentials->end(), moved,
                         [](const DueCredential& a, const DueCredential& b) {
                           return a.credential < b.credential;
                         });
    if (place == credentials->end() || place->credential != credential) {
      credentials->insert(place, moved);
    }
  }
}

}  // namespace signalbox
