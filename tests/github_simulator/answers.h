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

// GitHub's answers, without the headers that GitHub sends with all of them.

// An answer with a JSON body.
SimulatedResponse JsonAnswer(int status, const nlohmann::ordered_json& json);

SimulatedResponse HtmlAnswer(int status, std::string body);

// An answer with GitHub's error object. `errors` is a JSON array; null: left
// out.
SimulatedResponse Failure(int status, absl::string_view message,
                          absl::string_view documentation_url,
                          const nlohmann::ordered_json& errors = nullptr);

SimulatedResponse NotFound();

// The value of a request's field is none that GitHub knows.
SimulatedResponse InvalidField(absl::string_view resource,
                               absl::string_view field,
                               absl::string_view documentation_url);

// The order is carried out; there is nothing to tell.
SimulatedResponse NoContent();

// A redirect with this status (301, 302, 307 ...) to `url`.
SimulatedResponse MovedAnswer(int status, const std::string& url);

// The query parameter `per_page`: 30 if it is not given, at most 100.
size_t PageSize(const RequestTarget& target);

// The part of a list that one page shows: the items from `begin` to `end` - 1.
struct Page {
  size_t begin = 0;
  size_t end = 0;
  std::string link;  // The Link header; empty: this is the only page.
};

// The page of a list of `count` items that the target asks for with `per_page`
// and `page`. `url` is the address of the list without a query; links to other
// pages add the target's query to it.
Page PageOf(const RequestTarget& target, size_t count, const std::string& url);

// The answer with the page of `items` that the target asks for; `url` as in
// PageOf. `object_of` makes the JSON of an item. `body_of` makes the answer's
// body from the JSON array of the page's items; by default it is that array.
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
