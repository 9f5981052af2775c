#include "tests/simulation/held_github.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace signalbox {

HeldGitHub::HeldGitHub(GitHubRules* rules, std::string api_url,
                       std::function<absl::Time()> now)
    : rules_(rules), api_url_(std::move(api_url)), now_(std::move(now)) {}

void HeldGitHub::Send(HttpRequest request, Done done) {
  Exchange exchange;
  exchange.is_post = request.method == "POST";
  exchange.request = {.method = request.method,
                      .target = request.url.substr(api_url_.size()),
                      .headers = request.headers,
                      .body = request.body};
  exchange.request.headers.emplace_back(
      "Authorization", absl::StrCat("Bearer ", request.bearer.Reveal()));
  exchange.what = exchange.is_post ? exchange.request.body : "read";
  exchange.done = std::move(done);
  exchange.sent_at = now_();
  const bool is_free = exchange.request.target == "/rate_limit";
  (is_free ? free_ : held_).push_back(std::move(exchange));
}

bool HeldGitHub::AnswerFree() {
  if (free_.empty()) return false;
  Exchange exchange = std::move(free_.front());
  free_.pop_front();
  exchange.done(AnswerTo(exchange));
  return true;
}

absl::StatusOr<HttpResponse> HeldGitHub::AnswerTo(const Exchange& exchange) {
  const SimulatedResponse response = rules_->Handle(exchange.request, now_());
  HttpResponse answer;
  answer.status = response.status;
  answer.headers = response.headers;
  answer.body = response.body;
  return answer;
}

void HeldGitHub::LoseClient() {
  free_.clear();
  for (Exchange& exchange : held_) exchange.done = nullptr;
  held_.remove_if([](const Exchange& one) { return !one.is_post; });
  late_.splice(late_.end(), held_);
}

}  // namespace signalbox
