#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_REQUEST_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_REQUEST_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// What the HTTP request of a webhook is made from.
struct WebhookParts {
  absl::string_view event = "";
  absl::string_view guid = "";
  absl::string_view payload = "";
  int64_t hook_id = 0;
  // What the webhook belongs to: "repository", "organization" or, for an App,
  // "integration". And the id of that.
  absl::string_view target_type = "";
  int64_t target_id = 0;
  bool as_form = false;           // True: the body is `payload=...`; else JSON.
  absl::string_view secret = "";  // Empty: not signed.
  // The host of a GHES; empty: github.com.
  absl::string_view enterprise_host = "";
};

// The headers and the body of a webhook's HTTP request.
struct WebhookRequest {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The HTTP request that GitHub sends for these parts. Pure.
WebhookRequest MakeWebhookRequest(const WebhookParts& parts);

// GitHub's signature of a body: "sha256=..." or "sha1=...". `digest` is the
// name before the equals sign.
std::string WebhookSignature(absl::string_view digest, absl::string_view secret,
                             absl::string_view body);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_REQUEST_H_
