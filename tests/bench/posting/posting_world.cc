#include "tests/bench/posting/posting_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/github/static_credentials.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

constexpr char kApiUrl[] = "https://api.github.com";
constexpr size_t kBatch = 256;

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(2);
}

}  // namespace

// Counts the requests that pass.
class PostingWorld::CountingTransport : public HttpTransport {
 public:
  explicit CountingTransport(PostingWorld* world) : world_(world) {}

  void Send(HttpRequest request, Done done) override {
    if (request.method == "GET") {
      ++world_->reads_;
      world_->github_->Send(std::move(request), std::move(done));
      return;
    }
    Post post;
    post.time = world_->clock_.Now();
    post.pending = absl::StrContains(request.body, "\"state\":\"pending\"");
    post.repository = request.url.substr(0, request.url.find("/statuses/"));
    world_->github_->Send(std::move(request),
                          [this, post = std::move(post),
                           done = std::move(done)](auto answer) mutable {
                            if (answer.ok() && answer->status == 201) {
                              world_->posts_.push_back(std::move(post));
                            }
                            done(std::move(answer));
                          });
  }

 private:
  PostingWorld* const world_;
};

PostingWorld::PostingWorld(const Options& options) {
  GitHubRules::Options rules;
  rules.any_repository = true;
  rules.hourly_limit = options.hourly_limit;
  rules.base_url = kApiUrl;
  github_ = std::make_unique<FakeGitHub>(rules, &clock_);
  github_->SetDelay(options.latency);
  transport_ = std::make_unique<CountingTransport>(this);

  StaticCredential credential;
  credential.api_url = kApiUrl;
  credential.accounts = {"*"};
  credential.token = Secret("bench-token");
  auto credentials = MakeStaticCredentials({credential});
  if (!credentials.ok()) Die(credentials.status());
  credentials_ = *std::move(credentials);

  Core::Options core_options;
  core_options.outbox.data_dir = dir_.Path("data");
  core_options.outbox.on_failure = Die;
  core_options.pace_of = [pace = options.pace](absl::string_view) {
    return pace;
  };
  core_options.user_agent = "signalbox-bench";
  auto core = Core::Open(std::move(core_options), credentials_.get(),
                         transport_.get(), &metrics_, &clock_);
  if (!core.ok()) Die(core.status());
  core_ = *std::move(core);
}

PostingWorld::~PostingWorld() { core_.reset(); }

KeyReport PostingWorld::KeyNumber(int number) {
  KeyReport report;
  report.repository.host = "github.com";
  report.repository.owner = "acme";
  report.repository.name = absl::StrCat("repo-", number / 200);
  report.sha = *ParseSha(absl::StrFormat("%040x", 1 + number / 10));
  report.context = absl::StrCat("ci/", number % 10);
  return report;
}

void PostingWorld::Accept(const std::vector<KeyReport>& reports) {
  for (size_t begin = 0; begin < reports.size(); begin += kBatch) {
    std::vector<Submission> batch;
    for (size_t i = begin; i < std::min(reports.size(), begin + kBatch); ++i) {
      batch.push_back(Of({reports[i]}));
    }
    const auto outcomes = core_->outbox()->Accept(batch, clock_.Now());
    if (!outcomes.ok()) Die(outcomes.status());
    for (size_t i = 0; i < batch.size(); ++i) {
      const KeyReport& report = reports[begin + i];
      if (!outcomes->at(i).status.ok()) Die(outcomes->at(i).status);
      if (outcomes->at(i).receipts.front().disposition !=
          Disposition::kAccepted) {
        continue;
      }
      wanted_[{report.repository.FullName(), report.sha.Hex(),
               report.context}] = report.State();
      // A farm that reports a new run wants GitHub to forget the last result.
      if (report.State() == CommitState::kPending) {
        github_->rules().AllowRerun(report.repository.FullName(),
                                    report.sha.Hex(), report.context);
      }
    }
  }
}

void PostingWorld::RunFor(absl::Duration time) {
  const absl::Time end = clock_.Now() + time;
  for (;;) {
    core_->wake_ups().poster.Take();
    const absl::Time wanted = core_->Post();
    github_->DeliverDue();
    const absl::Time now = clock_.Now();
    if (IsWoken() || wanted <= now) continue;
    const absl::Time next = std::min(wanted, github_->NextDelivery());
    clock_.Advance(std::min(next, end) - now);
    if (next > end) return;
  }
}

absl::Duration PostingWorld::Drain() {
  const absl::Time begin = clock_.Now();
  absl::Time last = begin;
  for (;;) {
    core_->wake_ups().poster.Take();
    const absl::Time wanted = core_->Post();
    if (github_->DeliverDue() > 0) last = clock_.Now();
    const absl::Time now = clock_.Now();
    if (IsWoken() || wanted <= now) continue;
    const absl::Time next = std::min(wanted, github_->NextDelivery());
    if (next == absl::InfiniteFuture()) return last - begin;
    clock_.Advance(next - now);
  }
}

int PostingWorld::WrongKeys() const {
  int wrong = 0;
  for (const auto& [key, state] : wanted_) {
    const auto& [full_name, sha, context] = key;
    const auto shown = github_->rules().Shown(full_name, sha);
    const auto row = shown.find(context);
    if (row == shown.end() || row->second.state != CommitStateName(state)) {
      ++wrong;
    }
  }
  return wrong;
}

int PostingWorld::Misbehaviour() {
  int sum = 0;
  for (const auto& [name, count] : github_->rules().misbehaviour().All()) {
    sum += count;
  }
  return sum;
}

double Allowed(const PaceOptions& pace, int hourly_limit, absl::Duration time) {
  absl::Duration rest;
  const auto hours =
      static_cast<double>(absl::IDivDuration(time, absl::Hours(1), &rest));
  const double by_pace =
      pace.per_minute > 0
          ? pace.burst + pace.per_minute * absl::ToDoubleMinutes(rest)
          : hourly_limit;
  const double in_an_hour =
      pace.per_minute > 0
          ? std::min<double>(hourly_limit, pace.burst + 60 * pace.per_minute)
          : hourly_limit;
  return hours * in_an_hour + std::min<double>(hourly_limit, by_pace);
}

absl::Duration TimeFor(const PaceOptions& pace, int hourly_limit,
                       double requests) {
  absl::Duration low;
  absl::Duration high = absl::Hours(24 * 365);
  while (high - low > absl::Milliseconds(10)) {
    const absl::Duration middle = low + (high - low) / 2;
    (Allowed(pace, hourly_limit, middle) >= requests ? high : low) = middle;
  }
  return high;
}

}  // namespace signalbox
