#include "tests/simulation/watched_transport.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

// If GitHub names no moment, it asks for a minute at least.
constexpr absl::Duration kBareLimit = absl::Minutes(1);

int Number(absl::string_view text, int otherwise) {
  int number = otherwise;
  return absl::SimpleAtoi(text, &number) ? number : otherwise;
}

// Until when the answer asks for silence; InfinitePast: it does not.
absl::Time SilentUntil(const HttpResponse& answer, absl::Time now) {
  if (answer.status != 403 && answer.status != 429) {
    return absl::InfinitePast();
  }
  const int retry_after = Number(answer.Header("retry-after"), -1);
  if (retry_after >= 0) return now + absl::Seconds(retry_after);
  if (answer.Header("x-ratelimit-remaining") == "0") {
    return absl::FromUnixSeconds(Number(answer.Header("x-ratelimit-reset"), 0));
  }
  const bool is_limit = absl::StrContains(answer.body, "rate limit") ||
                        absl::StrContains(answer.body, "abuse");
  return is_limit ? now + kBareLimit : absl::InfinitePast();
}

std::string RefusalOf(const HttpResponse& answer) {
  if (answer.status >= 300 && answer.status < 400) return "redirect";
  if (answer.status < 400 || answer.status >= 500 || answer.status == 401 ||
      answer.status == 408) {
    return "";
  }
  if (answer.status == 403 || answer.status == 404 || answer.status == 410 ||
      answer.status == 451) {
    return "repository";
  }
  return absl::StrContains(answer.body, "No commit found") ? "no_commit"
                                                           : "other";
}

std::string TextOf(const nlohmann::json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object.value(name, "")
                                                     : "";
}

}  // namespace

WatchedTransport::WatchedTransport(HttpTransport* github,
                                   std::function<absl::Time()> now,
                                   history::History* history,
                                   std::string credential, NameOf name_of,
                                   int64_t* exchange, std::string server)
    : github_(github),
      now_(std::move(now)),
      history_(history),
      credential_(std::move(credential)),
      name_of_(std::move(name_of)),
      exchange_(exchange),
      server_(std::move(server)) {}

history::Began WatchedTransport::Read(const HttpRequest& request) const {
  history::Began began;
  began.credential = credential_;
  began.is_budget = absl::EndsWith(request.url, "/rate_limit");
  // https://HOST/repos/OWNER/NAME/statuses/SHA, .../commits/SHA/status?..., or
  // the same below /repositories/ID.
  std::vector<std::string> parts = absl::StrSplit(request.url, '/');
  parts.erase(parts.begin(), parts.begin() + std::min<size_t>(3, parts.size()));
  std::string repository;
  size_t rest = 0;
  if (parts.size() >= 3 && parts[0] == "repos") {
    repository = name_of_(parts[1] + "/" + parts[2]);
    rest = 3;
  } else if (parts.size() >= 2 && parts[0] == "repositories") {
    repository = name_of_(parts[1]);
    rest = 2;
  }
  if (repository.empty() || parts.size() < rest + 2 ||
      (parts[rest] != "statuses" && parts[rest] != "commits")) {
    return began;
  }
  history::StatusName name;
  name.repository = repository;
  name.sha = parts[rest + 1].substr(0, parts[rest + 1].find('?'));
  if (request.method == "POST") {
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    name.context = absl::AsciiStrToLower(TextOf(body, "context"));
    began.posted =
        history::Content{TextOf(body, "state"), TextOf(body, "description"),
                         TextOf(body, "target_url")};
  }
  began.name = std::move(name);
  return began;
}

void WatchedTransport::Send(HttpRequest request, Done done) {
  if (*is_cut_) return;
  history::Began began = Read(request);
  began.exchange = ++*exchange_;
  began.time = now_();
  began.server = server_;
  Exchange exchange;
  exchange.number = began.exchange;
  exchange.begin = began.time;
  exchange.is_post = began.posted.has_value();
  exchange.done = std::move(done);
  history_->Add(std::move(began));
  if (holds_requests_) {
    exchange.was_held = true;
    held_requests_.emplace_back(std::move(request), std::move(exchange));
  } else {
    HandOver(std::move(request), std::move(exchange));
  }
}

void WatchedTransport::HandOver(HttpRequest request, Exchange exchange) {
  github_->Send(std::move(request),
                [this, is_cut = is_cut_, exchange = std::move(exchange)](
                    absl::StatusOr<HttpResponse> answer) {
                  if (*is_cut) return;
                  if (holds_answers_) {
                    held_answers_.emplace_back(exchange, std::move(answer));
                    held_answers_.back().first.was_held = true;
                  } else {
                    End(exchange, std::move(answer));
                  }
                });
}

void WatchedTransport::Thaw() {
  holds_requests_ = holds_answers_ = false;
  for (auto& [exchange, answer] : std::exchange(held_answers_, {})) {
    End(exchange, std::move(answer));
  }
  for (auto& [request, exchange] : std::exchange(held_requests_, {})) {
    if (exchange.number % 2 == 0) {
      HandOver(std::move(request), std::move(exchange));
    } else {
      // The client believes that it has waited for all that time.
      github_->Send(std::move(request), [](auto) {});
      End(exchange, absl::DeadlineExceededError("no answer in time"));
    }
  }
}

void WatchedTransport::End(const Exchange& exchange,
                           absl::StatusOr<HttpResponse> answer) {
  history::Ended ended;
  ended.exchange = exchange.number;
  ended.time = now_();
  if (answer.ok()) {
    if (exchange.was_held) answer->elapsed = ended.time - exchange.begin;
    ended.http_status = answer->status;
    ended.in_doubt = answer->status >= 500;
    ended.silent_until = SilentUntil(*answer, ended.time);
    ended.remaining = Number(answer->Header("x-ratelimit-remaining"), -1);
    ended.limit = Number(answer->Header("x-ratelimit-limit"), -1);
    ended.reset_time =
        absl::FromUnixSeconds(Number(answer->Header("x-ratelimit-reset"), 0));
    const bool is_limit = ended.silent_until != absl::InfinitePast();
    if (exchange.is_post && !is_limit) ended.refusal = RefusalOf(*answer);
  } else {
    ended.in_doubt =
        answer.status().code() != absl::StatusCode::kFailedPrecondition;
  }
  history_->Add(ended);
  exchange.done(std::move(answer));
}

}  // namespace signalbox
