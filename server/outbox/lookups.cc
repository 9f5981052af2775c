#include "server/outbox/lookups.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr char kBranches[] = "refs/heads/";
constexpr char kTags[] = "refs/tags/";
constexpr size_t kShaDigits = 64;

}  // namespace

std::string HeadRefOf(const CodeChange& change) {
  std::string ref;
  if (change.event == "push") {
    ref = change.base_ref;
  } else if (change.event == "pull_request" && !change.fork &&
             !change.head_ref.empty()) {
    ref = absl::StrCat(kBranches, change.head_ref);
  }
  absl::string_view name = ref;
  if (!absl::ConsumePrefix(&name, kBranches) &&
      !absl::ConsumePrefix(&name, kTags)) {
    return "";
  }
  return name.empty() || name.size() > kMostRefBytes ? "" : ref;
}

absl::Time HeadRefTime(const CodeChange& change, absl::Time now) {
  return change.updated_time == absl::InfinitePast() ? now
                                                     : HeadTime(change, now);
}

std::vector<std::string> FullRefsOf(absl::string_view ref) {
  std::vector<std::string> refs;
  if (absl::StartsWith(ref, kBranches) || absl::StartsWith(ref, kTags)) {
    refs.push_back(std::string(ref));
  }
  if (absl::StartsWith(ref, "heads/") || absl::StartsWith(ref, "tags/")) {
    refs.push_back(absl::StrCat("refs/", ref));
  }
  refs.push_back(absl::StrCat(kBranches, ref));
  refs.push_back(absl::StrCat(kTags, ref));
  return refs;
}

std::optional<ShaRange> ShasBeginningWith(absl::string_view text) {
  if (text.size() < kLeastShaDigits || text.size() >= kShaDigits ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isxdigit)) {
    return std::nullopt;
  }
  std::string first(text);
  first.resize(text.size() + text.size() % 2, '0');
  std::string last(text);
  last.resize(kShaDigits, 'f');
  return ShaRange{absl::HexStringToBytes(first), absl::HexStringToBytes(last)};
}

absl::Status RefUnknown(const Repository& asked, absl::string_view ref) {
  return Error(absl::StatusCode::kNotFound, "REF_UNKNOWN",
               absl::StrCat("the server knows no commit ", Quoted(ref), " of ",
                            Quoted(asked.Display(), 256)));
}

absl::Status RepositoryUnknown(absl::string_view host, int64_t number) {
  return Error(absl::StatusCode::kNotFound, "REPOSITORY_UNKNOWN",
               absl::StrCat("the server knows no repository with the number ",
                            number, " on ", Quoted(host)));
}

}  // namespace signalbox
