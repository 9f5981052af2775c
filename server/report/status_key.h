#ifndef SIGNALBOX_SERVER_REPORT_STATUS_KEY_H_
#define SIGNALBOX_SERVER_REPORT_STATUS_KEY_H_

#include <compare>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/report/sha.h"

namespace signalbox {

// The names that identify a commit status, and their grammar. The server parses
// names when a request arrives, and refuses all others. So the code behind can
// put a name into a URL, a query or a log line without a check.
//
// All parse errors are INVALID_ARGUMENT and name the field and the value.

// The host of a repository whose name has none.
inline constexpr char kDefaultHost[] = "github.com";

// The name of a repository, for comparisons: "HOST/owner/name" in lower case.
// Repository::Canonical makes it. Empty: of no repository.
class CanonicalName {
 public:
  CanonicalName() = default;
  // A name that was stored. In place of a name that is not known, the store has
  // a text that is the name of no repository.
  static CanonicalName OfStored(std::string text) {
    return CanonicalName(std::move(text));
  }

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

  friend bool operator==(const CanonicalName&, const CanonicalName&) = default;
  friend auto operator<=>(const CanonicalName&, const CanonicalName&) = default;
  template <typename Hash>
  friend Hash AbslHashValue(Hash hash, const CanonicalName& name) {
    return Hash::combine(std::move(hash), name.text_);
  }

 private:
  friend struct Repository;
  explicit CanonicalName(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// A repository as its caller spelled it, with the host in lower case. GitHub
// compares owner and name without regard to case: compare by Canonical().
struct Repository {
  std::string host;   // "github.com" unless the caller named another
  std::string owner;  // IsOwner of common/names.h
  std::string name;   // IsRepositoryName of common/names.h

  // "OWNER/NAME".
  std::string FullName() const;

  // "OWNER/NAME", with the host in front unless it is github.com. People and
  // the API write it so.
  std::string Display() const;

  // Equal for equal repositories. Not cheap: keep it if it is needed again.
  CanonicalName Canonical() const;
};

// Reads `[HOST/]OWNER/NAME`. Reason: INVALID_REPOSITORY.
absl::StatusOr<Repository> ParseRepository(absl::string_view text);

// Checks a context (IsContext), and returns it as spelled. Reason:
// INVALID_CONTEXT.
absl::StatusOr<std::string> ParseContext(absl::string_view text);

// The same for a context that GitHub shows, which another program may have
// chosen: 1 to 255 characters of UTF-8, no control characters of ASCII. Reason:
// INVALID_CONTEXT.
absl::StatusOr<std::string> ParseObservedContext(absl::string_view text);

// The most contexts of one report and of one repository.
inline constexpr size_t kMaxContexts = 100;

// Identifies a commit status. Their ASCII letters are in lower case; all other
// characters are compared as they are.
struct StatusKey {
  CanonicalName repository;
  Sha sha;
  std::string context;

  // Turns ASCII letters into lower case. The parts must be parsed.
  static StatusKey Of(const Repository& repository, const Sha& sha,
                      absl::string_view context);

  friend bool operator==(const StatusKey&, const StatusKey&) = default;
  friend auto operator<=>(const StatusKey&, const StatusKey&) = default;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_STATUS_KEY_H_
