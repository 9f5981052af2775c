#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_ANSWERS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_ANSWERS_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {

// GitHub's answers, without the headers that all of them have.

SimulatedResponse JsonAnswer(int status, const nlohmann::ordered_json& json);

SimulatedResponse HtmlAnswer(int status, std::string body);

// An error body. `errors` is an array, or null to leave it out.
SimulatedResponse Failure(int status, absl::string_view message,
                          absl::string_view documentation_url,
                          const nlohmann::ordered_json& errors = nullptr);

SimulatedResponse NotFound();

// A redirect to `url`.
SimulatedResponse MovedAnswer(int status, const std::string& url);

// `per_page`: 30 unless given, at most 100.
size_t PageSize(const RequestTarget& target);

// Which of a list's items are on a page, by `per_page` and `page`.
struct Page {
  size_t begin = 0;
  size_t end = 0;
  std::string link;  // The Link header; empty: this is the only page.
};

// `url` is the address of the whole list, without a query: the links take the
// query from the target.
Page PageOf(const RequestTarget& target, size_t count, const std::string& url);

// Answers with the page of `items` that the target asks for. `object_of` makes
// the JSON of an item, and `body_of` the answer's JSON of the page's array.
template <typename Item, typename ObjectOf, typename BodyOf = std::identity>
SimulatedResponse PageAnswer(const RequestTarget& target,
                             const std::vector<Item>& items,
                             const std::string& url, ObjectOf object_of,
                             BodyOf body_of = {}) {
  const Page page = PageOf(target, items.size(), url);
  auto objects = nlohmann::ordered_json::array();
  for (size_t i = page.begin; i < page.end; ++i) {
    objects.push_back(object_of(*items[i]));
  }
  SimulatedResponse response = JsonAnswer(200, body_of(objects));
  if (!page.link.empty()) response.headers.emplace_back("link", page.link);
  return response;
}

inline constexpr char kDocs[] = "https://docs.github.com/rest";
inline constexpr char kCreateStatusDocs[] =
    "https://docs.github.com/rest/commits/statuses#create-a-commit-status";

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_ANSWERS_H_
