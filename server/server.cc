#include "server/server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/http/curl_transport.h"
#include "common/log.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/worker.h"
#include "server/caller_access.h"
#include "server/core/core.h"
#include "server/core/core_threads.h"
#include "server/diagnosis/diagnostician.h"
#include "server/github/waiting_times.h"
#include "server/listeners.h"
#include "server/outbox/file_check.h"
#include "server/part_options.h"
#include "server/recovery/recovery.h"
#include "server/rpc/status_service.h"
#include "server/web/health.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

std::string UserAgent() { return absl::StrCat("signalbox/", kVersion); }

}  // namespace

// In order of construction; each part may use those above it.
struct Server::Parts {
  explicit Parts(const ServerOptions& options) : health(options.on_failure) {}

  Clock* const clock = Clock::System();
  Metrics metrics;
  Health health;

  std::unique_ptr<HttpTransport> transport;
  CredentialSetup setup;
  std::unique_ptr<CallerAccess> callers;
  std::unique_ptr<Core> core;
  std::unique_ptr<Recovery> recovery;
  std::unique_ptr<Diagnostician> diagnostician;
  std::unique_ptr<StatusServiceImpl> service;
  std::unique_ptr<Listeners> listeners;

  // These begin last, because a process that cannot serve must not post.
  std::unique_ptr<CoreThreads> core_threads;
  std::unique_ptr<Worker> recovery_thread;
  std::unique_ptr<Worker> checker;
  std::unique_ptr<Worker> file_reader;

  absl::Status SetUp(const ServerOptions& options);
  absl::Status OpenCore(const Config& config);
  void MakeRecovery(const Config& config, const RepositoryRules& rules);
  void MakeService(const Config& config, const RepositoryRules& rules);
  void StartThreads();
};

absl::Status Server::Parts::SetUp(const ServerOptions& options) {
  CurlTransportOptions transport_options;
  transport_options.ca_files = CaFilesOf(options.config.github);
  transport_options.last_repeat = kLastRepeat;
  absl::StatusOr<std::unique_ptr<HttpTransport>> made =
      MakeCurlTransport(transport_options);
  if (!made.ok()) return made.status();
  transport = *std::move(made);

  AppCredentialsOptions app_options;
  app_options.transport = transport.get();
  app_options.clock = clock;
  app_options.user_agent = UserAgent();
  app_options.changed = [this](const std::string& credential_id) {
    core->NoteCredentialChanged(credential_id);
  };
  absl::StatusOr<CredentialSetup> set_up = SetUpCredentials(
      options.config.github, options.credential_flags, std::move(app_options));
  if (!set_up.ok()) return set_up.status();
  setup = *std::move(set_up);
  return absl::OkStatus();
}

absl::Status Server::Parts::OpenCore(const Config& config) {
  Core::Options options;
  options.outbox.data_dir = config.data_dir;
  options.outbox.pending_settle = config.pending_settle;
  options.outbox.may_report = [this](const std::string& caller,
                                     const Repository& repository,
                                     const std::string& context) {
    return callers->authorizer()->MayReport(caller, repository, context);
  };
  // There are changes before there is anybody to watch them.
  options.outbox.on_change = [this] {
    if (service != nullptr) service->NoteChange();
  };
  options.outbox.on_failure = [this](const absl::Status& status) {
    health.NoteFailure(status);
  };
  options.retention = config.retention;
  options.pace_of = [this](absl::string_view credential) {
    return setup.PaceOf(credential);
  };
  options.user_agent = UserAgent();
  absl::StatusOr<std::unique_ptr<Core>> opened =
      Core::Open(std::move(options), setup.credentials.get(), transport.get(),
                 &metrics, clock);
  if (!opened.ok()) return opened.status();
  core = *std::move(opened);
  // Only now no other server can replace the keys of this directory.
  return callers->LoadKeys();
}

void Server::Parts::MakeRecovery(const Config& config,
                                 const RepositoryRules& rules) {
  RecoveryOptions options = RecoveryOptionsOf(config, rules, setup);
  options.may_report = [this](absl::string_view caller,
                              const Repository& repository,
                              const std::vector<std::string>& contexts) {
    return callers->authorizer()->AuthorizeLater(caller, Right::kWebhook,
                                                 repository, contexts);
  };
  options.became_due = &core->wake_ups().poster;
  options.event_stored = [this](const Event& event) { core->NoteEvent(event); };
  recovery = std::make_unique<Recovery>(
      RecoveryTools{std::move(options), core->outbox(), core->outbox(),
                    core->outbox(), core->held_term(), setup.credentials.get(),
                    core->questions(), &metrics, clock});
  Diagnostician::Options diagnosis_options;
  diagnosis_options.hook_urls = config.recovery.hook_urls;
  diagnostician = std::make_unique<Diagnostician>(
      std::move(diagnosis_options), core->outbox(), setup.credentials.get(),
      core->questions(), core->gate(), clock);
}

void Server::Parts::MakeService(const Config& config,
                                const RepositoryRules& rules) {
  StatusServiceImpl::Options options = ServiceOptionsOf(config, rules, setup);
  options.trouble_of = [this](absl::string_view credential) {
    const CredentialWait state = core->poster()->StateOf(credential);
    return CredentialTrouble{state.reason, state.until};
  };
  options.became_due = [this] { core->wake_ups().poster.Wake(); };
  options.creator_of = [this](const Repository& repository) {
    return core->CreatorOf(repository);
  };
  options.diagnose = [this](const Repository& repository,
                            std::function<void(Diagnosis)> done) {
    diagnostician->Diagnose(repository, std::move(done));
  };
  options.event_stored = [this](const Event& event) { core->NoteEvent(event); };
  options.token_keys = callers->token_keys();
  metrics.Set("signalbox_build_info",
              "Always 1; the labels name the build of the server.", 1,
              {{"version", kVersion}, {"revision", kRevision}});
  service = StatusServiceImpl::Make(std::move(options), callers->authorizer(),
                                    core->intake(), core->outbox(),
                                    core->outbox(), &metrics, clock);
}

void Server::Parts::StartThreads() {
  core_threads = std::make_unique<CoreThreads>(core.get(), clock);
  recovery_thread = std::make_unique<Worker>(
      "recovery", clock, &core->wake_ups().questions, [this] {
        // First: this also hands out the answers to the diagnostician's
        // questions.
        const absl::Time next = recovery->RunOnce();
        return std::min(next, diagnostician->RunOnce());
      });
  checker = std::make_unique<Worker>("checker", clock, [this](Worker* worker) {
    return CheckFileSlowly(
        core->outbox(), clock, ThreadCpuTime,
        [worker](absl::Duration time) { return worker->Pause(time); },
        [this](const absl::Status& status) { health.NoteFailure(status); });
  });
  file_reader = std::make_unique<Worker>("files", clock, [this] {
    const Moment now = clock->Look();
    const absl::Time next = callers->RunOnce(now);
    return std::min(next, listeners->RunOnce(now));
  });
  health.NoteServing();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { Stop(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options) {
  const Config& config = options.config;
  auto parts = std::make_unique<Parts>(options);
  absl::Status status = parts->SetUp(options);
  if (!status.ok()) return status;
  auto callers = CallerAccess::Open(config, &parts->metrics);
  if (!callers.ok()) return callers.status();
  parts->callers = *std::move(callers);
  status = parts->OpenCore(config);
  if (!status.ok()) return status;
  const RepositoryRules rules(config.repositories, options.contexts);
  parts->MakeRecovery(config, rules);
  parts->MakeService(config, rules);
  auto listeners = Listeners::Start(options, &parts->health, &parts->metrics,
                                    parts->service.get());
  if (!listeners.ok()) return listeners.status();
  parts->listeners = *std::move(listeners);
  parts->StartThreads();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::Stop(absl::Duration patience) {
  Parts& parts = *parts_;
  if (!parts.health.NoteStopping()) return;
  parts.core->intake()->Close();
  parts.diagnostician->Close();
  // Meanwhile Intake commits and answers the reports that it holds.
  parts.listeners->StopGrpc();
  parts.core->questions()->Close();
  parts.recovery_thread->Stop();
  parts.core_threads->Stop(patience);
  const int unfinished = parts.core->poster()->InFlight();
  // This ends the requests in flight. The poster stores that their end is
  // unknown.
  parts.transport.reset();
  parts.core->poster()->RunOnce();
  parts.core->credential_upkeep()->RunOnce();
  parts.core->GiveBackTerm();
  parts.listeners->StopWeb();
  parts.checker->Stop();
  parts.file_reader->Stop();
  LogInfo("stopped", {{"posts_given_back", unfinished}});
}

std::vector<std::string> Server::grpc_addresses() const {
  return parts_->listeners->grpc_addresses();
}

std::string Server::web_address() const {
  return parts_->listeners->web_address();
}

}  // namespace signalbox
