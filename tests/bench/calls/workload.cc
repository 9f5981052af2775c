#include "tests/bench/calls/workload.h"

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr int64_t kRepositories = 20;
constexpr int64_t kContextsOfCommit = 10;
// Keys between a pending and its result: more than are ever under way, so that
// the pending has its answer.
constexpr int64_t kLag = 1000;

// SplitMix64, a bijection that looks random.
uint64_t Mix(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

}  // namespace

std::string Workload::RepositoryName(int64_t number) {
  return absl::StrCat("acme/repository-", number % kRepositories);
}

Workload::Key Workload::KeyOf(int64_t call) const {
  Key key;
  int64_t commit = call;
  key.number = call + 1;
  key.context = "ci/build";
  if (kind_ == Kind::kPendingAndResult) {
    // The first results are of keys that have no pending.
    const int64_t index = call / 2 + (IsPending(call) ? kLag : 0);
    key.number = index + 1;
    commit = index / kContextsOfCommit;
    key.context = absl::StrCat("ci/part-", index % kContextsOfCommit);
  }
  const auto bits = static_cast<uint64_t>(commit);
  key.repository = RepositoryName(commit);
  key.sha = absl::StrCat(absl::Hex(Mix(bits), absl::kZeroPad16),
                         absl::Hex(Mix(~bits), absl::kZeroPad16),
                         absl::Hex(Mix(seed_) & 0xffffffff, absl::kZeroPad8));
  return key;
}

void Workload::Fill(int64_t call, v1::ReportPendingRequest* request) const {
  Key key = KeyOf(call);
  request->set_repository(std::move(key.repository));
  request->set_sha(std::move(key.sha));
  request->clear_contexts();
  request->add_contexts(std::move(key.context));
  request->set_attempt(key.number);
  request->set_description(absl::StrCat("Build ", key.number, " is running"));
  request->set_target_url(
      absl::StrCat("https://ci.example.com/builds/", key.number));
}

void Workload::Fill(int64_t call, v1::ReportResultRequest* request) const {
  Key key = KeyOf(call);
  request->set_repository(std::move(key.repository));
  request->set_sha(std::move(key.sha));
  request->set_context(std::move(key.context));
  request->set_attempt(key.number);
  request->set_result(v1::RESULT_SUCCESS);
  request->set_description(
      absl::StrCat("Build ", key.number, " succeeded in 4 min 12 s"));
  request->set_target_url(
      absl::StrCat("https://ci.example.com/builds/", key.number));
}

void Workload::Fill(int64_t call, v1::GetCommitStatusRequest* request) const {
  Key key = KeyOf(call);
  request->set_repository(std::move(key.repository));
  request->set_sha(std::move(key.sha));
}

}  // namespace signalbox
