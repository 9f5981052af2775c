#ifndef SIGNALBOX_TESTS_SERVER_RECOVERY_RECOVERY_ROOM_H_
#define SIGNALBOX_TESTS_SERVER_RECOVERY_RECOVERY_ROOM_H_

#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/webhook/event.h"
#include "server/calls/conversion.h"
#include "server/recovery/recovery.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/server/github/questions_fixture.h"

namespace signalbox {

constexpr char kRepository[] = "acme/widgets";

inline std::string ShaOf(int number) {
  return absl::StrFormat("%040x", number + 1);
}

// A pull request's delivery from GitHub, with the fields that matter.
inline std::string Opened(int number,
                          const std::string& full_name = kRepository,
                          int64_t repository_id = 1) {
  return absl::StrFormat(
      R"({"action":"opened","number":%d,"pull_request":{"number":%d,
      "state":"open","draft":false,"title":"T","user":{"login":"octocat"},
      "updated_at":"2026-11-22T12:00:00Z",
      "head":{"ref":"topic","sha":"%s","repo":{"id":1,
        "clone_url":"https://github.com/acme/widgets.git"}},
      "base":{"ref":"main","sha":"%s","repo":{"id":1}}},
      "repository":{"id":%d,"full_name":"%s","name":"widgets",
        "html_url":"https://github.com/%s","owner":{"login":"acme"}},
      "sender":{"login":"octocat","type":"User"}})",
      number + 1, number + 1, ShaOf(number), ShaOf(900'000), repository_id,
      full_name, full_name);
}

// The recovery of a server whose shim is up or down. The fixture puts
// deliveries that arrive into the outbox as the shim would.
class RecoveryRoomTest : public QuestionsFixture {
 protected:
  RecoveryRoomTest() {
    rules().AddRepository(kRepository, 1);
    rules().SetAdmin(kToken, "acme/widgets");
    hook_ = rules().hooks().AddHook({.repository = kRepository}, clock_.Now());
    SeeHook(hook_);
    options_.convert.known_hosts = {"github.com"};
    options_.repositories = {*ParseRepository(kRepository)};
  }

  ~RecoveryRoomTest() override { recovery_.reset(); }

  // A delivery of this hook has reached us.
  void SeeHook(int64_t id) {
    EventSubmission seen;
    seen.delivery.id = absl::StrCat("seen ", id);
    seen.delivery.hook_id = id;
    seen.event = RepositoryArchived{*ParseRepository(kRepository), 1, true};
    ASSERT_TRUE(outbox_->AcceptEvent(seen, clock_.Now()).ok());
  }

  void Start() { StartOn(outbox_.get()); }

  void StartOn(Outbox* outbox) {
    recovery_.reset();
    MakeQuestions();
    recovery_ = std::make_unique<Recovery>(
        RecoveryTools{options_, outbox, outbox, outbox, credentials_.get(),
                      questions_.get(), &metrics_, &clock_});
  }

  void Run(absl::Duration time) {
    RunFor(time, [this] {
      Pump();
      return recovery_->RunOnce();
    });
  }

  // GitHub's attempts reach the shim if it is up.
  void Pump() {
    for (const Hooks::Attempt& attempt :
         rules().hooks().TakeAttempts(clock_.Now())) {
      rules().hooks().EndAttempt(
          attempt.id, {.status_code = shim_is_up_ ? Deliver(attempt) : 0},
          clock_.Now());
    }
  }

  int Deliver(const Hooks::Attempt& attempt) {
    ++deliveries_;
    const HookResult read = ReadHook(attempt.event, attempt.body);
    const auto* call = std::get_if<HookCall>(&read);
    if (call == nullptr) return 200;
    const auto* report = std::get_if<HookReport>(&call->request);
    if (report != nullptr && report->change.has_value() &&
        report->change->pull_request_number > broken_from_) {
      return 500;
    }
    ConvertOptions convert;
    convert.rules = options_.convert.rules;
    convert.redelivery_is_rerun = true;
    const auto submission = ConvertHookCall(
        *call, {attempt.guid, "", attempt.event, call->action, attempt.hook_id},
        convert);
    if (!submission.ok()) return 400;
    const auto outcome =
        outbox_->Accept({std::get<Submission>(*submission)}, clock_.Now());
    if (!outcome.ok()) return 503;
    last_disposition_ = outcome->front().receipts.front().disposition;
    return 202;
  }

  // Opens pull requests while the shim is down.
  void Miss(int from, int to) {
    for (int number = from; number < to; ++number) {
      rules().hooks().Record(
          {.name = "pull_request", .payload = Opened(number)},
          {.status_code = 503}, clock_.Now());
    }
  }

  // Opens a pull request without a delivery.
  void Open(int number, absl::Duration age = absl::Hours(1)) {
    PullRequest pull;
    pull.number = number + 1;
    pull.head_sha = ShaOf(number);
    pull.created_at = pull.updated_at = clock_.Now() - age;
    rules().AddCommit(kRepository, pull.head_sha);
    rules().AddPullRequest(kRepository, pull);
  }

  bool IsKnown(int number, const std::string& full_name = kRepository) {
    return outbox_->GetCommit(*ParseRepository(full_name), ShaOf(number)).ok();
  }
  int KnownOf(int from, int to) {
    int known = 0;
    for (int number = from; number < to; ++number) {
      known += IsKnown(number) ? 1 : 0;
    }
    return known;
  }

  RecoveryOptions options_;
  std::unique_ptr<Recovery> recovery_;
  int64_t hook_ = 0;
  bool shim_is_up_ = true;
  int64_t broken_from_ = 1'000'000;  // From this number on it answers 500.
  int deliveries_ = 0;
  Disposition last_disposition_ = Disposition::kSuperseded;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_RECOVERY_RECOVERY_ROOM_H_
