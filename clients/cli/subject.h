#ifndef SIGNALBOX_CLIENTS_CLI_SUBJECT_H_
#define SIGNALBOX_CLIENTS_CLI_SUBJECT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// What a command of `signalbox` is about: one commit of a repository and its
// contexts, and, for a report, the run. For doctor: only the repository.
struct Subject {
  std::string repository;
  std::string sha;                    // Empty for doctor.
  std::vector<std::string> contexts;  // Empty for doctor.
  int64_t attempt = 0;                // 0: the run has no number.
  std::string series;                 // Of the attempt; empty without one.
  std::string target_url;

  // Where FindSubject found the commit, such as `GIT_COMMIT`. Empty: the user
  // gave it.
  std::string sha_source;
  // Where FindSubject found the values that the user did not give, such as
  // "sha from GIT_COMMIT".
  std::vector<std::string> sources;
  // A sentence for each value that was found but cannot be used, or needs
  // attention.
  std::vector<std::string> warnings;

  // For people: `acme/widgets@6dcb09b5`, or `acme/widgets` without a sha. Not
  // escaped.
  std::string Display() const;
};

// Takes the values that the user gave, and finds the others by detection.h.
// INVALID_ARGUMENT: the repository or the commit is neither given nor found, a
// given one is wrong, or a context has `{job}` and the job has no name. The
// message says what to do.
absl::StatusOr<Subject> FindSubject(const Arguments& arguments,
                                    const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_SUBJECT_H_
