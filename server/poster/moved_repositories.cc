#include "server/poster/moved_repositories.h"

#include <utility>

#include "server/github/waiting_times.h"

namespace signalbox {

void MovedRepositories::Add(const std::string& lane,
                            const Repository& repository, int64_t github_id,
                            absl::Time now) {
  const std::string canonical = repository.Canonical();
  const absl::Time* const asked = asked_.Find(canonical);
  if (asked != nullptr && now - *asked < kBetweenNameQuestions) return;
  asked_.Put(canonical, now);
  waiting_[lane].push_back({repository, github_id, 0});
}

void MovedRepositories::Add(const std::vector<NameQuestion>& questions) {
  for (const NameQuestion& question : questions) {
    if (!under_way_.insert(question.id).second) continue;
    waiting_[question.lane].push_back(
        {question.repository, question.number, question.id});
  }
}

std::optional<MovedRepositories::Question> MovedRepositories::Take(
    const std::string& lane) {
  const auto it = waiting_.find(lane);
  if (it == waiting_.end()) return std::nullopt;
  Question question = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) waiting_.erase(it);
  return question;
}

std::vector<std::string> MovedRepositories::Lanes() const {
  std::vector<std::string> lanes;
  for (const auto& [lane, questions] : waiting_) lanes.push_back(lane);
  return lanes;
}

}  // namespace signalbox
