#include "tests/github_simulator/webhook_sender.h"

#include <httplib.h>

#include <exception>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/webhook_request.h"

namespace signalbox {
namespace {

constexpr size_t kMaxRemembered = 1000;
constexpr int kTimeoutSeconds = 10;

}  // namespace

WebhookSender::WebhookSender(Options options) : options_(std::move(options)) {}

std::string WebhookSender::RandomHex(int bytes) {
  MutexLock lock(&mu_);
  std::string raw;
  for (int i = 0; i < bytes; ++i) raw.push_back(static_cast<char>(random_()));
  return absl::BytesToHexString(raw);
}

WebhookSender::Delivery WebhookSender::Prepare(
    absl::string_view event, absl::string_view payload, bool as_form,
    int64_t repository_id, absl::string_view sha, absl::string_view url) {
  const std::string hex = RandomHex(16);
  const auto part = [&hex](size_t from, size_t size) {
    return absl::string_view(hex).substr(from, size);
  };
  Delivery delivery;
  delivery.id = absl::StrCat(part(0, 8), "-", part(8, 4), "-4", part(13, 3),
                             "-a", part(17, 3), "-", part(20, 12));
  delivery.url = url.empty() ? options_.url : std::string(url);
  delivery.sha = std::string(sha);
  delivery.content_type =
      as_form ? "application/x-www-form-urlencoded" : "application/json";
  delivery.body = std::string(payload);
  if (as_form) {
    // As HTML forms have it: a space is a plus sign.
    delivery.body = absl::StrCat(
        "payload=",
        absl::StrReplaceAll(PercentEncode(payload), {{"%20", "+"}}));
  }
  delivery.headers = {
      {"Accept", "*/*"},
      {"User-Agent", "GitHub-Hookshot/0000000"},
      {"X-GitHub-Delivery", delivery.id},
      {"X-GitHub-Event", std::string(event)},
      {"X-GitHub-Hook-ID", absl::StrCat(kHookId)},
      {"X-GitHub-Hook-Installation-Target-ID", absl::StrCat(repository_id)},
      {"X-GitHub-Hook-Installation-Target-Type", "repository"},
  };
  if (!options_.enterprise_host.empty()) {
    delivery.headers.emplace_back("X-GitHub-Enterprise-Host",
                                  options_.enterprise_host);
    delivery.headers.emplace_back("X-GitHub-Enterprise-Version", "3.19.0");
  }
  if (!options_.secret.empty()) {
    delivery.headers.emplace_back(
        "X-Hub-Signature",
        WebhookSignature("sha1", options_.secret.Reveal(), delivery.body));
    delivery.headers.emplace_back(
        "X-Hub-Signature-256",
        WebhookSignature("sha256", options_.secret.Reveal(), delivery.body));
  }
  MutexLock lock(&mu_);
  sent_.push_back(delivery);
  if (sent_.size() > kMaxRemembered) sent_.pop_front();
  return delivery;
}

std::optional<WebhookSender::Delivery> WebhookSender::Find(
    absl::string_view id) {
  MutexLock lock(&mu_);
  for (const Delivery& delivery : sent_) {
    if (delivery.id == id) return delivery;
  }
  return std::nullopt;
}

WebhookSender::Outcome WebhookSender::Send(const Delivery& delivery) {
  const size_t scheme = delivery.url.find("://");
  if (scheme == std::string::npos) {
    return {.error = absl::StrCat("no URL: ", delivery.url)};
  }
  const size_t slash = delivery.url.find('/', scheme + 3);
  const std::string origin = delivery.url.substr(0, slash);
  const std::string path =
      slash == std::string::npos ? "/" : delivery.url.substr(slash);
  try {  // httplib throws at a scheme or port that it does not like.
    httplib::Client client(origin);
    client.set_connection_timeout(kTimeoutSeconds);
    client.set_read_timeout(kTimeoutSeconds);
    client.set_write_timeout(kTimeoutSeconds);
    const httplib::Headers headers(delivery.headers.begin(),
                                   delivery.headers.end());
    const httplib::Result result = client.Post(
        path.c_str(), headers, delivery.body, delivery.content_type.c_str());
    if (!result) return {.error = httplib::to_string(result.error())};
    return {.status = result->status, .body = result->body};
  } catch (const std::exception& error) {
    return {.error = error.what()};
  }
}

}  // namespace signalbox
