#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_ANSWERS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_ANSWERS_H_

#include <nlohmann/json.hpp>
#include <string>

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

// One page of `count` things, by `per_page` and `page`.
struct Page {
  size_t begin = 0;
  size_t end = 0;
  std::string link;  // The Link header; empty: this is the only page.
};

// `url` is the address of the whole list, without a query: the links take the
// query from the target.
Page PageOf(const RequestTarget& target, size_t count, const std::string& url);

inline constexpr char kDocs[] = "https://docs.github.com/rest";
inline constexpr char kCreateStatusDocs[] =
    "https://docs.github.com/rest/commits/statuses#create-a-commit-status";

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_ANSWERS_H_
