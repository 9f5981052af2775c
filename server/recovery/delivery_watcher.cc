#include "server/recovery/delivery_watcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

constexpr int kMostPages = 100;

}  // namespace

DeliveryWatcher::DeliveryWatcher(const RecoveryTools& tools,
                                 DeliverySource source,
                                 absl::string_view cursor, absl::Duration every)
    : tools_(tools),
      source_(std::move(source)),
      cursor_name_(
          absl::StrCat(cursor, " ", source_.credential, " ", source_.path)),
      every_(every) {}

absl::Time DeliveryWatcher::StoredCursor() const {
  const auto cursor = tools_.notes->GetNamedTime(cursor_name_);
  return cursor.ok() ? cursor->value_or(absl::InfinitePast())
                     : absl::InfinitePast();
}

void DeliveryWatcher::StoreCursor(absl::Time time) const {
  const Term term = tools_.held_term->Get();
  const absl::Status marked =
      tools_.notes->SetNamedTime(term, cursor_name_, time);
  if (marked.ok() || tools_.held_term->NoteOver(term, marked)) return;
  LogError(
      "the database did not store how far a webhook's deliveries are "
      "read; after a restart, the server reads more of them than it needs",
      {{"hook", source_.path}, {"error", marked.ToString()}});
}

void DeliveryWatcher::List(absl::Time since) {
  busy_ = true;
  since_ = since;
  listing_.begin = GitHubNow();
  clock_offset_ = absl::ZeroDuration();
  pages_ = 0;
  AskForPage(absl::StrCat(source_.path, "/deliveries?per_page=100"));
}

void DeliveryWatcher::AskForPage(std::string path) {
  tools_.questions->Ask(
      {.credential = source_.credential, .request = {.path = std::move(path)}},
      [this](const GitHubReply& reply) { HavePage(reply); });
}

void DeliveryWatcher::HavePage(const GitHubReply& reply) {
  listing_.verdict = reply.verdict;
  if (reply.verdict.github_time != absl::InfinitePast()) {
    clock_offset_ = reply.verdict.github_time - tools_.clock->Now();
  }
  if (reply.verdict.action != Action::kDone) return EndList();
  const auto page = ReadDeliveries(reply.answer->body);
  if (!page.ok()) {
    listing_.verdict.action = Action::kRetry;
    listing_.verdict.reason = "UNEXPECTED_ANSWER";
    return EndList();
  }
  bool reached = false;
  for (const ListedDelivery& attempt : *page) {
    if (attempt.delivered_at < since_) {
      reached = true;
    } else {
      listing_.attempts.push_back(attempt);
    }
  }
  if (reached || reply.next_path.empty()) {
    listing_.complete = true;
    return EndList();
  }
  if (++pages_ >= kMostPages) {
    LogWarning(
        "a webhook has more deliveries than the server reads at a time; "
        "it looks at the newest ones only",
        {{"hook", source_.path},
         {"attempts", static_cast<int>(listing_.attempts.size())}});
    return EndList();
  }
  AskForPage(reply.next_path);
}

void DeliveryWatcher::EndList() {
  busy_ = false;
  next_list_ = tools_.clock->Steady() + every_;
  const Verdict& verdict = listing_.verdict;
  if (verdict.action != Action::kDone) {
    LogInfo(
        "cannot list the deliveries of a webhook; the server tries again "
        "later",
        {{"hook", source_.path},
         {"credential", source_.credential},
         {"reason", verdict.reason},
         {"message", verdict.message}});
    is_gone_ = IsRefused(verdict);
  }
  HaveList(std::exchange(listing_, {}));
}

}  // namespace signalbox
