#ifndef SIGNALBOX_SERVER_OUTBOX_LOOKUPS_H_
#define SIGNALBOX_SERVER_OUTBOX_LOOKUPS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/code_change.h"
#include "server/report/status_key.h"

namespace signalbox {

// Callers can name a commit by a branch, and a repository by GitHub's number.
// The outbox finds both from what deliveries said. It keeps the newest known
// head of each branch and tag. The functions are pure.

// The most bytes of the name of a branch or tag. The outbox keeps no longer
// ones.
inline constexpr size_t kMostRefBytes = 255;

// The fewest digits of a sha that can name a commit.
inline constexpr size_t kLeastShaDigits = 7;

// A commit that was named by a ref.
struct ResolvedRef {
  Repository repository;  // As first spelled; as asked if it is not known.
  Sha sha;
  // "refs/heads/NAME" or "refs/tags/NAME". Empty: the ref was a sha, or the
  // beginning of one.
  std::string full_ref;
  // By GitHub's clock: when the branch or tag was at this commit. Nothing
  // without `full_ref`.
  std::optional<absl::Time> update_time;
};

// A repository that was named by its name or its number.
struct FoundRepository {
  Repository repository;  // As first spelled; as asked if it is not known.
  int64_t number = 0;     // GitHub's; 0: not known.
};

// The branch or tag whose head is the commit of this change, in full. Empty: it
// is none of this repository's, such as the branch of a fork. The base of a
// pull request is never meant: GitHub does not say when it was there.
std::string HeadRefOf(const CodeChange& change);

// When the ref was at the commit of this change, by GitHub's clock; `now` if
// GitHub did not say or if that is later.
absl::Time HeadRefTime(const CodeChange& change, absl::Time now);

// The branches and tags that `ref` can mean, in full, in the order in which to
// try them.
std::vector<std::string> FullRefsOf(absl::string_view ref);

// The shas that begin with some digits: `first`, `last` and all between them,
// in the order of their bytes.
struct ShaRange {
  std::string first;
  std::string last;
};
// Nothing: `text` is not the beginning of a sha, or too short.
std::optional<ShaRange> ShasBeginningWith(absl::string_view text);

// NOT_FOUND, reason REF_UNKNOWN.
absl::Status RefUnknown(const Repository& asked, absl::string_view ref);
// NOT_FOUND, reason REPOSITORY_UNKNOWN.
absl::Status RepositoryUnknown(absl::string_view host, int64_t number);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_LOOKUPS_H_
