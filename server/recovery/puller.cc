#include "server/recovery/puller.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/request_id.h"
#include "common/webhook/event.h"

namespace signalbox {
namespace {

// GitHub's largest payload, and the answer around it.
constexpr size_t kMaxDelivery = 30 << 20;
// A delivery that GitHub cannot return holds up the others for kPatience at
// first, and for kPatienceLater at each retry, every kFailedRetry.
constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr absl::Duration kPatienceLater = absl::Seconds(20);
constexpr absl::Duration kFailedRetry = absl::Minutes(5);

// Whether the request was sent, and GitHub could not answer it.
bool WasTried(const Verdict& verdict) {
  return verdict.http_status >= 500 || verdict.reason == "TIMEOUT" ||
         verdict.reason == "CONNECTION_LOST";
}

}  // namespace

absl::Time Puller::RunOnce() {
  if (busy_ || is_gone()) return absl::InfiniteFuture();
  const SteadyTime now = tools_.clock->Steady();
  if (now < next_list_) return tools_.clock->Now() + (next_list_ - now);
  TakeFailed();
  if (!wanted_.empty()) {
    Read(wanted_.front());
  } else {
    if (horizon_ == absl::InfinitePast()) horizon_ = StoredCursor();
    horizon_ = std::max(horizon_, GitHubNow() - kDeliveryWindow);
    List(horizon_);
  }
  return absl::InfiniteFuture();
}

void Puller::HaveList(const DeliveryListing& listing) {
  if (listing.verdict.action != Action::kDone) return;
  listed_ = listing.begin;
  // All attempts of a delivery have the same payload.
  std::set<std::string> seen;
  std::vector<ListedDelivery> fresh;
  for (const ListedDelivery& attempt : listing.attempts) {
    if (!seen.insert(attempt.guid).second || done_.contains(attempt.guid) ||
        failed_.contains(attempt.guid)) {
      continue;
    }
    if (UsesEvent(attempt.event, attempt.action)) {
      fresh.push_back(attempt);
    } else {
      Done(attempt, "unused");
    }
  }
  std::vector<std::string> guids;
  for (const ListedDelivery& attempt : fresh) guids.push_back(attempt.guid);
  const auto known = tools_.notes->KnownDeliveries(guids);
  if (!known.ok()) return;
  for (size_t i = 0; i < fresh.size(); ++i) {
    if ((*known)[i]) {
      Done(fresh[i], "known");
    } else {
      wanted_.push_back(fresh[i]);
    }
  }
  std::ranges::sort(wanted_, {}, [](const ListedDelivery& one) {
    return std::tie(one.delivered_at, one.id);
  });
  // The server reads the listed deliveries at once.
  if (!wanted_.empty()) next_list_ = tools_.clock->Steady();
  MoveCursor();
}

void Puller::Read(const ListedDelivery& delivery) {
  busy_ = true;
  tools_.questions->Ask(
      {.credential = source_.credential,
       .request = {.path =
                       absl::StrCat(source_.path, "/deliveries/", delivery.id),
                   .max_body = kMaxDelivery},
       .patience =
           failed_.contains(delivery.guid) ? kPatienceLater : kPatience},
      [this, delivery](const GitHubReply& reply) {
        HaveDelivery(delivery, reply);
      });
}

void Puller::HaveDelivery(const ListedDelivery& delivery,
                          const GitHubReply& reply) {
  busy_ = false;
  const Verdict& verdict = reply.verdict;
  if (IsRefused(verdict)) {
    return Lose(verdict.reason, verdict.message);
  }
  if (verdict.action != Action::kDone) {
    if (WasTried(verdict)) return Fail(verdict.reason, verdict.message);
    // A limit or a missing connection concerns all deliveries.
    next_list_ = tools_.clock->Steady() + tools_.options.pull_every;
    return;
  }
  const absl::StatusOr<SentDelivery> sent =
      ReadSentDelivery(reply.answer->body);
  if (!sent.ok()) return Fail("UNEXPECTED_ANSWER", sent.status().message());
  const absl::Status submitted = Submit(delivery, *sent);
  if (!submitted.ok()) {
    next_list_ = tools_.clock->Steady() + kStoreRetry;
    return;
  }
  wanted_.pop_front();
  if (!wanted_.empty()) return;
  MoveCursor();
  next_list_ = tools_.clock->Steady() + tools_.options.pull_every;
}

absl::Status Puller::Submit(const ListedDelivery& delivery,
                            const SentDelivery& sent) {
  const HookResult read = ReadHook(sent.event, sent.payload);
  if (const auto* malformed = std::get_if<HookMalformed>(&read)) {
    LogWarning("a webhook delivery is malformed; the server ignores it",
               {{"delivery", delivery.guid},
                {"event", sent.event},
                {"why", malformed->why}});
    Done(delivery, "malformed");
    return absl::OkStatus();
  }
  const auto* const call = std::get_if<HookCall>(&read);
  if (call == nullptr) {
    Done(delivery, "unused");
    return absl::OkStatus();
  }
  absl::StatusOr<HookSubmission> submitted = ConvertHookCall(
      *call, Delivery{delivery.guid, "", sent.event, call->action, 0},
      tools_.options.convert);
  if (!submitted.ok()) {
    LogWarning("the server cannot use a webhook delivery and drops it",
               {{"delivery", delivery.guid},
                {"event", sent.event},
                {"error", submitted.status().message()}});
    Done(delivery, "refused");
    return absl::OkStatus();
  }
  bool is_expected = true;
  if (auto* const event = std::get_if<EventSubmission>(&*submitted)) {
    const absl::StatusOr<bool> stored =
        tools_.acceptance->AcceptEvent(*event, tools_.clock->Now());
    if (!stored.ok()) return stored.status();
    if (*stored && tools_.options.event_stored)
      tools_.options.event_stored(event->event);
  } else {
    Submission& submission = std::get<Submission>(*submitted);
    if (IsRequestId(delivery.guid)) submission.request_id = delivery.guid;
    const auto outcomes =
        tools_.acceptance->Accept({submission}, tools_.clock->Now());
    if (!outcomes.ok()) return outcomes.status();
    is_expected = !submission.ReportsNothing();
  }
  tools_.options.BecameDue();
  if (!is_expected) {
    Done(delivery, "unexpected");
    return absl::OkStatus();
  }
  LogInfo("the server read a webhook delivery from GitHub",
          {{"delivery", delivery.guid},
           {"event", sent.event},
           {"action", delivery.action},
           {"hook", source_.path}});
  Done(delivery, "accepted");
  return absl::OkStatus();
}

void Puller::Lose(absl::string_view reason, absl::string_view words) {
  const ListedDelivery delivery = wanted_.front();
  wanted_.pop_front();
  LogWarning(
      "a webhook delivery is lost: the server cannot read it from GitHub",
      {{"delivery", delivery.guid},
       {"hook", source_.path},
       {"reason", reason},
       {"message", words}});
  Done(delivery, "unreadable");
}

void Puller::Fail(absl::string_view reason, absl::string_view words) {
  const ListedDelivery delivery = wanted_.front();
  if (delivery.delivered_at < listed_ - kDeliveryWindow) {
    return Lose(reason, words);
  }
  wanted_.pop_front();
  LogInfo(
      "cannot read a webhook delivery from GitHub; the server tries again "
      "later",
      {{"delivery", delivery.guid},
       {"hook", source_.path},
       {"reason", reason},
       {"message", words}});
  failed_[delivery.guid] = {delivery, tools_.clock->Steady() + kFailedRetry};
  next_list_ = wanted_.empty()
                   ? tools_.clock->Steady() + tools_.options.pull_every
                   : tools_.clock->Steady();
}

void Puller::TakeFailed() {
  if (!wanted_.empty()) return;
  for (auto& [guid, one] : failed_) {
    if (one.retry_time > tools_.clock->Steady()) continue;
    one.retry_time = tools_.clock->Steady() + kFailedRetry;
    wanted_.push_back(one.delivery);
  }
}

void Puller::Done(const ListedDelivery& delivery, const char* result) {
  failed_.erase(delivery.guid);
  done_[delivery.guid] = delivery.delivered_at;
  tools_.metrics->Add("signalbox_pulled_deliveries_total",
                      "Webhook deliveries read from GitHub, by outcome.",
                      {{"result", result}});
}

void Puller::MoveCursor() {
  absl::Time cursor = listed_ - kListDelay;
  for (const ListedDelivery& wanted : wanted_) {
    cursor = std::min(cursor, wanted.delivered_at);
  }
  // This process keeps the failed deliveries, and need not list them again. The
  // cursor on disk stays before them, for a new process.
  horizon_ = std::max(horizon_, cursor);
  for (const auto& [guid, one] : failed_) {
    cursor = std::min(cursor, one.delivery.delivered_at);
  }
  std::erase_if(done_, [this](const auto& one) {
    return one.second < horizon_ - kListDelay;
  });
  StoreCursor(std::min(cursor, horizon_));
}

}  // namespace signalbox
