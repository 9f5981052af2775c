#include "server/recovery/redeliverer.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

// How often and how long the server looks for a delivery in the outbox after it
// ordered it. An attempt takes at most 10 s (30 s at a GHES).
constexpr absl::Duration kStepEvery = absl::Seconds(1);
constexpr absl::Duration kLookFor = absl::Seconds(35);

}  // namespace

absl::Time Redeliverer::RunOnce() {
  if (busy_ || is_gone()) return absl::InfiniteFuture();
  const SteadyTime now = tools_.clock->Steady();
  if (now >= next_list_) {
    List(std::max(GitHubNow() - kDeliveryWindow,
                  listed_ == absl::InfinitePast() ? StoredCursor()
                                                  : ledger_.Cursor(listed_)));
    return absl::InfiniteFuture();
  }
  if (now >= next_look_ && ledger_.missing_count() > 0) LookUp();
  SteadyTime wake = next_list_;
  if (now < rest_end_) {
    wake = std::min(wake, rest_end_);
  } else {
    const auto next = ledger_.Next(GitHubNow());
    if (next.has_value()) {
      AskFor(*next);
      return busy_ ? absl::InfiniteFuture() : tools_.clock->Now();
    }
    wake = std::min(wake, now + (ledger_.NextTime(GitHubNow()) - GitHubNow()));
  }
  if (now < look_end_ && ledger_.missing_count() > 0) {
    wake = std::min(wake, next_look_);
  }
  return tools_.clock->Now() + (wake - now);
}

void Redeliverer::HaveList(const DeliveryListing& listing) {
  if (listing.verdict.action != Action::kDone) return Count("unlisted");
  for (const ListedDelivery& attempt : listing.attempts) ledger_.Note(attempt);
  listed_ = listing.begin;
  ledger_.NoteListed(listed_);
  LookUp();
  const int missing = ledger_.missing_count();
  if (missing > 0) {
    LogInfo(
        "deliveries of a webhook failed or are missing; the server asks GitHub "
        "to redeliver them",
        {{"hook", source_.path}, {"deliveries", missing}});
  }
  const DeliveryLedger::Lost lost = ledger_.Forget(listed_, GitHubNow());
  if (lost.count > 0) {
    LogWarning(
        "webhooks are lost: GitHub keeps them no longer, or every redelivery "
        "failed; push again to pull requests that have no pending status",
        {{"hook", source_.path},
         {"deliveries", lost.count},
         {"oldest", absl::FormatTime(lost.oldest, absl::UTCTimeZone())}});
    Count("given_up", lost.count);
  }
  if (listing.complete) StoreCursor(ledger_.Cursor(listed_));
}

void Redeliverer::LookUp() {
  next_look_ = tools_.clock->Steady() + kStepEvery;
  const std::vector<std::string> guids = ledger_.Unsettled();
  if (guids.empty()) return;
  const auto known = tools_.notes->KnownDeliveries(guids);
  if (!known.ok()) return;
  for (size_t i = 0; i < guids.size(); ++i) {
    if ((*known)[i]) ledger_.NoteAccepted(guids[i], GitHubNow());
  }
}

void Redeliverer::AskFor(const DeliveryLedger::Redelivery& redelivery) {
  // First, because the delivery may arrive before GitHub's answer.
  const Term term = tools_.held_term->Get();
  const absl::Status awaited = tools_.notes->AwaitRedelivery(
      term, redelivery.guid, /*cancelled=*/false, tools_.clock->Now());
  if (!awaited.ok()) {
    if (!tools_.held_term->NoteOver(term, awaited)) {
      LogError(
          "the database failed, so the server does not ask GitHub to "
          "redeliver a webhook; it tries again later",
          {{"delivery", redelivery.guid},
           {"hook", source_.path},
           {"error", awaited.ToString()}});
    }
    rest_end_ = tools_.clock->Steady() + tools_.options.every;
    return;
  }
  busy_ = true;
  tools_.questions->Ask(
      {.credential = source_.credential,
       .request = {.method = "POST",
                   .path = absl::StrCat(source_.path, "/deliveries/",
                                        redelivery.attempt_id, "/attempts")},
       .once = true},
      [this, redelivery](const GitHubReply& reply) {
        HaveAnswer(redelivery, reply);
      });
}

void Redeliverer::HaveAnswer(const DeliveryLedger::Redelivery& redelivery,
                             const GitHubReply& reply) {
  busy_ = false;
  const Verdict& verdict = reply.verdict;
  const bool asked = verdict.action == Action::kDone;
  const bool ambiguous = verdict.action == Action::kRetryAmbiguous;
  const bool refused = IsRefused(verdict);
  LogInfo(
      asked ? "the server asked GitHub to redeliver a webhook"
      : ambiguous
          ? "the server asked GitHub to redeliver a webhook and got no answer"
      : refused ? "GitHub refuses to redeliver a webhook"
                : "the server could not ask GitHub to redeliver a webhook",
      {{"delivery", redelivery.guid},
       {"hook", source_.path},
       {"reason", verdict.reason},
       {"http_status", verdict.http_status},
       {"message", verdict.message}});
  Count(asked       ? "asked"
        : ambiguous ? "ambiguous"
        : refused   ? "refused"
                    : "not_asked");
  if (!asked && !ambiguous) {
    // If this fails, and a person orders the same redelivery within the hour,
    // it does not count as a rerun.
    tools_.notes
        ->AwaitRedelivery(tools_.held_term->Get(), redelivery.guid,
                          /*cancelled=*/true, tools_.clock->Now())
        .IgnoreError();
  }
  if (asked || ambiguous) {
    if (asked) {
      ledger_.NoteAsked(redelivery.guid, GitHubNow());
    } else {
      ledger_.NoteAmbiguous(redelivery.guid, GitHubNow());
    }
    look_end_ = tools_.clock->Steady() + kLookFor;
  } else if (refused) {
    ledger_.NoteRefused(redelivery.guid);
  } else {
    rest_end_ = tools_.clock->Steady() + tools_.options.every;
  }
}

void Redeliverer::Count(const char* result, int count) {
  tools_.metrics->Add(
      "signalbox_redeliveries_total",
      "Webhook redeliveries that the server wanted from GitHub, by outcome.",
      {{"result", result}}, count);
}

}  // namespace signalbox
