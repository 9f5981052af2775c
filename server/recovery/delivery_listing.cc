#include "server/recovery/delivery_listing.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

constexpr int kMostPages = 100;

// One listing, across its pages.
struct Reading {
  Questions* questions;
  Clock* clock;
  DeliverySource source;
  absl::Time horizon;
  std::function<void(DeliveryListing)> done;
  DeliveryListing listing;
  int pages = 0;
};

void AskFor(std::shared_ptr<Reading> reading, std::string path);

void HavePage(const std::shared_ptr<Reading>& reading,
              const GitHubReply& reply) {
  DeliveryListing& listing = reading->listing;
  listing.verdict = reply.verdict;
  if (reply.verdict.github_time != absl::InfinitePast()) {
    listing.clock_offset = reply.verdict.github_time - reading->clock->Now();
  }
  if (reply.verdict.action != Action::kDone) {
    return reading->done(std::move(listing));
  }
  const auto page = ReadDeliveries(reply.answer->body);
  if (!page.ok()) {
    listing.verdict.action = Action::kRetry;
    listing.verdict.reason = "UNEXPECTED_ANSWER";
    return reading->done(std::move(listing));
  }
  bool reached = false;
  for (const ListedDelivery& attempt : *page) {
    if (attempt.delivered_at < reading->horizon) {
      reached = true;
    } else {
      listing.attempts.push_back(attempt);
    }
  }
  if (reached || reply.next_path.empty()) {
    listing.complete = true;
    return reading->done(std::move(listing));
  }
  if (++reading->pages >= kMostPages) {
    LogWarning("a webhook has more deliveries than the server reads",
               {{"hook", reading->source.path},
                {"attempts", static_cast<int>(listing.attempts.size())}});
    return reading->done(std::move(listing));
  }
  AskFor(reading, reply.next_path);
}

void AskFor(std::shared_ptr<Reading> reading, std::string path) {
  Question question;
  question.credential = reading->source.credential;
  question.request.path = std::move(path);
  Questions* const questions = reading->questions;
  questions->Ask(std::move(question),
                 [reading = std::move(reading)](const GitHubReply& reply) {
                   HavePage(reading, reply);
                 });
}

}  // namespace

void ListDeliveries(Questions* questions, Clock* clock,
                    const DeliverySource& source, absl::Time horizon,
                    std::function<void(DeliveryListing)> done) {
  auto reading = std::make_shared<Reading>();
  reading->questions = questions;
  reading->clock = clock;
  reading->source = source;
  reading->horizon = horizon;
  reading->done = std::move(done);
  AskFor(std::move(reading),
         absl::StrCat(source.path, "/deliveries?per_page=100"));
}

}  // namespace signalbox
