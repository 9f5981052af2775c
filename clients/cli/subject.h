#ifndef SIGNALBOX_CLIENTS_CLI_SUBJECT_H_
#define SIGNALBOX_CLIENTS_CLI_SUBJECT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// What is reported about, or asked for.
struct Subject {
  std::string repository;
  std::string sha;                    // Empty for doctor.
  std::vector<std::string> contexts;  // Empty for doctor.
  int64_t attempt = 0;
  std::string series;  // Of the attempt; empty without one.
  std::string target_url;

  // Where the commit comes from, such as `GIT_COMMIT`; empty: it was given.
  std::string sha_source;
  // Where what was not given comes from, such as "sha from GIT_COMMIT".
  std::vector<std::string> sources;
  // What was found, but could not be used.
  std::vector<std::string> warnings;

  // `acme/widgets@6dcb09b5`, for people; without a sha `acme/widgets`. Not
  // escaped.
  std::string Display() const;
};

// Joins what was given with what is found. INVALID_ARGUMENT: the repository or
// the commit is neither given nor found, or a context has `{job}` and the job
// has no name; the message tells what to do.
absl::StatusOr<Subject> FindSubject(const Arguments& arguments,
                                    const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_SUBJECT_H_
