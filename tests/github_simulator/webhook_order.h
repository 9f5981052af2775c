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

// What `POST /_simulator/webhooks` asks for.
struct WebhookOrder {
  std::string url;  // Empty: as the hook has it.

  // Instead of all below: a delivery to repeat, by its GUID.
  std::string redeliver;
  // Or to send what is held back: "order" or "reverse".
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
  std::string payload;  // JSON that is sent as it is; empty: none is given.

  int64_t hook_id = 0;                // 0: all that want it.
  std::string content_type;           // Empty: as the hook has it.
  std::optional<std::string> secret;  // Nothing: the hook's.
  int times = 1;
  bool is_held = false;
  size_t payload_bytes = 0;  // 0: as it comes, else padded.
};

// Fills in `order`; returns what is wrong with the body, empty if nothing is.
std::string ReadWebhookOrder(absl::string_view body, WebhookOrder* order);

// What happened at GitHub, to be told to the receiver.
struct WebhookNews {
  std::string payload;
  std::string sha;  // Empty: about no commit.
  int number = 0;   // 0: about no pull request.
};

// Makes the repository, the commit and the pull request be as ordered, and
// describes it in `news`; `new_sha` is used where a new commit is needed and
// none named. Returns what makes it impossible, empty if it was done.
//
// Not for "ping", which is about a hook.
std::string CarryOut(const WebhookOrder& order, const std::string& new_sha,
                     absl::Time now, GitHubRules* rules, WebhookNews* news);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_
