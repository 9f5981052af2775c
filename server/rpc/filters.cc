#include "server/rpc/filters.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/error.h"
#include "server/base/glob.h"
#include "server/report/repository_rules.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

// Of a pattern of contexts, in bytes.
constexpr size_t kMaxContextPattern = 1024;
constexpr int kMaxReasons = 100;
constexpr size_t kMaxReason = 64;
constexpr size_t kMaxToken = 256;
// Of repositories, or of contexts.
constexpr int kMaxPatterns = 100;

bool IsReason(const std::string& text) {
  return !text.empty() && text.size() <= kMaxReason &&
         std::ranges::all_of(text, [](unsigned char c) {
           return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

absl::Status CheckCount(absl::string_view field, int count) {
  if (count <= kMaxPatterns) return absl::OkStatus();
  return InvalidField(
      field, absl::StrCat(count),
      absl::StrCat("is too many patterns; wanted at most ", kMaxPatterns),
      "TOO_MANY_PATTERNS");
}

absl::Status CheckRepository(const std::string& pattern, const Caller* caller) {
  const absl::Status form = CheckRepositoryPattern("repositories", pattern);
  if (!form.ok()) return form;
  if (pattern.find('*') != std::string::npos) return absl::OkStatus();
  const absl::StatusOr<Repository> named = ParseRepository(pattern);
  if (!named.ok()) return named.status();
  return Authorizer::Authorize(caller, Right::kRead, *named, {});
}

}  // namespace

absl::StatusOr<StatusFilter> StatusFilter::Of(const v1::StatusFilter& filter) {
  StatusFilter made;
  if (!filter.repository().empty()) {
    const absl::Status form =
        CheckRepositoryPattern("filter.repository", filter.repository());
    if (!form.ok()) return form;
  }
  if (filter.context().size() > kMaxContextPattern) {
    return InvalidField("filter.context", filter.context(),
                        absl::StrCat("is too long; wanted at most ",
                                     kMaxContextPattern, " bytes"),
                        "INVALID_PATTERN");
  }
  made.repository_ = absl::AsciiStrToLower(filter.repository());
  made.context_ = absl::AsciiStrToLower(filter.context());
  for (const int state : filter.posting_states()) {
    if (state < v1::POSTING_STATE_DUE || state > v1::POSTING_STATE_OBSERVED) {
      return InvalidField(
          "filter.posting_states", absl::StrCat(state),
          "is not a posting state; wanted DUE, POSTED, WAITING, "
          "ABANDONED or OBSERVED",
          "INVALID_POSTING_STATE");
    }
    made.states_.insert(static_cast<PostingState>(state));
  }
  if (made.states_.empty()) {
    made.states_ = {PostingState::kDue, PostingState::kWaiting,
                    PostingState::kAbandoned};
  }
  if (filter.reasons_size() > kMaxReasons) {
    return InvalidField(
        "filter.reasons", absl::StrCat(filter.reasons_size()),
        absl::StrCat("is too many; wanted at most ", kMaxReasons),
        "INVALID_REASON");
  }
  for (const std::string& reason : filter.reasons()) {
    if (!IsReason(reason)) {
      return InvalidField("filter.reasons", reason,
                          "is not a reason; wanted an upper-case word such as "
                          "PERMISSION_MISSING",
                          "INVALID_REASON");
    }
    made.reasons_.insert(reason);
  }
  return made;
}

bool StatusFilter::WantsRepository(const Repository& repository) const {
  return repository_.empty() ||
         RepositoryMatches(repository_, repository.Canonical());
}

bool StatusFilter::WantsStatus(const StatusView& status) const {
  if (!states_.contains(status.posting.state)) return false;
  if (!reasons_.empty() && !reasons_.contains(status.posting.reason)) {
    return false;
  }
  return context_.empty() || GlobMatches(context_, status.context);
}

std::string StatusFilter::Fingerprint() const {
  std::string text = absl::StrCat(repository_, "\n", context_, "\n");
  for (const PostingState state : states_) {
    absl::StrAppend(&text, static_cast<int>(state), "\n");
  }
  // FNV-1a suffices: nobody gains from two filters with one fingerprint.
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : absl::StrCat(text, absl::StrJoin(reasons_, "\n"))) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

std::string StatusFilter::PageTokenOf(const StatusPlace& place) const {
  return absl::WebSafeBase64Escape(
      absl::StrCat(Fingerprint(), ".", place.repository, ".", place.entry, ".",
                   place.sha.Hex()));
}

absl::StatusOr<StatusPlace> StatusFilter::ParsePlace(
    const std::string& page_token) const {
  StatusPlace place;
  if (page_token.empty()) return place;
  std::string text;
  if (page_token.size() > kMaxToken ||
      !absl::WebSafeBase64Unescape(page_token, &text)) {
    text.clear();
  }
  const std::vector<std::string> parts = absl::StrSplit(text, '.');
  absl::StatusOr<Sha> sha = Sha();
  if (parts.size() == 4 && !parts[3].empty()) sha = ParseSha(parts[3]);
  if (parts.size() != 4 || parts[0] != Fingerprint() ||
      !absl::SimpleAtoi(parts[1], &place.repository) ||
      !absl::SimpleAtoi(parts[2], &place.entry) || place.repository < 0 ||
      place.entry < 0 || !sha.ok()) {
    return InvalidField("page_token", page_token,
                        "is not the next_page_token of an earlier answer to "
                        "this filter",
                        "INVALID_PAGE_TOKEN");
  }
  place.sha = *sha;
  return place;
}

absl::StatusOr<WatchFilter> WatchFilter::Of(
    const v1::WatchStatusesRequest& request, const CallerRef& caller) {
  for (const absl::Status& status :
       {CheckCount("repositories", request.repositories_size()),
        CheckCount("contexts", request.contexts_size())}) {
    if (!status.ok()) return status;
  }
  if (request.after_sequence() < 0) {
    return InvalidField("after_sequence",
                        absl::StrCat(request.after_sequence()),
                        "is negative; wanted 0 or more", "INVALID_SEQUENCE");
  }
  WatchFilter filter;
  filter.caller_ = caller;
  for (const std::string& pattern : request.repositories()) {
    const absl::Status status = CheckRepository(pattern, caller);
    if (!status.ok()) return status;
    filter.repositories_.push_back(pattern);
  }
  for (const std::string& pattern : request.contexts()) {
    if (pattern.empty() || pattern.size() > kMaxContextPattern) {
      return InvalidField("contexts", pattern,
                          absl::StrCat("is not a pattern of 1 to ",
                                       kMaxContextPattern, " bytes"),
                          "INVALID_PATTERN");
    }
    filter.contexts_.push_back(pattern);
  }
  for (const int state : request.states()) {
    if (state < v1::COMMIT_STATE_ERROR || state > v1::COMMIT_STATE_SUCCESS) {
      return InvalidField(
          "states", absl::StrCat(state),
          "is not a commit state; wanted ERROR, FAILURE, PENDING or SUCCESS",
          "INVALID_STATE");
    }
    filter.states_.insert(static_cast<CommitState>(state));
  }
  return filter;
}

bool WatchFilter::WantsRepository(const Repository& repository) const {
  const auto matches =
      [name = repository.Canonical()](const std::string& pattern) {
        return RepositoryMatches(pattern, name);
      };
  if (!repositories_.empty() && std::ranges::none_of(repositories_, matches)) {
    return false;
  }
  return Authorizer::Authorize(caller_, Right::kRead, repository, {}).ok();
}

bool WatchFilter::WantsStatus(const StatusView& status) const {
  if (!states_.empty() && !states_.contains(status.state)) return false;
  const auto matches = [&status](const std::string& pattern) {
    return GlobMatches(pattern, status.context);
  };
  return contexts_.empty() || std::ranges::any_of(contexts_, matches);
}

}  // namespace signalbox
