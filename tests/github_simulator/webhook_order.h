#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// What `POST /_simulator/webhooks` asks for.
struct WebhookOrder {
  std::string redeliver;  // A delivery to repeat; then only `url` counts.
  std::string url;        // Empty: the default.

  std::string event;  // "pull_request", "push" or "ping"
  std::string action;
  std::string full_name;
  std::string sha;  // Empty: a new one, or the head as it is.
  int number = 0;   // 0: the newest pull request, or the next number.
  std::string title;
  std::string branch;
  bool is_draft = false;
  bool is_from_fork = false;
  bool as_form = false;
  absl::Duration visible_after = absl::ZeroDuration();
};

// Fills in `order`; returns what is wrong with the body, empty if nothing is.
std::string ReadWebhookOrder(absl::string_view body, WebhookOrder* order);

// What happened at GitHub, to be told to the receiver.
struct WebhookNews {
  std::string payload;
  int64_t repository_id = 0;
  std::string sha;  // Empty: about no commit.
  int number = 0;   // 0: about no pull request.
};

// Makes the repository, the commit and the pull request be as ordered, and
// describes it. `new_sha` is used where a new commit is needed and none named.
WebhookNews CarryOut(const WebhookOrder& order, const std::string& new_sha,
                     const std::string& api_url, absl::Time now,
                     GitHubRules* rules);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_
