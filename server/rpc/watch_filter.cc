#include "server/rpc/watch_filter.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/base/glob.h"
#include "server/report/repository_rules.h"
#include "server/rpc/request_limits.h"

namespace signalbox {
namespace {

constexpr int kMaxPatterns = 100;

absl::Status CheckCount(absl::string_view field, int count) {
  if (count <= kMaxPatterns) return absl::OkStatus();
  return InvalidField(
      field, absl::StrCat(count),
      absl::StrCat("is too many patterns; wanted at most ", kMaxPatterns),
      "TOO_MANY_PATTERNS");
}

absl::Status CheckRepository(const std::string& pattern, const Caller* caller) {
  if (!CheckRepositoryPattern(pattern).ok()) {
    return InvalidField("repositories", pattern,
                        "is not [HOST/]OWNER/NAME, where * stands for anything "
                        "but /, nor * alone for every repository",
                        "INVALID_PATTERN");
  }
  if (pattern.find('*') != std::string::npos) return absl::OkStatus();
  const absl::StatusOr<Repository> named = ParseRepository(pattern);
  if (!named.ok()) return named.status();
  return Authorizer::Authorize(caller, Right::kRead, *named, {});
}

}  // namespace

absl::StatusOr<WatchFilter> WatchFilter::Of(
    const v1::WatchStatusesRequest& request, const Caller* caller) {
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
  const absl::Status may_read =
      Authorizer::AuthorizeAnywhere(caller, Right::kRead);
  if (!may_read.ok()) return may_read;

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
  const auto matches = [&repository](const std::string& pattern) {
    return RepositoryMatches(pattern, repository);
  };
  if (!repositories_.empty() &&
      std::none_of(repositories_.begin(), repositories_.end(), matches)) {
    return false;
  }
  return Authorizer::Authorize(caller_, Right::kRead, repository, {}).ok();
}

bool WatchFilter::WantsStatus(const StatusView& status) const {
  if (!states_.empty() && states_.count(status.state) == 0) return false;
  const auto matches = [&status](const std::string& pattern) {
    return GlobMatches(pattern, status.context);
  };
  return contexts_.empty() ||
         std::any_of(contexts_.begin(), contexts_.end(), matches);
}

}  // namespace signalbox
