#include <grpcpp/grpcpp.h>
#include <httplib.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/http/curl_transport.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/server.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/bench/percentile.h"
#include "tests/bench/posting/suites.h"
#include "tests/bench/posting/sync_count.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

// A GitHub that accepts everything at once, and notes the time.
class QuickGitHub {
 public:
  QuickGitHub() {
    server_.Get("/rate_limit", [](const auto&, auto& answer) {
      answer.set_content("{}", "application/json");
    });
    server_.Post("/repos/.*", [this](const auto&, auto& answer) {
      {
        MutexLock lock(&mu_);
        arrival_ = Clock::System()->Steady();
        ++count_;
        arrived_.NotifyAll();
      }
      answer.status = 201;
      answer.set_content(R"({"id":1})", "application/json");
    });
    server_.set_keep_alive_max_count(1 << 30);
    server_.set_tcp_nodelay(true);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ~QuickGitHub() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }

  // When post number `number` arrived; the next one is 1.
  SteadyTime WaitFor(int number) {
    MutexLock lock(&mu_);
    while (count_ < number) arrived_.Wait(&mu_);
    return arrival_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  Mutex mu_;
  CondVar arrived_;
  int count_ ABSL_GUARDED_BY(mu_) = 0;
  SteadyTime arrival_ ABSL_GUARDED_BY(mu_);
};

using Stub = v1::StatusService::Stub;

void Check(const grpc::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.error_message().c_str());
  std::exit(2);
}

std::string ShaOf(int number) { return absl::StrFormat("%040x", number); }

void ReportResult(Stub* stub, int number) {
  v1::ReportResultRequest request;
  request.set_repository("acme/app");
  request.set_sha(ShaOf(number));
  request.set_result(v1::RESULT_SUCCESS);
  v1::ReportResultResponse response;
  grpc::ClientContext context;
  Check(stub->ReportResult(&context, request, &response));
}

void ReportPending(Stub* stub, int number) {
  v1::ReportPendingRequest request;
  request.set_repository("acme/app");
  request.set_sha(ShaOf(number));
  request.add_contexts("ci/build");
  v1::ReportPendingResponse response;
  grpc::ClientContext context;
  Check(stub->ReportPending(&context, request, &response));
}

// Waits until the server has stored that GitHub has the status.
void AwaitPosted(Stub* stub, int number) {
  for (;;) {
    v1::GetCommitStatusRequest request;
    request.set_repository("acme/app");
    request.set_sha(ShaOf(number));
    v1::GetCommitStatusResponse response;
    grpc::ClientContext context;
    Check(stub->GetCommitStatus(&context, request, &response));
    if (response.statuses(0).posting().state() == v1::POSTING_STATE_POSTED) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// How often the server syncs for each of `count` reports, which are posted one
// after the other.
double SyncsPerPost(Stub* stub, int first, int count,
                    void (*report)(Stub*, int)) {
  const int64_t before = SyncCount();
  for (int number = first; number < first + count; ++number) {
    report(stub, number);
    AwaitPosted(stub, number);
  }
  return static_cast<double>(SyncCount() - before) / count;
}

// The same for results that arrive faster than they can be posted.
double SyncsPerPostUnderLoad(Stub* stub, int first, int count) {
  constexpr int kCallers = 64;
  const int64_t before = SyncCount();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([=] {
      for (int i = caller; i < count; i += kCallers) {
        ReportResult(stub, first + i);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (int i = 0; i < count; ++i) AwaitPosted(stub, first + i);
  return static_cast<double>(SyncCount() - before) / count;
}

double Milliseconds(const std::vector<absl::Duration>& times, double share) {
  return absl::ToDoubleMilliseconds(Percentile(times, share));
}

// From the first byte of a request to the last of its answer, with the server's
// own client.
std::vector<absl::Duration> BareRoundTrips(const QuickGitHub& github,
                                           int calls) {
  auto transport = MakeCurlTransport({});
  if (!transport.ok()) std::exit(2);
  std::vector<absl::Duration> times;
  for (int i = 0; i < calls; ++i) {
    HttpRequest request;
    request.method = "POST";
    request.url = absl::StrCat(github.url(), "/repos/acme/bare/statuses/x");
    request.headers = {{"User-Agent", "signalbox-bench"},
                       {"Content-Type", "application/json"}};
    request.body = R"({"state":"success","context":"ci/build"})";
    Mutex mu;
    CondVar ended;
    bool done = false;
    const SteadyTime begin = Clock::System()->Steady();
    (*transport)->Send(std::move(request), [&](auto) {
      MutexLock lock(&mu);
      done = true;
      ended.NotifyAll();
    });
    MutexLock lock(&mu);
    while (!done) ended.Wait(&mu);
    times.push_back(Clock::System()->Steady() - begin);
  }
  return times;
}

}  // namespace

std::vector<Figure> Idle(const IdleOptions& options) {
  QuickGitHub github;
  TempDir dir;
  ServerOptions server_options;
  server_options.config.listen = {"127.0.0.1:0"};
  server_options.config.web_listen = "127.0.0.1:0";
  server_options.config.data_dir = dir.Path("data");
  server_options.credential_flags.github_api_url = github.url();
  server_options.credential_flags.github_token = Secret("bench-token");
  auto server = Server::Start(server_options);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().ToString().c_str());
    std::exit(2);
  }
  const auto stub = v1::StatusService::NewStub(grpc::CreateChannel(
      (*server)->grpc_addresses().front(), grpc::InsecureChannelCredentials()));

  std::vector<absl::Duration> bare = BareRoundTrips(github, options.calls / 2);
  int posts = options.calls / 2;
  std::vector<absl::Duration> times;
  for (int i = 0; i < options.calls; ++i) {
    const SteadyTime begin = Clock::System()->Steady();
    ReportResult(stub.get(), i + 1);
    times.push_back(github.WaitFor(++posts) - begin);
  }
  // The machine's speed may have changed meanwhile.
  for (const absl::Duration time :
       BareRoundTrips(github, options.calls - options.calls / 2)) {
    bare.push_back(time);
  }
  AwaitPosted(stub.get(), options.calls);
  constexpr int kFirstCounted = 1 << 20;
  const int counted = options.calls / 10;
  const double for_results =
      SyncsPerPost(stub.get(), kFirstCounted, counted, &ReportResult);
  const double for_pendings =
      SyncsPerPost(stub.get(), 2 * kFirstCounted, counted, &ReportPending);
  const double under_load =
      SyncsPerPostUnderLoad(stub.get(), 3 * kFirstCounted, 4 * options.calls);
  // The first few warm caches and connections up.
  const auto warm = static_cast<long>(times.size() / 20);
  times.erase(times.begin(), times.begin() + warm);
  using Aim = Figure::Aim;
  const double bare_p50 = Milliseconds(bare, 0.5);
  const double bare_p99 = Milliseconds(bare, 0.99);
  const double p50 = Milliseconds(times, 0.5);
  const double p99 = Milliseconds(times, 0.99);
  return {
      {"idle", "bare HTTP round trip p50", bare_p50, "ms", Aim::kNone, 0},
      {"idle", "bare HTTP round trip p99", bare_p99, "ms", Aim::kNone, 0},
      {"idle", "ReportResult begun to POST at GitHub p50", p50, "ms",
       Aim::kNone, 0},
      {"idle", "ReportResult begun to POST at GitHub p99", p99, "ms",
       Aim::kNone, 0},
      {"idle", "p50 above the bare round trip", p50 - bare_p50, "ms",
       Aim::kAtMost, 1.2},
      {"idle", "p99 above the bare round trip", p99 - bare_p99, "ms",
       Aim::kAtMost, 5},
      {"idle", "syncs for a result and its post", for_results, "", Aim::kAtMost,
       2},
      {"idle", "syncs for a pending and its post", for_pendings, "",
       Aim::kAtMost, 3},
      {"idle", "syncs for a result and its post, 64 callers", under_load, "",
       Aim::kAtMost, 0.3},
  };
}

}  // namespace signalbox
