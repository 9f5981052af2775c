#include "tests/integration/chaos/load.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/clock.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/support/process.h"

namespace signalbox {
namespace {

// On average. From then on the farms report slowly.
constexpr int64_t kMostReportsPerCommit = 400;

using How = history::Answered::How;
using nlohmann::json;

constexpr char kPlain[] = "ci/plain";  // Unnumbered.
constexpr char kCommandLine[] = "ci/run";
constexpr size_t kRemembered = 16;

struct ResultName {
  const char* name;
  v1::Result value;
  const char* state;
};
constexpr std::array<ResultName, 7> kResults = {{
    {"success", v1::RESULT_SUCCESS, "success"},
    {"failure", v1::RESULT_FAILURE, "failure"},
    {"error", v1::RESULT_ERROR, "error"},
    {"cancelled", v1::RESULT_CANCELLED, "error"},
    {"skipped", v1::RESULT_SKIPPED, "success"},
    {"timed_out", v1::RESULT_TIMED_OUT, "error"},
    {"neutral", v1::RESULT_NEUTRAL, "success"},
}};

const ResultName& FindResult(const std::string& name) {
  return *std::find_if(kResults.begin(), kResults.end(),
                       [&](const ResultName& r) { return name == r.name; });
}

How HowOf(v1::Disposition disposition) {
  switch (disposition) {
    case v1::DISPOSITION_ACCEPTED:
      return How::kAccepted;
    case v1::DISPOSITION_UNCHANGED:
      return How::kUnchanged;
    case v1::DISPOSITION_SUPERSEDED:
      return How::kSuperseded;
    default:
      ADD_FAILURE() << "a receipt without a disposition";
      return How::kUnknown;
  }
}

How HowOf(absl::StatusCode error) {
  switch (error) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInternal:
      return How::kUnknown;
    default:
      return How::kRefused;
  }
}

// A connection that is not shared and reconnects quickly.
std::shared_ptr<grpc::Channel> ConnectTo(const std::string& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

const std::vector<std::string>& Load::ExpectedContexts() {
  static const auto* const contexts =
      new std::vector<std::string>{"ci/build", "ci/lint"};
  return *contexts;
}

const std::vector<std::string>& Load::Contexts() {
  static const auto* const contexts =
      new std::vector<std::string>{"ci/build", "ci/lint", kPlain, kCommandLine};
  return *contexts;
}

// One thread's share.
class Load::Farm {
 public:
  Farm(Load* load, int number)
      : load_(*load),
        random_(load->options_.seed * 1000 + static_cast<uint64_t>(number)),
        uses_library_(number % 2 == 0),
        stub_(v1::StatusService::NewStub(ConnectTo(load->options_.server))),
        client_(stub_, ClientOptionsOf(load)) {}

  void Run() {
    while (!load_.stop_) {
      RunOnce();
      // The server keeps 1,000 reports of a status, and the test compares all.
      if (load_.acked_ > kMostReportsPerCommit * load_.options_.commits) {
        absl::SleepFor(absl::Milliseconds(50));
      }
    }
  }

 private:
  static ClientOptions ClientOptionsOf(Load* load) {
    ClientOptions options;
    options.retry_for = absl::InfiniteDuration();
    options.try_timeout = load->options_.try_timeout;
    options.pause = [load](absl::Duration pause) {
      absl::SleepFor(std::min(pause, absl::Milliseconds(200)));
      return !load->stop_;
    };
    return options;
  }

  bool Chance(int percent) {
    return std::uniform_int_distribution<int>(0, 99)(random_) < percent;
  }
  size_t Pick(size_t count) {
    return std::uniform_int_distribution<size_t>(0, count - 1)(random_);
  }

  // One run, with everything odd that can happen to it.
  void RunOnce() {
    Words pending;
    pending.commit = &load_.PickCommit(&random_);
    if (Chance(25)) {
      pending.contexts = {kPlain};
    } else {
      pending.contexts = ExpectedContexts();
      if (Chance(40)) pending.contexts.erase(pending.contexts.begin());
      pending.attempt = ++pending.commit->attempt;
    }
    pending.description = load_.NewText('p');
    if (Chance(10)) pending.target_url = "https://ci.example/run";
    if (Chance(5)) pending.rerun = true;
    if (Chance(30)) pending.newest_text_wins = true;
    if (!Chance(10)) Say(pending);
    if (Chance(10)) {
      Words progress = pending;
      progress.description = load_.NewText('q');
      Say(progress);
    }
    if (Chance(10)) return;  // Nothing more is reported for it.
    for (const std::string& context : pending.contexts) {
      Words result = pending;
      result.contexts = {context};
      result.result = kResults[Pick(kResults.size())].name;
      result.description = load_.NewText('r');
      result.rerun = false;
      Say(result);
      if (Chance(5)) {
        result.result = kResults[Pick(kResults.size())].name;
        result.description = load_.NewText('x');
        Say(result);
      }
    }
    if (Chance(5)) Say(pending);  // Late.
  }

  void Say(const Words& words) {
    SayOnce(words);
    if (Chance(5)) SayOnce(words);
    if (memory_.size() < kRemembered) {
      memory_.push_back(words);
    } else {
      memory_[Pick(kRemembered)] = words;
    }
    if (Chance(5)) SayOnce(memory_[Pick(memory_.size())]);
  }

  void SayOnce(const Words& words) {
    while (!load_.stop_) {
      const std::vector<int64_t> calls = load_.LogCalls(words);
      std::vector<v1::Receipt> receipts;
      const absl::Status status = words.result.empty()
                                      ? SayPending(words, &receipts)
                                      : SayResult(words, &receipts);
      if (status.ok() && receipts.size() == calls.size()) {
        for (size_t i = 0; i < calls.size(); ++i) {
          load_.LogAnswer(calls[i], HowOf(receipts[i].disposition()),
                          receipts[i].sequence());
        }
        return;
      }
      EXPECT_FALSE(status.ok()) << receipts.size() << " receipts";
      const How how = HowOf(status.code());
      EXPECT_NE(how, How::kRefused) << status;
      for (const int64_t call : calls) load_.LogAnswer(call, how, 0);
      if (how != How::kUnknown || Chance(20)) return;
      absl::SleepFor(absl::Milliseconds(20 + Pick(80)));
    }
  }

  absl::Status SayPending(const Words& words,
                          std::vector<v1::Receipt>* receipts) {
    v1::ReportPendingRequest request;
    request.set_repository(words.commit->repository);
    request.set_sha(words.commit->sha);
    for (const std::string& context : words.contexts) {
      request.add_contexts(context);
    }
    request.set_attempt(words.attempt);
    request.set_description(words.description);
    request.set_target_url(words.target_url);
    request.set_rerun(words.rerun);
    request.set_newest_text_wins(words.newest_text_wins);
    v1::ReportPendingResponse response;
    const absl::Status status =
        Try(request, &response, &Client::ReportPending,
            &v1::StatusService::StubInterface::ReportPending);
    receipts->assign(response.receipts().begin(), response.receipts().end());
    return status;
  }

  absl::Status SayResult(const Words& words,
                         std::vector<v1::Receipt>* receipts) {
    v1::ReportResultRequest request;
    request.set_repository(words.commit->repository);
    request.set_sha(words.commit->sha);
    request.set_context(words.contexts.front());
    request.set_attempt(words.attempt);
    request.set_result(FindResult(words.result).value);
    request.set_description(words.description);
    request.set_target_url(words.target_url);
    request.set_newest_text_wins(words.newest_text_wins);
    v1::ReportResultResponse response;
    const absl::Status status =
        Try(request, &response, &Client::ReportResult,
            &v1::StatusService::StubInterface::ReportResult);
    *receipts = {response.receipt()};
    return status;
  }

  template <typename Request, typename Response, typename ByClient,
            typename ByStub>
  absl::Status Try(const Request& request, Response* response,
                   ByClient by_client, ByStub by_stub) {
    if (uses_library_) {
      auto answer = (client_.*by_client)(request);
      if (answer.ok()) *response = *std::move(answer);
      return answer.status();
    }
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + load_.options_.try_timeout));
    const grpc::Status status =
        (stub_.get()->*by_stub)(&context, request, response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }

  Load& load_;
  std::mt19937_64 random_;
  const bool uses_library_;
  const std::shared_ptr<v1::StatusService::StubInterface> stub_;
  const Client client_;
  std::vector<Words> memory_;
};

Load::Load(Options options, history::History* history)
    : options_(std::move(options)), history_(history) {
  std::mt19937_64 random(options_.seed);
  for (int i = 0; i < options_.commits; ++i) {
    auto commit = std::make_unique<Commit>();
    commit->repository = absl::StrCat("acme/app", i % 7);
    commit->sha = absl::StrCat(absl::Hex(random(), absl::kZeroPad16),
                               absl::Hex(random(), absl::kZeroPad16),
                               absl::Hex(i, absl::kZeroPad8));
    commits_.push_back(std::move(commit));
  }
  for (int i = 0; i < options_.farms; ++i) {
    threads_.emplace_back([this, i] { RunFarm(i); });
  }
  if (!options_.shim_url.empty()) {
    threads_.emplace_back([this] { RunWebhooks(); });
  }
  if (options_.has_cli) threads_.emplace_back([this] { RunCli(); });
}

Load::~Load() { Stop(); }

void Load::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool Load::WaitForAcked(int64_t more) const {
  const int64_t wanted = acked_ + more;
  const SteadyTime end = Clock::System()->Steady() + absl::Seconds(30);
  while (acked_ < wanted) {
    if (Clock::System()->Steady() > end) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

std::string Load::NewText(char kind) {
  return absl::StrCat(std::string(1, kind), ++last_text_);
}

// Some commits are popular.
Load::Commit& Load::PickCommit(std::mt19937_64* random) {
  const bool popular = (*random)() % 10 == 0;
  const size_t count =
      popular ? std::min<size_t>(5, commits_.size()) : commits_.size();
  return *commits_[(*random)() % count];
}

history::Called Load::CallOf(const Words& words, const std::string& context) {
  history::Called call;
  call.call = ++last_call_;
  call.time = absl::Now();
  call.name = {words.commit->repository, words.commit->sha, context};
  call.content = {
      words.result.empty() ? "pending" : FindResult(words.result).state,
      words.description, words.target_url};
  call.result = words.result;
  call.attempt = words.attempt;
  call.rerun = words.rerun;
  call.newest_text_wins = words.newest_text_wins;
  return call;
}

std::vector<int64_t> Load::LogCalls(const Words& words) {
  std::vector<int64_t> calls;
  for (const std::string& context : words.contexts) {
    const history::Called call = CallOf(words, context);
    calls.push_back(call.call);
    history_->Add(call);
  }
  return calls;
}

void Load::LogAnswer(int64_t call, How how, int64_t sequence) {
  history_->Add(history::Answered{call, absl::Now(), how, sequence});
  if (how == How::kAccepted || how == How::kUnchanged ||
      how == How::kSuperseded || how == How::kPromised) {
    ++acked_;
  }
}

void Load::RunFarm(int number) { Farm(this, number).Run(); }

// GitHub sends a pull request on one of the commits, now and then twice. It
// does not send again what was refused.
void Load::RunWebhooks() {
  std::mt19937_64 random(options_.seed * 1000 + 900);
  httplib::Client github(options_.simulator_url);
  github.set_read_timeout(60);
  while (!stop_) {
    Commit& commit = PickCommit(&random);
    commit.is_proposed = true;
    const json order = {{"event", "pull_request"},
                        {"repository", commit.repository},
                        {"sha", commit.sha},
                        {"url", options_.shim_url}};
    json told;
    for (const bool again : {false, true}) {
      if (again && random() % 4 != 0) break;
      const json request = again
                               ? json{{"redeliver", told.value("delivery", "")},
                                      {"url", options_.shim_url}}
                               : order;
      const auto answer = github.Post("/_simulator/webhooks", request.dump(),
                                      "application/json");
      if (!answer || answer->status != 200) {
        ADD_FAILURE() << "the simulator did not send a webhook: "
                      << (answer ? answer->body : "no answer");
        return;
      }
      const json sent = json::parse(answer->body, nullptr, false);
      if (!again) told = sent;
      for (const std::string& context : ExpectedContexts()) {
        history::Called call;
        call.call = ++last_call_;
        call.time = absl::Now();
        call.name = {commit.repository, commit.sha, context};
        call.content.state = "pending";
        call.delivery_id = told.value("delivery", "");
        history_->Add(call);
        LogAnswer(
            call.call,
            sent.value("status", 0) == 202 ? How::kPromised : How::kUnknown, 0);
      }
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
}

// People trust the command line: it complains unless the server has the result,
// and its exit code is always the command's.
void Load::RunCli() {
  std::mt19937_64 random(options_.seed * 1000 + 901);
  while (!stop_) {
    Words words;
    words.commit = &PickCommit(&random);
    words.contexts = {kCommandLine};
    words.attempt = ++words.commit->cli_attempt;
    words.description = NewText('c');
    const int exit_code = static_cast<int>(random() % 3);
    const int64_t pending = LogCalls(words).front();
    words.result = exit_code == 0 ? "success" : "failure";
    const int64_t result = LogCalls(words).front();
    const auto run = StartProgram(
        "signalbox",
        {"run", "--server", options_.server, "--repository",
         words.commit->repository, "--sha", words.commit->sha, "--context",
         kCommandLine, "--attempt", absl::StrCat(words.attempt),
         "--description", words.description, "--", "sh", "-c",
         absl::StrCat("sleep 0.0", random() % 10, "; exit ", exit_code)});
    EXPECT_EQ(run->Wait(absl::Seconds(100)), exit_code);
    LogAnswer(pending, How::kUnknown, 0);
    LogAnswer(result, run->Errors().empty() ? How::kPromised : How::kUnknown,
              0);
  }
}

}  // namespace signalbox
