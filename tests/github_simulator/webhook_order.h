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

// An order of the control API to send webhooks: the body of `POST
// /_simulator/webhooks`, whose members README.md describes.
struct WebhookOrder {
  std::string url;  // The receiver; empty: the webhook's own.

  // Not empty: the order only repeats the delivery with this GUID.
  std::string redeliver;
  // Not empty: the order only sends the events that were held back, in the
  // order in which they came ("order") or the other way round ("reverse").
  std::string release;

  // Otherwise it makes this event happen:
  std::string event;
  std::string action;
  std::string full_name;
  std::string sha;  // Empty: a new commit, or the present head.
  int number = 0;   // 0: the newest pull request, or a new one.
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

  int64_t hook_id = 0;                // 0: all webhooks that get the event.
  std::string content_type;           // Empty: the webhook's own.
  std::optional<std::string> secret;  // Nothing: the webhook's own.
  int times = 1;                      // How often each delivery is sent.
  bool is_held = false;               // Hold the event back until a `release`.
  size_t payload_bytes = 0;  // Pad the payload to this size; 0: no padding.
};

// Reads an order from a request's body. Returns what is wrong with the body,
// for people; empty: nothing.
std::string ReadWebhookOrder(absl::string_view body, WebhookOrder* order);

// What an order made happen.
struct WebhookNews {
  // Of the webhook.
  std::string payload;
  std::string sha;  // Empty: it concerns no commit.
  int number = 0;   // 0: it concerns no pull request.
};

// Makes the event happen at GitHub: adds the repository, the commit and the
// pull request as ordered. Describes it in `news`. If the order needs a new
// commit and names none, that is `new_sha`. Returns why the order is
// impossible, for people; empty: it is done.
//
// Not for the event "ping", which is about a webhook.
std::string CarryOut(const WebhookOrder& order, const std::string& new_sha,
                     absl::Time now, GitHubRules* rules, WebhookNews* news);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_ORDER_H_
