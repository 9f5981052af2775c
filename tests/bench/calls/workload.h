#ifndef SIGNALBOX_TESTS_BENCH_CALLS_WORKLOAD_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_WORKLOAD_H_

#include <cstdint>
#include <string>

#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What the farms of a benchmark report. Each call is one report of one context.
// The keys are spread over twenty repositories, with commits as random as real
// ones. Calls are numbered; the same number is always the same call.
//
// Thread-safe: it has no state.
class Workload {
 public:
  enum class Kind {
    // Each key gets a pending and, some hundred keys later, its result.
    // Pendings and results take turns. Ten keys are contexts of one commit.
    kPendingAndResult,
    // Each call is a result for a new commit.
    kNewKeys,
  };

  // Workloads of different seeds have no key in common.
  Workload(Kind kind, uint64_t seed) : kind_(kind), seed_(seed) {}

  // The repository for `number`, which may be any number.
  static std::string RepositoryName(int64_t number);

  // Whether this call is a pending, else a result.
  bool IsPending(int64_t call) const {
    return kind_ == Kind::kPendingAndResult && call % 2 == 0;
  }
  // Makes the request of this call. Sets all fields that the workload uses, so
  // that the caller can reuse a message.
  void Fill(int64_t call, v1::ReportPendingRequest* request) const;
  void Fill(int64_t call, v1::ReportResultRequest* request) const;
  // Asks about the commit of this call.
  void Fill(int64_t call, v1::GetCommitStatusRequest* request) const;

 private:
  struct Key {
    std::string repository;
    std::string sha;
    std::string context;
    int64_t number = 0;
  };
  Key KeyOf(int64_t call) const;

  const Kind kind_;
  const uint64_t seed_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_WORKLOAD_H_
