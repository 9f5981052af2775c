#include "tests/github_simulator/simulator.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/control_orders.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/page.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/webhook_order.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxWaitSeconds = 60;
constexpr size_t kMaxEvents = 1000;
constexpr size_t kCommitsOnIndex = 50;

SimulatedResponse Refuse(int status, absl::string_view message) {
  return JsonAnswer(status, Json{{"message", message}});
}

Json RowObject(const GitHubRules::Row& row) {
  return {{"id", row.id},
          {"context", row.context},
          {"state", row.state},
          {"description", TextOrNull(row.description)},
          {"target_url", TextOrNull(row.target_url)},
          {"created_at", IsoTime(row.created_at)},
          {"creator", row.creator}};
}

}  // namespace

Simulator::Simulator(GitHubRules::Options options,
                     WebhookDesk::Options webhooks, Clock* clock)
    : clock_(clock),
      rules_(std::move(options)),
      desk_(std::move(webhooks), &rules_),
      sender_(rules_.options().webhook_timeout, clock,
              [this](const Hooks::Attempt& attempt,
                     const WebhookSender::Result& result) {
                EndAttempt(attempt, result);
              }) {}

SimulatedResponse Simulator::Handle(const SimulatedRequest& request) {
  const RequestTarget target = RequestTarget::Parse(request.target, "");
  if (!target.segments.empty() && target.segments[0] == "_simulator") {
    return Control(request, target);
  }
  SimulatedResponse page;
  const bool is_read = request.method == "GET";
  if (is_read && Page(request, target, &page)) return page;
  MutexLock lock(&mu_);
  const absl::Time now = clock_->Now();
  SimulatedRequest opened = request;
  opened.exchange = rules_.Open(request, now);
  SimulatedResponse response = rules_.Handle(opened, now);
  SendQueued();
  if (!is_read) changed_.NotifyAll();
  return response;
}

void Simulator::End(int64_t exchange, bool is_answered) {
  MutexLock lock(&mu_);
  rules_.Close(exchange, is_answered);
}

void Simulator::Stop() {
  {
    MutexLock lock(&mu_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  sender_.Stop();
}

void Simulator::SendQueued() {
  for (Hooks::Attempt& attempt : rules_.hooks().TakeAttempts(clock_->Now())) {
    sender_.Enqueue(std::move(attempt));
  }
}

void Simulator::EndAttempt(const Hooks::Attempt& attempt,
                           const WebhookSender::Result& result) {
  MutexLock lock(&mu_);
  rules_.hooks().EndAttempt(attempt.id, result.outcome, clock_->Now());
}

SimulatedResponse Simulator::Control(const SimulatedRequest& request,
                                     const RequestTarget& target) {
  if (!target.is_valid || target.segments.size() != 2) return NotFound();
  const std::string& what = target.segments[1];
  if (request.method == "GET") {
    if (what == "statuses") return Statuses(target);
    if (what == "events") return Events(target);
    if (what == "counters") return Counters();
    if (what == "deliveries") return Deliveries(target);
  }
  if (request.method == "DELETE") {
    MutexLock lock(&mu_);
    return CarryOutDelete(target, &rules_);
  }
  if (request.method != "POST") return NotFound();
  if (what == "webhooks") return SendWebhook(request.body);
  MutexLock lock(&mu_);
  return CarryOutPost(what, request.body, clock_->Now(), &rules_);
}

SimulatedResponse Simulator::Statuses(const RequestTarget& target) {
  const absl::string_view full_name = target.Query("repository");
  const absl::string_view sha = target.Query("sha");
  MutexLock lock(&mu_);
  rules_.ApplyLate(clock_->Now());
  Json shown = Json::array();
  for (const auto& [context, row] : rules_.Shown(full_name, sha)) {
    shown.push_back(RowObject(row));
  }
  Json rows = Json::array();
  for (const GitHubRules::Row& row : rules_.Rows(full_name, sha)) {
    rows.push_back(RowObject(row));
  }
  return JsonAnswer(200, Json{{"state", rules_.CombinedState(full_name, sha)},
                              {"shown", shown},
                              {"rows", rows}});
}

void Simulator::WaitForChange(SteadyTime end) {
  const absl::Time now = clock_->Now();
  const absl::Duration late = rules_.ApplyLate(now) - now;
  changed_.WaitFor(&mu_, std::min(end - clock_->Steady(), late));
  rules_.ApplyLate(clock_->Now());
}

SimulatedResponse Simulator::Events(const RequestTarget& target) {
  int64_t after = 0;
  int wait_seconds = 0;
  const bool is_number = target.Query("after").empty() ||
                         absl::SimpleAtoi(target.Query("after"), &after);
  const bool is_wait = target.Query("wait").empty() ||
                       absl::SimpleAtoi(target.Query("wait"), &wait_seconds);
  if (!is_number || !is_wait || after < 0) {
    return Refuse(422, "after and wait are whole numbers");
  }
  const SteadyTime end =
      clock_->Steady() +
      absl::Seconds(std::clamp(wait_seconds, 0, kMaxWaitSeconds));
  MutexLock lock(&mu_);
  rules_.ApplyLate(clock_->Now());
  std::vector<GitHubRules::Event> found = rules_.EventsAfter(after, kMaxEvents);
  while (found.empty() && !stopped_ && clock_->Steady() < end) {
    WaitForChange(end);
    found = rules_.EventsAfter(after, kMaxEvents);
  }
  Json events = Json::array();
  for (const GitHubRules::Event& event : found) {
    events.push_back({{"number", event.number},
                      {"time", IsoTime(event.row.created_at)},
                      {"repository", event.full_name},
                      {"sha", event.sha},
                      {"context", event.row.context},
                      {"state", event.row.state},
                      {"description", TextOrNull(event.row.description)},
                      {"target_url", TextOrNull(event.row.target_url)}});
  }
  return JsonAnswer(
      200, Json{{"events", events},
                {"next", found.empty() ? after : found.back().number}});
}

SimulatedResponse Simulator::Counters() {
  MutexLock lock(&mu_);
  rules_.ApplyLate(clock_->Now());
  Json counters;
  for (const auto& [name, count] : rules_.misbehaviour().All()) {
    counters[name] = count;
  }
  counters["max_in_flight"] = rules_.max_in_flight();
  counters["request_count"] = rules_.request_count();
  return JsonAnswer(200, counters);
}

bool Simulator::Page(const SimulatedRequest& request,
                     const RequestTarget& target, SimulatedResponse* page) {
  MutexLock lock(&mu_);
  const bool is_for_api =
      rules_.options().api_prefix.empty() &&
      absl::StrContains(HeaderOf(request, "accept"), "json");
  const auto view =
      [this](const std::string& full_name, const std::string& sha)
          ABSL_NO_THREAD_SAFETY_ANALYSIS {
            CommitView commit = {.full_name = full_name, .sha = sha};
            for (const auto& [context, row] : rules_.Shown(full_name, sha)) {
              commit.shown.push_back(row);
            }
            if (const auto* pull = rules_.pull_requests().ByCommit(
                    rules_.RepositoryId(full_name), sha)) {
              commit.title = pull->title;
              commit.pull_request_number = pull->number;
            }
            return commit;
          };
  const std::vector<std::string>& path = target.segments;
  if (target.is_valid && path.empty() && !is_for_api) {
    std::vector<CommitView> commits;
    for (const auto& name : rules_.RecentCommits(kCommitsOnIndex)) {
      commits.push_back(view(name.full_name, name.sha));
    }
    *page = HtmlAnswer(200, IndexPage(commits));
  } else if (target.is_valid && path.size() == 4 && path[2] == "commit" &&
             IsFullSha(path[3])) {
    const std::string full_name = absl::StrCat(path[0], "/", path[1]);
    if (!rules_.HasRepository(full_name)) return false;
    *page = HtmlAnswer(
        200, CommitPage(view(rules_.CurrentName(full_name), path[3])));
  } else {
    return false;
  }
  page->headers.emplace_back("cache-control", "no-store");
  page->headers.emplace_back(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; script-src "
      "'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action "
      "'none'");
  return true;
}

SimulatedResponse Simulator::SendWebhook(absl::string_view body) {
  WebhookOrder order;
  std::string complaint = ReadWebhookOrder(body, &order);
  if (!complaint.empty()) return Refuse(422, complaint);
  std::vector<WebhookDesk::Job> jobs;
  {
    MutexLock lock(&mu_);
    SendQueued();
    complaint = desk_.CarryOut(order, clock_->Now(), &jobs);
  }
  if (!complaint.empty()) {
    return Refuse(order.redeliver.empty() ? 422 : 404, complaint);
  }
  std::string error;
  for (const WebhookDesk::Job& job : jobs) {
    for (const Hooks::Attempt& attempt : job.attempts) {
      WebhookSender::Result result;
      for (int i = 0; i < job.times; ++i) result = sender_.Send(attempt);
      if (!result.error.empty()) error = result.error;
      EndAttempt(attempt, result);
    }
  }
  MutexLock lock(&mu_);
  if (!order.release.empty()) {
    Json released = Json::array();
    for (const WebhookDesk::Job& job : jobs) {
      released.push_back(desk_.AnswerOf(job));
    }
    return JsonAnswer(200, Json{{"released", released}});
  }
  Json answer = desk_.AnswerOf(jobs.front());
  // GitHub's record of the delivery says less.
  if (!error.empty()) answer["error"] = error;
  return JsonAnswer(200, answer);
}

SimulatedResponse Simulator::Deliveries(const RequestTarget& target) {
  int64_t hook_id = 0;
  const absl::string_view hook = target.Query("hook");
  if (!hook.empty() && !absl::SimpleAtoi(hook, &hook_id)) {
    return Refuse(422, "hook is not a whole number");
  }
  const absl::string_view guid = target.Query("delivery");
  MutexLock lock(&mu_);
  // Ends the deliveries that have timed out.
  rules_.hooks().DeliveriesOf(0, clock_->Now());
  std::map<int64_t, Json> found;
  for (const Hooks::Entry* const entry : rules_.hooks().All()) {
    if (hook_id != 0 && entry->hook.id != hook_id) continue;
    for (const auto& [key, delivery] : entry->deliveries) {
      if (!guid.empty() && guid != delivery.guid) continue;
      const bool has_ended = delivery.outcome.has_value();
      found[delivery.id] = {
          {"id", delivery.id},
          {"hook", entry->hook.id},
          {"delivery", delivery.guid},
          {"event", delivery.event},
          {"action", delivery.action.value_or("")},
          {"redelivery", delivery.is_redelivery},
          {"delivered_at", IsoTime(delivery.delivered_at)},
          {"ended", has_ended},
          {"status_code", has_ended ? delivery.outcome->status_code : 0},
          {"status", has_ended ? delivery.outcome->reason : ""}};
    }
  }
  Json deliveries = Json::array();
  for (auto& [id, object] : found) deliveries.push_back(std::move(object));
  return JsonAnswer(200, Json{{"deliveries", deliveries}});
}

}  // namespace signalbox
