#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/webhook_payload.h"

namespace signalbox {

// The body of `POST /_simulator/webhooks`.
struct WebhookOrder {
  std::string url;  // Empty: the hook's.

  // Replaces everything below: repeats the delivery with this GUID.
  std::string redeliver;
  // Or sends the events held back, in this order: "order" or "reverse".
  std::string release;

  std::string event;
  std::string action;
  std::string full_name;
  std::string sha;  // Empty: a new one, or the head as it is.
  int number = 0;   // 0: the newest pull request, or the next number.
  std::string title;
  std::string branch;
  std::string tag;
  bool is_annotated = false;
  bool is_draft = false;
  bool is_from_fork = false;
  bool is_fork_gone = false;
  absl::Duration visible_after = absl::ZeroDuration();
  WebhookComment comment;
  GitHubRules::Row row;       // Of a status.
  std::string new_full_name;  // Of a repository renamed or transferred.
  int64_t installation_id = 0;
  std::string payload;  // JSON that is sent unchanged; empty: none.

  int64_t hook_id = 0;                // 0: all that want it.
  std::string content_type;           // Empty: the hook's.
  std::optional<std::string> secret;  // Nothing: the hook's.
  int times = 1;
  bool is_held = false;
  size_t payload_bytes = 0;  // 0: no padding; otherwise pads up to it.
};

// Fills in `order`. Returns what is wrong with the body; empty: nothing.
std::string ReadWebhookOrder(absl::string_view body, WebhookOrder* order);

// An event at GitHub, for the receiver.
struct WebhookNews {
  std::string payload;
  std::string sha;  // Empty: it concerns no commit.
  int number = 0;   // 0: it concerns no pull request.
};

// Makes the repository, the commit and the pull request as ordered, and
// describes the event in `news`. Uses `new_sha` if it needs a new commit and
// the order names none. Returns why the order is impossible; empty: done.
//
// Not for "ping", which is about a hook.
std::string CarryOut(const WebhookOrder& order, const std::string& new_sha,
                     absl::Time now, GitHubRules* rules, WebhookNews* news);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_
