#ifndef SIGNALBOX_SERVER_RPC_METHOD_RIGHTS_H_
#define SIGNALBOX_SERVER_RPC_METHOD_RIGHTS_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "server/rpc/authorizer.h"

namespace signalbox {

// A method of signalbox.v1.StatusService, and the right that a caller needs for
// it. Nothing: every known caller may call it. A request can need more, such as
// a grant of its repository, which the method itself checks.
struct MethodRight {
  absl::string_view method;
  std::optional<Right> right;
  // Whether a caller may come with a JWT instead of a token. It must not be
  // enough for reports, because it cannot be narrowed.
  bool jwt_suffices = false;
  // Whether a caller may come with a token that the server has issued.
  bool issued_token_suffices = true;
};

// All methods; Authorizer::Admit refuses every other.
inline constexpr MethodRight kMethodRights[] = {
    {"ReportPending", Right::kReport},
    {"ReportResult", Right::kReport},
    {"StreamReports", Right::kReport},
    {"ReportEvent", Right::kWebhook},
    {"GetCommitStatus", Right::kRead},
    {"ListCommits", Right::kRead},
    {"ExplainStatus", Right::kRead},
    {"ListStatuses", Right::kRead},
    {"WatchStatuses", Right::kRead},
    {"DiagnoseRepository", Right::kRead},
    {"ListReports", Right::kRead},
    {"ResolveRef", Right::kRead},
    {"GetRepository", Right::kRead},
    {"RetryPost", Right::kOperate},
    {"RetryPosts", Right::kOperate},
    {"GetServerInfo", std::nullopt, true},
    {"IssueToken", std::nullopt, true, false},
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_METHOD_RIGHTS_H_
