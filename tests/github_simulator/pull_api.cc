#include "tests/github_simulator/pull_api.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/pull_request_objects.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kPullDocs[] = "https://docs.github.com/rest/pulls/pulls";

// A parameter that must be one of `choices`; if absent, the first of them.
// Nothing: the value is none of them.
std::optional<absl::string_view> ChoiceOf(
    const RequestTarget& target, absl::string_view name,
    std::initializer_list<absl::string_view> choices) {
  const absl::string_view given = target.Query(name);
  if (given.empty()) return *choices.begin();
  if (std::find(choices.begin(), choices.end(), given) == choices.end()) {
    return std::nullopt;
  }
  return given;
}

SimulatedResponse InvalidPull(absl::string_view field) {
  return InvalidField("PullRequest", field, kPullDocs);
}

// Whether `head`, as USER:BRANCH, is the head; true if it is empty.
bool HasHead(const Json& object, absl::string_view head) {
  return head.empty() || object["head"]["label"] == std::string(head);
}

}  // namespace

SimulatedResponse PullApi::List(const Call& call,
                                const World::Repository& repository) const {
  const auto state = ChoiceOf(call.target, "state", {"open", "closed", "all"});
  if (!state.has_value()) return InvalidPull("state");
  const auto sort =
      ChoiceOf(call.target, "sort",
               {"created", "updated", "popularity", "long-running"});
  if (!sort.has_value()) return InvalidPull("sort");
  const auto direction =
      ChoiceOf(call.target, "direction",
               {sort == "created" ? "desc" : "asc", "asc", "desc"});
  if (!direction.has_value()) return InvalidPull("direction");
  const auto object = [&](const PullRequest& pull_request) {
    return SimplePullRequestObject(Described(repository), pull_request,
                                   api_url_);
  };
  std::vector<const PullRequest*> found = pull_requests_->Of(repository.id);
  const absl::string_view base = call.target.Query("base");
  const absl::string_view head = call.target.Query("head");
  std::erase_if(found, [&](const PullRequest* pull_request) {
    return (state == "open" && !pull_request->is_open) ||
           (state == "closed" && pull_request->is_open) ||
           (!base.empty() && pull_request->base_branch != base) ||
           !HasHead(object(*pull_request), head);
  });
  const bool by_update = sort == "updated";
  const auto time = [by_update](const PullRequest* pull_request) {
    return by_update ? pull_request->updated_at : pull_request->created_at;
  };
  std::stable_sort(found.begin(), found.end(),
                   [&time](const PullRequest* a, const PullRequest* b) {
                     return time(a) < time(b);
                   });
  if (direction == "desc") std::reverse(found.begin(), found.end());

  return PageAnswer(
      call.target, found,
      absl::StrCat(api_url_, "/repositories/", repository.id, "/pulls"),
      object);
}

SimulatedResponse PullApi::One(const World::Repository& repository,
                               const std::string& number) const {
  int parsed = 0;
  if (!absl::SimpleAtoi(number, &parsed) || parsed <= 0) return NotFound();
  const PullRequest* const found = pull_requests_->Find(repository.id, parsed);
  if (found == nullptr) return NotFound();
  return JsonAnswer(200,
                    PullRequestObject(Described(repository), *found, api_url_));
}

}  // namespace signalbox
