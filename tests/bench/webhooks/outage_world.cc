#include "tests/bench/webhooks/outage_world.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/webhook/event.h"
#include "server/calls/conversion.h"
#include "server/core/core.h"
#include "server/github/app_credentials.h"
#include "server/github/static_credentials.h"
#include "server/recovery/recovery.h"
#include "tests/bench/program.h"
#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/webhook_payload.h"

namespace signalbox {
namespace {

constexpr char kApiUrl[] = "https://api.github.com";
constexpr char kRepository[] = "acme/widgets";
constexpr char kToken[] = "bench-token";
constexpr char kClientId[] = "Iv23abc";
constexpr int64_t kAppId = 12;
constexpr int64_t kRepositoryId = 4711;

template <typename T>
T OrGiveUp(absl::StatusOr<T> result) {
  if (!result.ok()) GiveUp(result.status().message());
  return *std::move(result);
}

}  // namespace

// A server's way to GitHub, which ends with it.
class OutageWorld::Transport : public HttpTransport {
 public:
  explicit Transport(OutageWorld* world) : world_(world) {}

  void Send(HttpRequest request, Done done) override {
    Requests& counts = world_->requests_;
    int& count =
        absl::StrContains(request.url, "/hook")
            ? (request.method == "POST" ? counts.redeliveries : counts.lists)
        : request.method == "POST" &&
                absl::StrContains(request.url, "/statuses/")
            ? counts.posts
            : counts.others;
    ++count;
    world_->github_->Send(std::move(request),
                          [is_there = std::weak_ptr<bool>(is_there_),
                           done = std::move(done)](auto answer) {
                            if (!is_there.expired()) done(std::move(answer));
                          });
  }

 private:
  OutageWorld* const world_;
  const std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);
};

// The parts of a server's process, in order of construction.
struct OutageWorld::Server {
  explicit Server(OutageWorld* world);
  // No answer arrives after this.
  ~Server() { transport.reset(); }

  // Does all that can be done now. Returns when to come back.
  absl::Time RunOnce() {
    core->wake_ups().poster.Take();
    core->wake_ups().questions.Take();
    const absl::Time wanted = recovery->RunOnce();
    return std::min(wanted, core->Post());
  }
  // Whether there is more to do at once.
  bool IsWoken() {
    return core->wake_ups().poster.is_requested() ||
           core->wake_ups().questions.is_requested();
  }

  Metrics metrics;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Credentials> credentials;
  std::unique_ptr<Core> core;
  std::unique_ptr<Recovery> recovery;
};

OutageWorld::Server::Server(OutageWorld* world) {
  transport = std::make_unique<Transport>(world);
  if (world->options_.is_app) {
    AppCredential app;
    app.api_url = kApiUrl;
    app.accounts = {"acme"};
    app.issuer = kClientId;
    app.private_key_file = world->dir_.Path("app.pem");
    AppCredentialsOptions options;
    options.transport = transport.get();
    options.clock = &world->clock_;
    options.user_agent = "signalbox-bench";
    options.changed = [this](const std::string& credential) {
      core->NoteCredentialChanged(credential);
    };
    credentials = OrGiveUp(MakeAppCredentials({app}, std::move(options)));
  } else {
    StaticCredential token;
    token.api_url = kApiUrl;
    token.accounts = {"acme"};
    token.token = Secret(kToken);
    credentials = OrGiveUp(MakeStaticCredentials({token}));
  }
  Core::Options core_options;
  core_options.outbox.data_dir = world->dir_.Path("data");
  core_options.outbox.on_failure = [](const absl::Status& status) {
    GiveUp(status.message());
  };
  core_options.pace_of = [pace = world->options_.pace](absl::string_view) {
    return pace;
  };
  core_options.user_agent = "signalbox-bench";
  core = OrGiveUp(Core::Open(std::move(core_options), credentials.get(),
                             transport.get(), &metrics, &world->clock_));

  RecoveryOptions recovery_options;

  recovery_options.repositories = {OrGiveUp(ParseRepository(kRepository))};
  // None of the hook's deliveries has arrived before.
  recovery_options.hook_urls = {"https://example.com/*"};
  recovery_options.became_due = &core->wake_ups().poster;
  recovery = std::make_unique<Recovery>(
      RecoveryTools{std::move(recovery_options), core->outbox(), core->outbox(),
                    core->outbox(), core->held_term(), credentials.get(),
                    core->questions(), &metrics, &world->clock_});
}

OutageWorld::OutageWorld(const Options& options) : options_(options) {
  GitHubRules::Options rules;
  rules.tokens = {kToken};
  rules.any_repository = true;
  rules.base_url = kApiUrl;
  github_ = std::make_unique<FakeGitHub>(rules, &clock_);
  github_->SetDelay(options.latency);
  github_->rules().AddRepository(kRepository, kRepositoryId);
  if (options.is_app) {
    MakeApp();
  } else {
    github_->rules().SetAdmin(kToken, kRepository);
    github_->rules().hooks().AddHook({.repository = kRepository}, clock_.Now());
  }
  SetServerUp(true);
}

OutageWorld::~OutageWorld() = default;

void OutageWorld::MakeApp() {
  const AppKey key;
  std::ofstream(dir_.Path("app.pem")) << key.PrivatePem();
  github_->rules().AddApp({.id = kAppId,
                           .client_id = kClientId,
                           .slug = "signalbox",
                           .public_key = key.PublicPem()});
  github_->rules().AddInstallation(
      {.id = 77, .app_id = kAppId, .account = "acme"});
  github_->rules().hooks().AddHook({.app_id = kAppId}, clock_.Now());
}

void OutageWorld::SetServerUp(bool is_up) {
  server_.reset();
  if (is_up) server_ = std::make_unique<Server>(this);
}

std::string OutageWorld::ShaOf(int number) {
  return absl::StrFormat("%040x", number);
}

void OutageWorld::OpenPullRequest() {
  const absl::Time now = clock_.Now();
  PullRequest pull_request;
  pull_request.number = ++opened_;
  pull_request.head_sha = ShaOf(opened_);
  pull_request.head_branch = absl::StrCat("topic-", opened_);
  pull_request.created_at = now;
  pull_request.updated_at = now;
  WebhookScene scene;
  scene.repository = {.id = kRepositoryId, .full_name = kRepository};
  scene.api_url = kApiUrl;
  scene.now = now;
  github_->rules().hooks().Send(
      {.name = "pull_request",
       .payload = PullRequestPayload(scene, "opened", pull_request, "").dump()},
      now);
  github_->rules().pull_requests().Put(kRepositoryId, std::move(pull_request));
}

void OutageWorld::DeliverHooks() {
  Hooks& hooks = github_->rules().hooks();
  for (const Hooks::Attempt& attempt : hooks.TakeAttempts(clock_.Now())) {
    hooks.EndAttempt(attempt.id,
                     {.status_code = is_shim_up_ ? Take(attempt) : 0},
                     clock_.Now());
  }
}

// What the shim and the server's gRPC do with a delivery.
int OutageWorld::Take(const Hooks::Attempt& attempt) {
  ++arrivals_[attempt.guid];
  if (server_ == nullptr) return 503;
  const HookResult read = ReadHook(attempt.event, attempt.body);
  const auto* const call = std::get_if<HookCall>(&read);
  if (call == nullptr) return 200;
  const auto converted = ConvertHookCall(
      *call, {attempt.guid, "", attempt.event, call->action, attempt.hook_id},
      ConvertOptions());
  if (!converted.ok()) return 400;
  const Submission& submission = std::get<Submission>(*converted);
  const absl::Time now = clock_.Now();
  if (!server_->core->outbox()->Accept({submission}, now).ok()) return 503;
  if (known_.insert(submission.report.sha.Hex()).second) last_known_ = now;
  server_->core->wake_ups().poster.Wake();
  return 202;
}

void OutageWorld::RunFor(absl::Duration time) {
  const absl::Time end = clock_.Now() + time;
  for (;;) {
    absl::Time wanted = absl::InfiniteFuture();
    DeliverHooks();
    if (server_ != nullptr) wanted = server_->RunOnce();
    github_->DeliverDue();
    const absl::Time now = clock_.Now();
    const bool is_woken = server_ != nullptr && server_->IsWoken();
    if (is_woken || wanted <= now) continue;
    const absl::Time next = std::min(wanted, github_->NextDelivery());
    clock_.Advance(std::min(next, end) - now);
    if (next > end) return;
  }
}

int OutageWorld::Known() const {
  const Repository repository = OrGiveUp(ParseRepository(kRepository));
  int known = 0;
  for (int number = 1; number <= opened_; ++number) {
    known += server_->core->outbox()
                     ->GetCommit(repository, *ParseSha(ShaOf(number)))
                     .ok()
                 ? 1
                 : 0;
  }
  return known;
}

int OutageWorld::Shown() {
  int shown = 0;
  for (int number = 1; number <= opened_; ++number) {
    const auto contexts = github_->rules().Shown(kRepository, ShaOf(number));
    shown += contexts.size() == 1 && contexts.begin()->second.state == "pending"
                 ? 1
                 : 0;
  }
  return shown;
}

int OutageWorld::Repeats() {
  int repeats = 0;
  for (int number = 1; number <= opened_; ++number) {
    const auto rows = github_->rules().Rows(kRepository, ShaOf(number));
    repeats += std::max(static_cast<int>(rows.size()) - 1, 0);
  }
  return repeats;
}

int OutageWorld::MostArrivals() const {
  int most = 0;
  for (const auto& [guid, count] : arrivals_) most = std::max(most, count);
  return most;
}

int OutageWorld::Misbehaviour() {
  int sum = 0;
  for (const auto& [name, count] : github_->rules().misbehaviour().All()) {
    sum += count;
  }
  return sum;
}

}  // namespace signalbox
