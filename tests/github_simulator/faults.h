#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// The faults that were ordered, in the order in which they have their way.
//
// Not thread-safe.
class Faults {
 public:
  void Add(Fault fault);
  void Clear() { faults_.clear(); }

  // The fault that a request of that target meets, used up by one.
  std::optional<Fault> Take(absl::string_view target);

 private:
  std::vector<Fault> faults_;
};

bool IsFaultName(absl::string_view name);

// A sentence about what makes a fault impossible; empty: nothing does.
std::string ComplaintAboutFault(const Fault& fault);

// What becomes of a request that meets a fault.
struct FaultEffect {
  // What is answered; nothing: what GitHub would have answered, changed by
  // `Spoil`.
  std::optional<SimulatedResponse> answer;
  bool is_limit = false;  // The whole account is limited; no answer here.
  bool is_applied_late = false;  // `Fault::seconds` from now.
};

// `base_url` is what links begin with, `target` that of the request.
FaultEffect EffectOf(const Fault& fault, absl::string_view target,
                     absl::string_view base_url);

// Makes of GitHub's answer what the fault makes of it.
void Spoil(const Fault& fault, SimulatedResponse* answer);

// The next redirect of a `redirect_loop`, for a target that one led to; nothing
// for any other target.
std::optional<SimulatedResponse> LoopOn(absl::string_view target,
                                        absl::string_view base_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_
