#include "tests/integration/chaos/chaos_world.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cpp/client.h"
#include "server/base/clock.h"
#include "tests/integration/simulator_counters.h"

namespace signalbox {
namespace {

using nlohmann::json;

constexpr char kAnyPort[] = "127.0.0.1:0";
constexpr char kFilling[] = "filled/repository";
constexpr int kContextsOfFilling = 100;
constexpr int kShownViolations = 3;
constexpr size_t kShownLines = 60;  // The newest, of each.

json Get(const std::string& url, const std::string& target) {
  httplib::Client client(url);
  client.set_read_timeout(60);
  const auto answer = client.Get(target.c_str());
  EXPECT_TRUE(answer) << target;
  return answer ? json::parse(answer->body, nullptr, false) : json::object();
}

// GitHub says null where there is nothing.
std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

std::string NameOf(v1::CommitState state) {
  switch (state) {
    case v1::COMMIT_STATE_ERROR:
      return "error";
    case v1::COMMIT_STATE_FAILURE:
      return "failure";
    case v1::COMMIT_STATE_PENDING:
      return "pending";
    case v1::COMMIT_STATE_SUCCESS:
      return "success";
    default:
      return "?";
  }
}

std::string NameOf(v1::PostingState state) {
  switch (state) {
    case v1::POSTING_STATE_DUE:
      return "due";
    case v1::POSTING_STATE_POSTED:
      return "posted";
    case v1::POSTING_STATE_WAITING:
      return "waiting";
    case v1::POSTING_STATE_ABANDONED:
      return "abandoned";
    case v1::POSTING_STATE_OBSERVED:
      return "observed";
    default:
      return "?";
  }
}

void SetDeadline(grpc::ClientContext* context, absl::Duration timeout) {
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
}

// Runs `work` on each item, on a few threads with a stub each.
template <typename Item, typename Work>
void ForEach(const ChaosWorld& world, const std::vector<Item>& items,
             Work work) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto stub = world.NewStub();
      for (size_t at = next++; at < items.size(); at = next++) {
        work(items[at], stub.get());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

bool IsPosted(const std::string& repository, const std::string& sha,
              v1::StatusService::Stub* stub) {
  v1::GetCommitStatusRequest request;
  request.set_repository(repository);
  request.set_sha(sha);
  grpc::ClientContext context;
  SetDeadline(&context, absl::Seconds(20));
  v1::GetCommitStatusResponse response;
  const grpc::Status status =
      stub->GetCommitStatus(&context, request, &response);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return true;
  if (!status.ok()) return false;
  return std::none_of(response.statuses().begin(), response.statuses().end(),
                      [](const v1::CommitStatus& one) {
                        const auto state = one.posting().state();
                        return state == v1::POSTING_STATE_DUE ||
                               state == v1::POSTING_STATE_WAITING;
                      });
}

}  // namespace

int64_t NumberFromEnvironment(const char* name, int64_t otherwise) {
  const char* const text = std::getenv(name);
  int64_t number = 0;
  if (text == nullptr) return otherwise;
  if (!absl::SimpleAtoi(text, &number)) {
    ADD_FAILURE() << name << " is no number: " << text;
    return otherwise;
  }
  return number;
}

uint64_t ChaosSeed() {
  const auto seed = static_cast<uint64_t>(NumberFromEnvironment(
      "SIGNALBOX_CHAOS_SEED", absl::ToUnixMicros(absl::Now()) % 1'000'000'000));
  std::printf("SIGNALBOX_CHAOS_SEED=%llu\n",
              static_cast<unsigned long long>(seed));
  return seed;
}

ChaosWorld::ChaosWorld(Options options) : options_(std::move(options)) {
  if (options_.data_dir.empty()) options_.data_dir = dir_.Path("data");
  std::ofstream(dir_.Path("secret")) << "secret of the hook\n";
  simulator_ = StartProgram(
      "signalbox-github-simulator",
      {"--listen", kAnyPort, "--token", "token", "--any-repository",
       "--hourly-limit", "0", "--webhook-secret-file", dir_.Path("secret")});
  simulator_address_ = simulator_->WaitForLine("listening on ");
  if (options_.proxy_to_github) {
    to_github_ = std::make_unique<FaultProxy>(simulator_address_);
  }
  if (options_.proxy_to_server) {
    to_server_ = std::make_unique<FaultProxy>(server_address());
  }
}

std::string ChaosWorld::shim_url() const {
  return absl::StrCat("http://", shim_address_, "/event_handler");
}

void ChaosWorld::BeginServer() {
  std::vector<std::string> arguments = {
      "--listen",
      server_address(),
      "--web-listen",
      kAnyPort,
      "--data-dir",
      data_dir(),
      "--github-api-url",
      "http://" + (to_github_ ? to_github_->address() : simulator_address_)};
  for (const std::string& context : Load::ExpectedContexts()) {
    arguments.insert(arguments.end(), {"--context", context});
  }
  server_ = StartProgram("signalbox-server", arguments,
                         {.environment = {{"GITHUB_TOKEN", "token"}}});
}

void ChaosWorld::KillServerWhileItStarts(absl::Duration after,
                                         history::History* history) {
  BeginServer();
  absl::SleepFor(after);
  KillServer(history);
}

absl::Duration ChaosWorld::StartServer(history::History* history) {
  const SteadyTime begin = Clock::System()->Steady();
  BeginServer();
  server_->WaitForLine("web listening on ");
  const absl::StatusOr<Client> client = Client::Connect(server_address(), {});
  const absl::StatusOr<bool> is_serving = client->IsServing();
  EXPECT_TRUE(is_serving.ok() && *is_serving)
      << is_serving.status() << server_->Errors();
  const absl::Duration took = Clock::System()->Steady() - begin;
  if (history != nullptr) history->Add(history::Started{absl::Now()});
  return took;
}

void ChaosWorld::KillServer(history::History* history) {
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->Wait(), -SIGKILL) << server_->Errors();
  if (history != nullptr) history->Add(history::Crashed{absl::Now()});
}

void ChaosWorld::StopServer() {
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0) << server_->Errors();
}

void ChaosWorld::StartShim() {
  shim_ = StartProgram("signalbox-shim",
                       {"--listen", shim_address_, "--server",
                        to_server_ ? to_server_->address() : server_address(),
                        "--webhook-secret-file", dir_.Path("secret")});
  shim_->WaitForLine("listening on ");
}

void ChaosWorld::KillShim() {
  shim_->Signal(SIGKILL);
  EXPECT_EQ(shim_->Wait(), -SIGKILL) << shim_->Errors();
}

Load::Options ChaosWorld::LoadOptions(uint64_t seed) const {
  Load::Options options;
  options.seed = seed;
  options.server = to_server_ ? to_server_->address() : server_address();
  if (shim_ != nullptr) {
    options.simulator_url = simulator_url();
    options.shim_url = shim_url();
  }
  options.has_cli = true;
  return options;
}

std::unique_ptr<v1::StatusService::Stub> ChaosWorld::NewStub() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::StatusService::NewStub(grpc::CreateCustomChannel(
      server_address(), grpc::InsecureChannelCredentials(), arguments));
}

void ChaosWorld::ExpectAllPosted(const Load& load, absl::Duration limit) {
  const SteadyTime end = Clock::System()->Steady() + limit;
  const auto stub = NewStub();
  for (const auto& commit : load.commits()) {
    while (!IsPosted(commit->repository, commit->sha, stub.get())) {
      if (Clock::System()->Steady() > end) {
        ADD_FAILURE() << commit->repository << " " << commit->sha
                      << " is not posted within " << limit
                      << "; the server's log:\n"
                      << server_->Errors();
        return;
      }
      absl::SleepFor(absl::Milliseconds(50));
    }
  }
}

void ChaosWorld::AddApplied(const Load& load, history::History* history) {
  std::set<std::string> shas;
  for (const auto& commit : load.commits()) shas.insert(commit->sha);
  for (bool is_all = false; !is_all;) {
    const json page =
        Get(simulator_url(),
            absl::StrCat("/_simulator/events?wait=0&after=", last_event_));
    const json events = page.value("events", json::array());
    is_all = events.empty();
    for (const json& event : events) {
      last_event_ = event.value("number", last_event_);
      if (!shas.contains(TextOf(event, "sha"))) continue;
      history::Applied applied;
      absl::ParseTime(absl::RFC3339_full, TextOf(event, "time"), &applied.time,
                      nullptr);
      applied.name = {TextOf(event, "repository"), TextOf(event, "sha"),
                      TextOf(event, "context")};
      applied.content = {TextOf(event, "state"), TextOf(event, "description"),
                         TextOf(event, "target_url")};
      history->Add(applied);
    }
  }
}

void ChaosWorld::AddEnd(const Load::Commit& commit,
                        v1::StatusService::Stub* stub,
                        history::History* history) {
  for (const std::string& name : Load::Contexts()) {
    const history::StatusName status_name = {commit.repository, commit.sha,
                                             name};
    v1::ExplainStatusRequest request;
    request.set_repository(commit.repository);
    request.set_sha(commit.sha);
    request.set_context(name);
    grpc::ClientContext context;
    SetDeadline(&context, absl::Seconds(20));
    v1::ExplainStatusResponse answer;
    const grpc::Status status = stub->ExplainStatus(&context, request, &answer);
    if (status.error_code() == grpc::StatusCode::NOT_FOUND) continue;
    EXPECT_TRUE(status.ok()) << status.error_message();
    // The server keeps no more, so a longer record would be incomplete.
    EXPECT_LT(answer.reports_size(), 1000) << history::TextOf(status_name);
    for (const v1::ReportRecord& report : answer.reports()) {
      history::Recorded row;
      row.name = status_name;
      row.sequence = report.sequence();
      row.time = absl::FromUnixSeconds(report.accept_time().seconds());
      row.how = report.disposition() == v1::DISPOSITION_SUPERSEDED
                    ? history::Answered::How::kSuperseded
                    : history::Answered::How::kAccepted;
      row.content = {NameOf(report.state()), report.description(),
                     report.target_url()};
      row.attempt = report.attempt();
      row.series = report.series();
      row.caller = report.caller();
      row.delivery_id = report.delivery_id();
      // The server finds by itself what a lost webhook would have said.
      if (commit.is_proposed && row.delivery_id.empty() && row.attempt == 0 &&
          row.content == history::Content{"pending", "", ""}) {
        row.delivery_id = absl::StrCat("found ", ++last_found_);
        history::Called found;
        found.time = row.time;
        found.name = status_name;
        found.content = row.content;
        found.delivery_id = row.delivery_id;
        history->Add(found);
      }
      history->Add(row);
    }
    const v1::CommitStatus& held = answer.status();
    history->Add(history::Held{
        status_name,
        {NameOf(held.state()), held.description(), held.target_url()},
        held.attempt(),
        NameOf(held.posting().state()),
        held.posting().reason()});
  }
  const json statuses =
      Get(simulator_url(),
          absl::StrCat("/_simulator/statuses?repository=", commit.repository,
                       "&sha=", commit.sha));
  for (const json& shown : statuses.value("shown", json::array())) {
    history->Add(history::Showed{
        {commit.repository, commit.sha, TextOf(shown, "context")},
        {TextOf(shown, "state"), TextOf(shown, "description"),
         TextOf(shown, "target_url")}});
  }
}

history::Findings ChaosWorld::CheckEnd(const Load& load,
                                       history::History* history,
                                       absl::Duration limit) {
  ExpectAllPosted(load, limit);
  AddApplied(load, history);
  history->Add(history::Calm{absl::Now()});
  ForEach(
      *this, load.commits(),
      [&](const std::unique_ptr<Load::Commit>& commit,
          v1::StatusService::Stub* stub) { AddEnd(*commit, stub, history); });
  history::Findings findings = history::CheckHistory(history->events());
  int shown = 0;
  for (const history::Violation& violation : findings.violations) {
    if (++shown > kShownViolations) break;
    std::deque<std::string> story;
    for (const history::Event& event : history->events()) {
      const std::string line = history::LineOf(event);
      if (!absl::StrContains(line, history::TextOf(violation.name))) continue;
      story.push_back(line);
      if (story.size() > kShownLines) story.pop_front();
    }
    ADD_FAILURE() << violation.invariant << " "
                  << history::TextOf(violation.name) << ": " << violation.what
                  << "\n"
                  << absl::StrJoin(story, "\n");
  }
  EXPECT_TRUE(findings.violations.empty()) << findings.violations.size();
  return findings;
}

void ChaosWorld::Fill(int64_t count) {
  std::vector<std::string> shas;
  for (int64_t i = 0; i < count; i += kContextsOfFilling) {
    shas.push_back(
        absl::StrCat(std::string(32, 'f'), absl::Hex(i, absl::kZeroPad8)));
  }
  ForEach(*this, shas,
          [](const std::string& sha, v1::StatusService::Stub* stub) {
            v1::ReportPendingRequest request;
            request.set_repository(kFilling);
            request.set_sha(sha);
            request.set_attempt(1);
            for (int i = 0; i < kContextsOfFilling; ++i) {
              request.add_contexts(absl::StrCat("fill/", i));
            }
            grpc::ClientContext context;
            SetDeadline(&context, absl::Seconds(30));
            v1::ReportPendingResponse response;
            const grpc::Status status =
                stub->ReportPending(&context, request, &response);
            EXPECT_TRUE(status.ok()) << status.error_message();
          });
  const auto stub = NewStub();
  const SteadyTime end =
      Clock::System()->Steady() + absl::Seconds(60 + count / 200);
  for (const std::string& sha : shas) {
    while (!IsPosted(kFilling, sha, stub.get())) {
      if (Clock::System()->Steady() > end) {
        ADD_FAILURE() << "the filling is not posted";
        return;
      }
      absl::SleepFor(absl::Milliseconds(100));
    }
  }
  filled_ = std::move(shas);
}

void ChaosWorld::CheckFilled() {
  ForEach(*this, filled_,
          [this](const std::string& sha, v1::StatusService::Stub* stub) {
            v1::GetCommitStatusRequest request;
            request.set_repository(kFilling);
            request.set_sha(sha);
            grpc::ClientContext context;
            SetDeadline(&context, absl::Seconds(20));
            v1::GetCommitStatusResponse response;
            const grpc::Status status =
                stub->GetCommitStatus(&context, request, &response);
            EXPECT_TRUE(status.ok()) << status.error_message();
            EXPECT_EQ(response.statuses_size(), kContextsOfFilling);
            for (const v1::CommitStatus& one : response.statuses()) {
              EXPECT_EQ(one.posting().state(), v1::POSTING_STATE_POSTED) << sha;
            }
            const json shown =
                Get(simulator_url(),
                    absl::StrCat("/_simulator/statuses?repository=", kFilling,
                                 "&sha=", sha));
            EXPECT_EQ(shown.value("rows", json::array()).size(),
                      static_cast<size_t>(kContextsOfFilling));
          });
}

void ChaosWorld::ExpectGoodConduct() {
  std::set<std::string> except = {"regressions"};
  if (to_github_) except.insert("identical_repeats");
  signalbox::ExpectGoodConduct(simulator_url(), except);
}

}  // namespace signalbox
