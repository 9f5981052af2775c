#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/address.h"
#include "common/error.h"
#include "common/log.h"
#include "server/base/batch_scheduling.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/base/worker.h"
#include "server/config/credential_setup.h"
#include "server/diagnosis/diagnostician.h"
#include "server/github/credential_metrics.h"
#include "server/github/curl_transport.h"
#include "server/github/github_client.h"
#include "server/github/questions.h"
#include "server/github/rate_limiter.h"
#include "server/github/request_gate.h"
#include "server/outbox/housekeeper.h"
#include "server/outbox/intake.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"
#include "server/poster/posting_metrics.h"
#include "server/recovery/recovery.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/server_limits.h"
#include "server/rpc/status_service.h"
#include "server/web/web_server.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

std::string UserAgent() { return absl::StrCat("signalbox/", kVersion); }
// How long calls under way may take once the server stops.
constexpr absl::Duration kCallPatience = absl::Seconds(2);
// How old the metrics of the credentials may be.
constexpr absl::Duration kCredentialMetricsPeriod = absl::Seconds(5);
// How old the counts of unposted statuses may be.
constexpr absl::Duration kPostingMetricsPeriod = absl::Minutes(1);

absl::StatusOr<std::vector<Caller>> CallersOf(const Config& config) {
  std::vector<Caller> callers;
  for (const CallerConfig& item : config.callers) {
    absl::StatusOr<std::string> digest =
        ReadTokenDigestFile(item.token_sha256_file);
    if (!digest.ok()) return digest.status();
    Caller caller = {
        item.name, *std::move(digest), item.repositories, item.contexts, {}};
    for (const std::string& right : item.rights) {
      // ParseConfig has refused other names.
      if (const std::optional<Right> named = RightNamed(right)) {
        caller.rights.push_back(*named);
      }
    }
    callers.push_back(std::move(caller));
  }
  return callers;
}

std::map<std::string, std::string> CaFilesOf(const Config& config) {
  std::map<std::string, std::string> files;
  for (const GitHubConfig& github : config.github) {
    if (github.ca_file.empty()) continue;
    absl::string_view host = github.api_url;
    host.remove_prefix(std::min(host.size(), host.find("://") + 3));
    files[std::string(host.substr(0, host.find_first_of(":/")))] =
        github.ca_file;
  }
  return files;
}

// The repositories that the configuration names without a pattern.
std::vector<Repository> NamedRepositories(
    const std::vector<RepositoryRule>& rules) {
  std::vector<Repository> named;
  for (const RepositoryRule& rule : rules) {
    absl::StatusOr<Repository> repository = ParseRepository(rule.match);
    if (repository.ok()) named.push_back(*std::move(repository));
  }
  return named;
}

}  // namespace

// In order of construction; each part may use those above it.
struct Server::Parts {
  Clock* const clock = Clock::System();
  Metrics metrics;
  std::function<void(absl::Status)> on_failure;
  std::atomic<bool> failed = false;
  // The server posts nothing before it has all its addresses: a process that
  // cannot serve must not post.
  std::atomic<bool> serving = false;
  std::atomic<bool> stopping = false;
  WakeUp poster_wake_up;
  WakeUp recovery_wake_up;

  CredentialSetup setup;
  std::unique_ptr<Outbox> outbox;
  RateLimiter limiter{[this](absl::string_view credential) {
    return setup.PaceOf(credential);
  }};
  std::unique_ptr<RequestGate> gate;
  std::unique_ptr<HttpTransport> transport;
  std::unique_ptr<GitHubClient> github;
  std::unique_ptr<Poster> poster;
  std::unique_ptr<Worker> poster_worker;
  std::unique_ptr<Questions> questions;
  std::unique_ptr<Recovery> recovery;
  std::unique_ptr<Diagnostician> diagnostician;
  std::unique_ptr<Worker> recovery_worker;
  CredentialMetrics credential_metrics{&metrics};
  // The outbox's installations: by credential, its App and GitHub's number.
  std::map<std::string, std::pair<std::string, int64_t>> stored_installations;
  std::unique_ptr<Worker> credential_worker;
  PostingMetrics posting_metrics{&metrics,
                                 [this](const std::string& credential) {
                                   return poster->StateOf(credential).reason;
                                 }};
  std::unique_ptr<Worker> posting_metrics_worker;
  std::unique_ptr<Housekeeper> housekeeper;
  std::unique_ptr<Worker> housekeeper_worker;

  std::unique_ptr<Authorizer> authorizer;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Worker> intake_worker;
  std::unique_ptr<StatusServiceImpl> service;
  std::unique_ptr<grpc::Server> grpc_server;
  std::unique_ptr<WebServer> web;
  std::unique_ptr<WebServer> metrics_web;
  std::thread checker;
  Address grpc_address;
  Address web_address;

  Mutex mu;
  CondVar poster_idle;

  void Fail(const absl::Status& status) {
    if (failed.exchange(true)) return;
    LogError("the database has failed", {{"error", status.message()}});
    if (on_failure) on_failure(status);
  }

  absl::Status Ready() const {
    if (failed) return absl::UnavailableError("the database has failed");
    if (stopping) return absl::UnavailableError("stopping");
    return absl::OkStatus();
  }

  absl::Status SetUp(const ServerOptions& options);
  absl::Status StartPosting(const Config& config);
  void StartRecovery(const Config& config, const RepositoryRules& rules);
  absl::Status StartServing(const ServerOptions& options);
  absl::Status StartWeb(const Config& config);
  absl::Status RecallInstallations();
  void StoreInstallations(const std::vector<CredentialState>& states);
  // Passes an event on to parts other than the outbox.
  void NoteEvent(const Event& event);
  absl::Time Recover();
  absl::Time Post();
  void WaitForPosts(absl::Duration patience);
};

absl::Status Server::Parts::SetUp(const ServerOptions& options) {
  CurlTransportOptions transport_options;
  transport_options.ca_files = CaFilesOf(options.config);
  absl::StatusOr<std::unique_ptr<HttpTransport>> made =
      MakeCurlTransport(transport_options);
  if (!made.ok()) return made.status();
  transport = *std::move(made);

  CredentialFlags flags;
  flags.github_api_url = options.github_api_url;
  flags.github_token_file = options.github_token_file;
  flags.github_token = options.github_token;
  AppCredentialsOptions app_options;
  app_options.transport = transport.get();
  app_options.clock = clock;
  app_options.user_agent = UserAgent();
  app_options.changed = [this](const std::string& credential_id) {
    poster->LookAgain(credential_id);
    poster_wake_up.Wake();
    recovery_wake_up.Wake();
  };
  absl::StatusOr<CredentialSetup> set_up =
      SetUpCredentials(options.config.github, flags, std::move(app_options));
  if (!set_up.ok()) return set_up.status();
  setup = *std::move(set_up);
  return absl::OkStatus();
}

absl::Status Server::Parts::StartPosting(const Config& config) {
  absl::StatusOr<std::vector<Caller>> callers = CallersOf(config);
  if (!callers.ok()) return callers.status();
  authorizer = std::make_unique<Authorizer>(*std::move(callers));
  SqliteOutboxOptions outbox_options;
  outbox_options.data_dir = config.data_dir;
  outbox_options.pending_settle = config.pending_settle;
  outbox_options.credential_of = [this](const Repository& repository) {
    return setup.credentials->Find(repository);
  };
  outbox_options.may_report = [this](const std::string& caller,
                                     const Repository& repository,
                                     const std::string& context) {
    return authorizer->MayReport(caller, repository, context);
  };
  // A watcher that begins later finds earlier changes by itself.
  outbox_options.on_change = [this] {
    if (serving) service->NoteChange();
  };
  outbox_options.on_failure = [this](const absl::Status& status) {
    Fail(status);
  };
  outbox_options.on_damaged_row = [this](const std::string& what) {
    LogError("the server repaired or removed a damaged row of its database",
             {{"error", what}});
    metrics.Add("signalbox_damaged_rows_total",
                "Damaged database rows that the server repaired or removed.");
  };
  absl::StatusOr<std::unique_ptr<Outbox>> opened =
      OpenSqliteOutbox(outbox_options);
  if (!opened.ok()) return opened.status();
  outbox = *std::move(opened);

  absl::Status recalled = RecallInstallations();
  if (!recalled.ok()) return recalled;

  github = std::make_unique<GitHubClient>(transport.get(), UserAgent());
  gate = std::make_unique<RequestGate>(&limiter, setup.credentials.get());
  poster = std::make_unique<Poster>(
      outbox.get(), setup.credentials.get(), github.get(), gate.get(), &metrics,
      clock, [this] { poster_wake_up.Wake(); },
      [this](const absl::Status& status) { Fail(status); });
  poster_worker = std::make_unique<Worker>("poster", clock, &poster_wake_up,
                                           [this] { return Post(); });
  credential_worker = std::make_unique<Worker>("credentials", clock, [this] {
    const std::vector<CredentialState> states = setup.credentials->States();
    credential_metrics.Show(states);
    StoreInstallations(states);
    return clock->Now() + kCredentialMetricsPeriod;
  });

  posting_metrics_worker =
      std::make_unique<Worker>("posting-metrics", clock, [this] {
        const absl::Time now = clock->Now();
        const absl::StatusOr<PostingCounts> counts = outbox->CountPostings(now);
        if (counts.ok()) posting_metrics.Show(*counts, now);
        return now + kPostingMetricsPeriod;
      });

  Housekeeper::Options housekeeper_options;
  housekeeper_options.retention = config.retention;
  housekeeper_options.stopped_credentials = [this] {
    std::vector<Housekeeper::StoppedCredential> stopped;
    for (const CredentialState& state : setup.credentials->States()) {
      if (state.stop_reason.empty()) continue;
      stopped.push_back({state.id, state.stop_reason});
    }
    return stopped;
  };
  housekeeper = std::make_unique<Housekeeper>(
      outbox.get(), clock, housekeeper_options,
      [this] { poster_wake_up.Wake(); },
      [this](const absl::Status& status) { Fail(status); });
  housekeeper_worker = std::make_unique<Worker>(
      "housekeeper", clock, [this] { return housekeeper->RunOnce(); });
  return absl::OkStatus();
}

absl::Status Server::Parts::RecallInstallations() {
  const absl::StatusOr<std::vector<CredentialInstallation>> stored =
      outbox->Installations();
  if (!stored.ok()) return stored.status();
  std::vector<StoredInstallation> installations;
  for (const CredentialInstallation& one : *stored) {
    installations.push_back({one.credential, one.app, one.installation_id});
    stored_installations[one.credential] = {one.app, one.installation_id};
  }
  setup.credentials->Recall(installations);
  return absl::OkStatus();
}

void Server::Parts::StoreInstallations(
    const std::vector<CredentialState>& states) {
  std::vector<CredentialInstallation> changed;
  for (const CredentialState& state : states) {
    const auto stored = stored_installations.find(state.id);
    const bool is_new = stored == stored_installations.end();
    if (is_new ? state.installation_id == 0
               : stored->second ==
                     std::make_pair(state.app, state.installation_id)) {
      continue;
    }
    changed.push_back({state.id, state.app, state.installation_id});
  }
  // If this fails, the server asks GitHub again after the next start.
  if (changed.empty() || !outbox->SetInstallations(changed).ok()) return;
  for (const CredentialInstallation& one : changed) {
    stored_installations[one.credential] = {one.app, one.installation_id};
  }
}

void Server::Parts::StartRecovery(const Config& config,
                                  const RepositoryRules& rules) {
  Questions::Options questions_options;
  questions_options.store_pause = [this](const std::string& credential,
                                         absl::Time until, absl::Time now) {
    return outbox->SetPause(credential, until, now);
  };
  questions = std::make_unique<Questions>(
      std::move(questions_options), setup.credentials.get(), github.get(),
      gate.get(), &metrics, clock, &recovery_wake_up, &poster_wake_up);

  Recovery::Options options;
  options.enabled = config.recovery.enabled;
  options.redeliver = config.recovery.redeliver;
  options.compare = config.recovery.compare;
  options.pull = config.recovery.pull;
  options.every = config.recovery.every;
  options.pull_every = config.recovery.pull_every;
  options.hook_urls = config.recovery.hook_urls;
  options.rules = rules;
  options.repositories = NamedRepositories(config.repositories);
  options.known_hosts = setup.known_hosts;
  options.may_report = [this](absl::string_view caller,
                              const Repository& repository,
                              const std::vector<std::string>& contexts) {
    return authorizer->AuthorizeLater(caller, Right::kWebhook, repository,
                                      contexts);
  };
  options.became_due = &poster_wake_up;
  options.event_stored = [this](const Event& event) { NoteEvent(event); };
  recovery = std::make_unique<Recovery>(
      std::move(options), outbox.get(), outbox.get(), outbox.get(),
      setup.credentials.get(), questions.get(), &metrics, clock);
  Diagnostician::Options diagnosis_options;
  diagnosis_options.hook_urls = config.recovery.hook_urls;
  diagnostician = std::make_unique<Diagnostician>(
      std::move(diagnosis_options), outbox.get(), setup.credentials.get(),
      questions.get(), gate.get(), clock);
  recovery_worker = std::make_unique<Worker>(
      "recovery", clock, &recovery_wake_up, [this] { return Recover(); });
}

absl::Time Server::Parts::Recover() {
  if (!serving) return absl::InfiniteFuture();
  // First: this also hands out the answers to the diagnostician's questions.
  const absl::Time next = recovery->RunOnce();
  return std::min(next, diagnostician->RunOnce());
}

void Server::Parts::NoteEvent(const Event& event) {
  if (const auto* changed = std::get_if<InstallationChanged>(&event)) {
    setup.credentials->LookAgain(changed->host, changed->account, clock->Now());
  }
  poster_wake_up.Wake();
  recovery_wake_up.Wake();
}

absl::Time Server::Parts::Post() {
  if (!serving) return absl::InfiniteFuture();
  const absl::Time next = poster->RunOnce();
  if (poster->InFlight() == 0) {
    MutexLock lock(&mu);
    poster_idle.NotifyAll();
  }
  return next;
}

absl::Status Server::Parts::StartServing(const ServerOptions& options) {
  const Config& config = options.config;
  absl::StatusOr<Address> address =
      ParseLoopbackAddress("listen", config.listen);
  if (!address.ok()) return address.status();
  grpc_address = *std::move(address);

  StartRecovery(config, RepositoryRules(config.repositories, options.contexts));
  intake = std::make_unique<Intake>(
      outbox.get(), clock, Intake::Options(), [this] { intake_worker->Wake(); },
      [this] { poster_wake_up.Wake(); });
  intake_worker = std::make_unique<Worker>(
      "intake", clock, [this] { return intake->RunOnce(); });
  StatusServiceImpl::Options service_options;
  const RepositoryRules rules(config.repositories, options.contexts);
  service_options.convert.rules = rules;
  service_options.convert.known_hosts = setup.known_hosts;
  service_options.convert.redelivery_is_rerun =
      config.recovery.redelivery_is_rerun;
  service_options.info.version = kVersion;
  service_options.info.revision = kRevision;
  service_options.info.hosts.assign(setup.api_urls.begin(),
                                    setup.api_urls.end());
  if (config.recovery.redelivery_is_rerun) {
    service_options.info.features.emplace_back("rerun_on_redelivery");
  }
  service_options.trouble_of = [this](absl::string_view credential) {
    const CredentialWait state = poster->StateOf(credential);
    return CredentialTrouble{state.reason, state.until};
  };
  service_options.became_due = [this] { poster_wake_up.Wake(); };
  service_options.diagnose = [this](const Repository& repository,
                                    std::function<void(Diagnosis)> done) {
    diagnostician->Diagnose(repository, std::move(done));
  };
  service_options.event_stored = [this](const Event& event) {
    NoteEvent(event);
  };
  metrics.Set("signalbox_build_info",
              "Always 1; the labels name the build of the server.", 1,
              {{"version", kVersion}, {"revision", kRevision}});
  service = std::make_unique<StatusServiceImpl>(
      std::move(service_options), authorizer.get(), intake.get(), outbox.get(),
      outbox.get(), &metrics, clock);

  // For gRPC's threads. Otherwise arriving calls interrupt the thread that
  // commits, and there are more and smaller commits.
  const BatchScheduling scheduling;
  grpc::EnableDefaultHealthCheckService(true);
  if (options.reflection)
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(grpc_address.ToString(),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service.get());
  SetServerLimits(&builder);
  grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr || port == 0) {
    return Error(
        absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
        absl::StrCat(
            "cannot listen on ", grpc_address.ToString(),
            ": the address is in use, or this machine does not have it"));
  }
  grpc_address.port = port;
  return absl::OkStatus();
}

absl::Status Server::Parts::StartWeb(const Config& config) {
  absl::StatusOr<Address> address =
      ParseLoopbackAddress("web_listen", config.web_listen);
  if (!address.ok()) return address.status();
  WebServer::Options web_options;
  web_options.host = address->host;
  web_options.port = address->port;
  const bool metrics_apart = !config.metrics_listen.empty() &&
                             config.metrics_listen != config.web_listen;
  web_options.metrics = !metrics_apart;
  web_options.ready = [this] { return Ready(); };
  absl::StatusOr<std::unique_ptr<WebServer>> started =
      WebServer::Start(std::move(web_options), &metrics);
  if (!started.ok()) return started.status();
  web = *std::move(started);
  web_address = *std::move(address);
  web_address.port = web->port();
  if (!metrics_apart) return absl::OkStatus();

  absl::StatusOr<Address> metrics_address =
      ParseLoopbackAddress("metrics_listen", config.metrics_listen);
  if (!metrics_address.ok()) return metrics_address.status();
  WebServer::Options metrics_options;
  metrics_options.host = metrics_address->host;
  metrics_options.port = metrics_address->port;
  metrics_options.pages = false;
  started = WebServer::Start(std::move(metrics_options), &metrics);
  if (!started.ok()) return started.status();
  metrics_web = *std::move(started);
  return absl::OkStatus();
}

void Server::Parts::WaitForPosts(absl::Duration patience) {
  const absl::Duration end = clock->Monotonic() + patience;
  MutexLock lock(&mu);
  while (poster->InFlight() > 0 && clock->Monotonic() < end) {
    poster_idle.WaitFor(&mu, end - clock->Monotonic());
  }
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { Stop(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options) {
  // From here on, the destructor stops the parts that exist.
  std::unique_ptr<Server> server(new Server(std::make_unique<Parts>()));
  Parts* const parts = server->parts_.get();
  parts->on_failure = options.on_failure;
  absl::Status status = parts->SetUp(options);
  if (status.ok()) status = parts->StartPosting(options.config);
  if (status.ok()) status = parts->StartServing(options);
  if (status.ok()) status = parts->StartWeb(options.config);
  if (!status.ok()) return status;
  parts->serving = true;
  parts->poster_wake_up.Wake();
  parts->recovery_wake_up.Wake();
  parts->service->NoteChange();
  parts->checker = std::thread([parts, data_dir = options.config.data_dir] {
    const absl::Status checked = QuickCheckSqliteOutbox(
        data_dir, [parts] { return parts->stopping.load(); });
    if (!checked.ok() && !parts->stopping) parts->Fail(checked);
  });
  return server;
}

void Server::Stop(absl::Duration patience) {
  if (parts_->stopping.exchange(true)) return;
  if (parts_->intake != nullptr) parts_->intake->Close();
  if (parts_->diagnostician != nullptr) parts_->diagnostician->Close();
  if (parts_->grpc_server != nullptr) {
    parts_->grpc_server->GetHealthCheckService()->SetServingStatus(false);
    parts_->service->CloseStreams();
    // Meanwhile Intake commits and answers the reports that it holds.
    parts_->grpc_server->Shutdown(std::chrono::system_clock::now() +
                                  absl::ToChronoMilliseconds(kCallPatience));
    parts_->grpc_server->Wait();
  }
  if (parts_->intake_worker != nullptr) parts_->intake_worker->Stop();
  if (parts_->credential_worker != nullptr) parts_->credential_worker->Stop();
  if (parts_->posting_metrics_worker != nullptr) {
    parts_->posting_metrics_worker->Stop();
  }
  if (parts_->housekeeper_worker != nullptr) {
    parts_->housekeeper_worker->Stop();
  }
  if (parts_->recovery_worker != nullptr) {
    parts_->questions->Close();
    parts_->recovery_worker->Stop();
  }
  if (parts_->poster_worker != nullptr) {
    parts_->poster->Close();
    parts_->poster_wake_up.Wake();
    parts_->WaitForPosts(patience);
    parts_->poster_worker->Stop();
  }
  // This ends the requests in flight. The poster stores that their end is
  // unknown.
  const int unfinished =
      parts_->poster != nullptr ? parts_->poster->InFlight() : 0;
  parts_->transport.reset();
  if (parts_->serving) {
    parts_->poster->RunOnce();
    parts_->StoreInstallations(parts_->setup.credentials->States());
  }
  parts_->web.reset();
  parts_->metrics_web.reset();
  if (parts_->checker.joinable()) parts_->checker.join();
  if (parts_->serving) LogInfo("stopped", {{"posts_given_back", unfinished}});
}

std::string Server::grpc_address() const {
  return parts_->grpc_address.ToString();
}

std::string Server::web_address() const {
  return parts_->web_address.ToString();
}

}  // namespace signalbox
