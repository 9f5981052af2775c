#ifndef SIGNALBOX_TESTS_SERVER_RPC_SERVICE_TEST_H_
#define SIGNALBOX_TESTS_SERVER_RPC_SERVICE_TEST_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/digest.h"
#include "server/base/wake_up.h"
#include "server/base/worker.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/rpc/status_service.h"
#include "tests/support/forwarding_outbox.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

inline constexpr char kSha[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

// The call's trailing metadata of this name; empty: there is none.
inline std::string Trailer(const grpc::ClientContext& context,
                           const std::string& name) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(name);
  return found == metadata.end()
             ? ""
             : std::string(found->second.data(), found->second.size());
}

// A configured caller. Its name and its token are both `token`, and the token
// has no end.
inline Caller CallerOf(const std::string& token,
                       std::vector<std::string> repositories,
                       std::vector<std::string> contexts,
                       std::vector<Right> rights) {
  return Caller{token,
                {{Sha256(token), absl::InfiniteFuture()}},
                std::move(repositories),
                std::move(contexts),
                std::move(rights)};
}

// An outbox in front of the store that a test can shut. While it is shut,
// transactions with reports wait in Accept. It also records which thread asks
// for repositories' names.
class GatedOutbox : public ForwardingOutbox {
 public:
  using ForwardingOutbox::ForwardingOutbox;

  absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) override {
    {
      MutexLock lock(&mu_);
      waiting_ = true;
      largest_batch_ = std::max(largest_batch_, submissions.size());
      changed_.NotifyAll();
      while (shut_) changed_.Wait(&mu_);
      waiting_ = false;
      if (!error_.ok()) return error_;
    }
    return ForwardingOutbox::Accept(submissions, now);
  }

  absl::StatusOr<Repository> MeantBy(const Repository& name) override {
    name_thread_ = std::this_thread::get_id();
    return ForwardingOutbox::MeantBy(name);
  }

  // The thread that called MeantBy last.
  std::thread::id name_thread() const { return name_thread_; }

  // Transactions wait from now on, until Open.
  void Shut() { Set(true); }
  void Open() { Set(false); }

  // Accept returns this error from now on; OK: it works again.
  void FailWith(absl::Status error) {
    MutexLock lock(&mu_);
    error_ = std::move(error);
  }

  // The number of submissions in the largest transaction.
  size_t largest_batch() {
    MutexLock lock(&mu_);
    return largest_batch_;
  }

  // Waits until a transaction waits in Accept.
  void AwaitReports() {
    MutexLock lock(&mu_);
    while (!waiting_) changed_.Wait(&mu_);
  }

 private:
  void Set(bool shut) {
    MutexLock lock(&mu_);
    shut_ = shut;
    changed_.NotifyAll();
  }

  Mutex mu_;
  CondVar changed_;
  bool shut_ ABSL_GUARDED_BY(mu_) = false;
  bool waiting_ ABSL_GUARDED_BY(mu_) = false;
  size_t largest_batch_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mu_);

  std::atomic<std::thread::id> name_thread_ = std::thread::id();
};

// The gRPC service on a real connection and a real store. A test that changes
// members below calls StopServing first, and Serve afterwards.
class ServiceTest : public testing::Test {
 protected:
  void SetUp() override { Serve({}); }

  void TearDown() override { StopServing(); }

  // Starts the service. Without callers, clients need no token.
  void Serve(std::vector<Caller> callers) {
    SqliteOutboxOptions outbox_options(kGitHubLimits);
    outbox_options.pending_settle = pending_settle_;
    outbox_options.data_dir = data_dir_;
    outbox_options.credential_of = [](const Repository& repository) {
      // The repositories of "nobody" have no credential.
      return repository.owner == "nobody" ? ""
                                          : "github.com/" + repository.owner;
    };
    // As in production.
    outbox_options.may_report = [this](const std::string& caller,
                                       const Repository& repository,
                                       const std::string& context) {
      return authorizer_->MayReport(caller, repository, context);
    };
    outbox_options.changes_kept = changes_kept_;
    outbox_options.on_change = [this] {
      if (serving_) service_->NoteChange();
    };
    auto outbox = OpenSqliteOutbox(outbox_options);
    ASSERT_TRUE(outbox.ok()) << outbox.status();
    outbox_ = *std::move(outbox);
    gate_ = std::make_unique<GatedOutbox>(outbox_.get());
    authorizer_ = std::make_unique<Authorizer>(
        std::move(callers), /*metrics=*/nullptr, token_keys_.get());
    intake_ =
        std::make_unique<Intake>(gate_.get(), Clock::System(), intake_options_,
                                 &intake_wake_up_, &intake_became_due_);
    intake_worker_ =
        std::make_unique<Worker>("intake", Clock::System(), &intake_wake_up_,
                                 [this] { return intake_->RunOnce(); });
    StatusServiceImpl::Options options;
    options.max_call_time = max_call_time_;
    options.info.version = "1.2.3";
    options.info.revision = "6dcb09b";
    options.info.hosts = {{"github.com", "https://api.github.com"}};
    options.report_streams = report_streams_;
    options.watch = watch_;
    options.trouble_of = [this](absl::string_view) { return trouble_; };
    options.creator_of = [this](const Repository&) { return creator_; };
    options.became_due = [this] { ++became_due_; };
    options.event_stored = [this](const Event&) { ++events_stored_; };
    options.diagnose = [this](const Repository&,
                              const std::function<void(Diagnosis)>& done) {
      diagnosis_thread_ = std::this_thread::get_id();
      done(diagnosis_);
    };
    options.token_keys = token_keys_.get();
    service_ = StatusServiceImpl::Make(options, authorizer_.get(),
                                       intake_.get(), outbox_.get(),
                                       gate_.get(), &metrics_, Clock::System());
    serving_ = true;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(service_.get());
    // As in production.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    grpc::ChannelArguments arguments;
    if (narrow_channel_) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    stub_ = v1::StatusService::NewStub(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(),
        arguments));
  }

  void StopServing() {
    gate_->Open();
    stub_.reset();
    server_->Shutdown();
    intake_worker_->Stop();
    serving_ = false;
    service_.reset();
    intake_.reset();
    gate_.reset();
    outbox_.reset();
  }

  TempDir dir_;
  std::string data_dir_ = dir_.path() + "/data";
  // The service says this about every credential.
  CredentialTrouble trouble_;
  std::optional<StatusCreator> creator_;
  // The service answers every diagnosis with this.
  Diagnosis diagnosis_;
  // The thread that began the last diagnosis.
  std::atomic<std::thread::id> diagnosis_thread_ = std::thread::id();
  std::atomic<int> events_stored_ = 0;  // Calls of Options::event_stored.
  std::atomic<int> became_due_ = 0;     // Calls of Options::became_due.
  absl::Duration max_call_time_ = absl::Seconds(30);
  Intake::Options intake_options_;
  ReportStreams::Options report_streams_;
  WatchHub::Options watch_;
  int64_t changes_kept_ = 500'000;
  absl::Duration pending_settle_ =
      SqliteOutboxOptions(kGitHubLimits).pending_settle;
  std::atomic<bool> serving_ = false;
  // If true, gRPC does not widen the client's flow-control window. Then the
  // server can send only little that the client has not read.
  bool narrow_channel_ = false;
  Metrics metrics_;
  std::unique_ptr<TokenKeys> token_keys_;  // Null: it issues no tokens.
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<GatedOutbox> gate_;
  std::unique_ptr<Authorizer> authorizer_;
  WakeUp intake_wake_up_;
  WakeUp intake_became_due_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Worker> intake_worker_;
  std::unique_ptr<StatusServiceImpl> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::StatusService::Stub> stub_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_RPC_SERVICE_TEST_H_
