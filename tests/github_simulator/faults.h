#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// The faults that tests ordered, oldest first.
//
// Not thread-safe.
class Faults {
 public:
  void Add(Fault fault);
  void Clear() { faults_.clear(); }

  // The fault that a request of that target meets. Uses up one of its count.
  std::optional<Fault> Take(absl::string_view target);

 private:
  std::vector<Fault> faults_;
};

bool IsFaultName(absl::string_view name);

// Says why a fault is impossible; empty: it is possible.
std::string ComplaintAboutFault(const Fault& fault);

// The effect of a fault on a request.
struct FaultEffect {
  // The answer to send; nothing: GitHub's usual answer, changed by `Spoil`.
  std::optional<SimulatedResponse> answer;
  bool is_limit = false;  // The whole account is limited; no answer here.
  bool is_applied_late = false;  // `Fault::seconds` from now.
};

// Links begin with `base_url`; `target` is that of the request.
FaultEffect EffectOf(const Fault& fault, absl::string_view target,
                     absl::string_view base_url);

// Changes GitHub's answer as the fault requires.
void Spoil(const Fault& fault, SimulatedResponse* answer);

// The next redirect of a `redirect_loop`; nothing if `target` is not part of
// one.
std::optional<SimulatedResponse> LoopOn(absl::string_view target,
                                        absl::string_view base_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_FAULTS_H_
