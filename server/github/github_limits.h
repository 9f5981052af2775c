#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_LIMITS_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_LIMITS_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/waiting_times.h"
#include "server/report/posting_limits.h"

namespace signalbox {

// What GitHub allows, with the sources: "GitHub:" means GitHub's documentation,
// and names of the form owner/repository#number are threads that report it. The
// reasons are those of Classify and of the credentials.

// GitHub refuses these again, whatever is reported: the sha and context have
// all their statuses (openshift/release#6179), or one of them is malformed.
// GitHub: "REST API endpoints for commit statuses".
inline constexpr absl::string_view kFinalRefusals[] = {
    "STATUS_LIMIT_REACHED", "INVALID_SHA", "CONTEXT_REFUSED"};

// Somebody must change the repository, its account, or what the credential may
// do there. GitHub: "Troubleshooting the REST API".
inline constexpr absl::string_view kMendableRefusals[] = {
    "REPOSITORY_NOT_FOUND", "PERMISSION_MISSING", "REDIRECT_REFUSED",
    "REPOSITORY_ARCHIVED",  "REPOSITORY_BLOCKED", "SSO_REQUIRED",
    "IP_NOT_ALLOWED",       "APP_REQUIRED",       "REPOSITORY_GONE",
    "LEGAL_BLOCK",          "APP_NOT_INSTALLED",  "INSTALLATION_SUSPENDED",
    "ACCOUNT_SUSPENDED",    "CREDENTIAL_REFUSED", "APP_REFUSED"};

inline constexpr PostingLimits kGitHubLimits = {
    // GitHub stops a request after 10 s, and one is sent at most kLastRepeat
    // after its begin. GitHub: "Troubleshooting the REST API".
    .ambiguous_wait = absl::Seconds(12),
    // GitHub: "REST API endpoints for commit statuses".
    .most_statuses = 1000,
    .most_before_pending = 950,
    .final_refusals = kFinalRefusals,
    .mendable_refusals = kMendableRefusals,
    // GitHub has got the commit once a delivery names it. home-assistant/
    // service-hub#394.
    .missing_commit = "NO_COMMIT_FOUND",
};

// After the wait, this server's own request has ended, too.
static_assert(kGitHubTimeout <= kGitHubLimits.ambiguous_wait);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_GITHUB_LIMITS_H_
