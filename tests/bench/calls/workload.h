#ifndef SIGNALBOX_TESTS_BENCH_CALLS_WORKLOAD_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_WORKLOAD_H_

#include <cstdint>
#include <string>

#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What farms report: each call is one report of one context. All keys are
// spread over twenty repositories, with commits as random as real ones.
//
// Thread-safe: it has no state.
class Workload {
 public:
  enum class Kind {
    // A key is pending and then gets its result; ten keys to a commit. Pendings
    // and results take turns, a result some hundred keys after its pending.
    kPendingAndResult,
    // Each is the result of a commit that the server does not know.
    kNewKeys,
  };

  // Workloads of different seeds have no key in common.
  Workload(Kind kind, uint64_t seed) : kind_(kind), seed_(seed) {}

  // One of the twenty repositories, for any number.
  static std::string RepositoryName(int64_t number);

  bool IsPending(int64_t call) const {
    return kind_ == Kind::kPendingAndResult && call % 2 == 0;
  }
  // Writes all fields that are used, so that messages can be used again.
  void Fill(int64_t call, v1::ReportPendingRequest* request) const;
  void Fill(int64_t call, v1::ReportResultRequest* request) const;
  // The commit of one of the keys.
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
