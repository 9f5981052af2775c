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

// The head of pull request number `number` + 1.
inline std::string ShaOf(int number) {
  return absl::StrFormat("%040x", number + 1);
}

// The payload of GitHub's delivery "pull request `number` + 1 was opened", with
// the members that Signalbox reads.
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

// Recovery with FakeGitHub and a real store, on a virtual clock, while the shim
// is up or down. The fixture stands for the shim: it puts deliveries that
// arrive into the store. GitHub has the repository kRepository with one
// webhook.
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

  // Accepts some delivery of this hook, from which recovery learns that the
  // hook's deliveries reach the server.
  void SeeHook(int64_t id) {
    EventSubmission seen;
    seen.delivery.id = absl::StrCat("seen ", id);
    seen.delivery.hook_id = id;
    seen.event = RepositoryArchived{*ParseRepository(kRepository), 1, true};
    ASSERT_TRUE(outbox_->AcceptEvent(seen, clock_.Now()).ok());
  }

  // Starts recovery, as a restart of the server does.
  void Start() { StartOn(outbox_.get()); }

  // The same on another outbox, which is borrowed.
  void StartOn(Outbox* outbox) {
    recovery_.reset();
    MakeQuestions();
    recovery_ = std::make_unique<Recovery>(RecoveryTools{
        options_, outbox, outbox, outbox, &held_term_, credentials_.get(),
        questions_.get(), &metrics_, &clock_});
  }

  // Runs recovery and the webhooks for `time` on the virtual clock.
  void Run(absl::Duration time) {
    RunFor(time, [this] {
      Pump();
      return recovery_->RunOnce();
    });
  }

  // Delivers the webhooks that GitHub sends. No attempt reaches the shim while
  // it is down.
  void Pump() {
    for (const Hooks::Attempt& attempt :
         rules().hooks().TakeAttempts(clock_.Now())) {
      rules().hooks().EndAttempt(
          attempt.id, {.status_code = shim_is_up_ ? Deliver(attempt) : 0},
          clock_.Now());
    }
  }

  // Handles a delivery as the shim and the server do. Returns the status code
  // of the shim's answer.
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

  // Opens the pull requests number `from` + 1 to `to`. Their deliveries fail
  // with 503, as while the shim is down.
  void Miss(int from, int to) {
    for (int number = from; number < to; ++number) {
      rules().hooks().Record(
          {.name = "pull_request", .payload = Opened(number)},
          {.status_code = 503}, clock_.Now());
    }
  }

  // Opens a pull request `age` ago, of which GitHub sends no delivery.
  void Open(int number, absl::Duration age = absl::Hours(1)) {
    PullRequest pull;
    pull.number = number + 1;
    pull.head_sha = ShaOf(number);
    pull.created_at = pull.updated_at = clock_.Now() - age;
    rules().AddCommit(kRepository, pull.head_sha);
    rules().AddPullRequest(kRepository, pull);
  }

  // Whether the store has reports about this pull request's head.
  bool IsKnown(int number, const std::string& full_name = kRepository) {
    return outbox_
        ->GetCommit(*ParseRepository(full_name), *ParseSha(ShaOf(number)))
        .ok();
  }
  // How many of the pull requests number `from` + 1 to `to` are known.
  int KnownOf(int from, int to) {
    int known = 0;
    for (int number = from; number < to; ++number) {
      known += IsKnown(number) ? 1 : 0;
    }
    return known;
  }

  RecoveryOptions options_;
  std::unique_ptr<Recovery> recovery_;
  int64_t hook_ = 0;  // The id of kRepository's webhook.
  bool shim_is_up_ = true;
  // The shim answers deliveries about pull requests after this number with 500.
  int64_t broken_from_ = 1'000'000;
  int deliveries_ = 0;  // How many reached the shim.
  Disposition last_disposition_ = Disposition::kSuperseded;  // Of a delivery.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_RECOVERY_RECOVERY_ROOM_H_
