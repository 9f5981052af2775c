#include "tests/github_simulator/webhook_request.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {

std::string WebhookSignature(absl::string_view digest, absl::string_view secret,
                             absl::string_view body) {
  const EVP_MD* const md = digest == "sha1" ? EVP_sha1() : EVP_sha256();
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(md, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac,
       &size);
  return absl::StrCat(digest, "=",
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(mac), size)));
}

WebhookRequest MakeWebhookRequest(const WebhookParts& parts) {
  WebhookRequest request;
  request.body = std::string(parts.payload);
  if (parts.as_form) {
    // As in HTML forms, a space is a plus sign.
    request.body = absl::StrCat(
        "payload=",
        absl::StrReplaceAll(PercentEncode(parts.payload), {{"%20", "+"}}));
  }
  request.headers = {
      {"Accept", "*/*"},
      {"Content-Type", parts.as_form ? "application/x-www-form-urlencoded"
                                     : "application/json"},
      {"User-Agent", "GitHub-Hookshot/0000000"},
      {"X-GitHub-Delivery", std::string(parts.guid)},
      {"X-GitHub-Event", std::string(parts.event)},
      {"X-GitHub-Hook-ID", absl::StrCat(parts.hook_id)},
      {"X-GitHub-Hook-Installation-Target-ID", absl::StrCat(parts.target_id)},
      {"X-GitHub-Hook-Installation-Target-Type",
       std::string(parts.target_type)},
  };
  if (!parts.enterprise_host.empty()) {
    request.headers.emplace_back("X-GitHub-Enterprise-Host",
                                 parts.enterprise_host);
    request.headers.emplace_back("X-GitHub-Enterprise-Version", "3.19.0");
  }
  if (!parts.secret.empty()) {
    request.headers.emplace_back(
        "X-Hub-Signature",
        WebhookSignature("sha1", parts.secret, request.body));
    request.headers.emplace_back(
        "X-Hub-Signature-256",
        WebhookSignature("sha256", parts.secret, request.body));
  }
  return request;
}

}  // namespace signalbox
