#include "tests/bench/webhooks/github_view.h"

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "tests/bench/program.h"

namespace signalbox {

GitHubView::GitHubView(const std::string& address)
    : client_(
          std::make_unique<httplib::Client>(absl::StrCat("http://", address))) {
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
}

GitHubView::~GitHubView() = default;

void GitHubView::SetLatency(absl::Duration latency) {
  const nlohmann::json settings = {
      {"answer_delay_ms", absl::ToInt64Milliseconds(latency)}};
  const auto answer = client_->Post("/_simulator/settings", settings.dump(),
                                    "application/json");
  if (!answer || answer->status != 200) {
    GiveUp("the GitHub simulator refused a setting");
  }
}

bool GitHubView::ReadOn() {
  const std::string target = absl::StrCat("/_simulator/events?after=", next_);
  const auto answer = client_->Get(target.c_str());
  if (!answer || answer->status != 200) {
    GiveUp("the GitHub simulator does not answer any more");
  }
  const auto page = nlohmann::json::parse(answer->body);
  next_ = page.at("next").get<int64_t>();
  for (const auto& event : page.at("events")) {
    ++statuses_[event.at("sha").get<std::string>()];
  }
  return !page.at("events").empty();
}

int GitHubView::AwaitAll(absl::Span<const SignedDelivery> deliveries,
                         absl::Duration limit) {
  const SteadyTime end = Clock::System()->Steady() + limit;
  for (;;) {
    while (ReadOn()) {
    }
    int missing = 0;
    for (const SignedDelivery& delivery : deliveries) {
      missing += statuses_.count(delivery.sha) == 0 ? 1 : 0;
    }
    if (missing == 0 || Clock::System()->Steady() > end) return missing;
    // Reading takes the simulator's time, which it needs for the posts.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

int GitHubView::Repeats() const {
  int repeats = 0;
  for (const auto& [sha, count] : statuses_) repeats += count - 1;
  return repeats;
}

}  // namespace signalbox
