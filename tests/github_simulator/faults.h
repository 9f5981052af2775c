#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// The faults that tests have ordered and that are not used up.
//
// Not thread-safe.
class Faults {
 public:
  void Add(Fault fault);
  void Clear() { faults_.clear(); }

  // The fault that a request with this target meets: the oldest that fits. The
  // request uses up one of its count. Nothing: the request meets none.
  std::optional<Fault> Take(absl::string_view target);

 private:
  std::vector<Fault> faults_;
};

// Whether Fault::name can have this value.
bool IsFaultName(absl::string_view name);

// Why a fault is impossible, for people; empty: it is possible.
std::string ComplaintAboutFault(const Fault& fault);

// What a fault does to a request.
struct FaultEffect {
  // GitHub's answer; nothing: the usual one, which Spoil then changes.
  std::optional<SimulatedResponse> answer;
  // A limit begins for the account; it makes the answer.
  bool is_limit = false;
  // The request has its effect Fault::seconds later.
  bool is_applied_late = false;
};

// `target` is the request's. Links begin with `base_url`.
FaultEffect EffectOf(const Fault& fault, absl::string_view target,
                     absl::string_view base_url);

// Changes GitHub's usual answer as the fault says.
void Spoil(const Fault& fault, SimulatedResponse* answer);

// If `target` is an address that a `redirect_loop` led to: the next redirect.
// Else nothing.
std::optional<SimulatedResponse> LoopOn(absl::string_view target,
                                        absl::string_view base_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_
