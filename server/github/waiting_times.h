#ifndef SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_
#define SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_

#include "absl/time/time.h"

namespace signalbox {

// All waiting times between Signalbox and GitHub, with their sources. The
// classes that obey a time are in brackets. "GitHub:" means GitHub's
// documentation or support; names of the form owner/repository#number are
// threads that report it.

// The limit of one request with its redirects. GitHub itself stops after 10 s
// and answers `Server Error`. With a shorter limit the server could not tell a
// slow success from a failure. GitHub: "Troubleshooting the REST API".
// [GitHubClient]
inline constexpr absl::Duration kGitHubTimeout = absl::Seconds(12);

// How long after its begin a request may be sent, or be sent again. A request
// on a connection that GitHub has closed fails within a round trip. After a
// later failure the request may have taken effect, and a repeat could take
// effect long after the begin. But the poster expects no effect later than 12 s
// after the begin (kAmbiguousWait), and GitHub needs up to 10 s.
// [CurlTransport]
inline constexpr absl::Duration kLastRepeat = absl::Seconds(2);

// How long after its begin a redirect may send on a request that changes
// something at GitHub. A lease lasts this long plus kAmbiguousWait. So after a
// crash, the request can take no effect any more when its lease ends.
// [GitHubClient, Poster]
inline constexpr absl::Duration kLastRedirect = absl::Seconds(3);

// Transient failures (of the network, or a 5xx): the wait doubles from the
// first to the largest. There is no last retry, since the status is still
// wanted afterwards. [Backoff, AppCredentials]
inline constexpr absl::Duration kFirstRetry = absl::Seconds(1);
inline constexpr absl::Duration kMaxRetry = absl::Minutes(5);

// `No commit found` right after a push from a fork passes within seconds; after
// a force-push it never does. home-assistant/service-hub#394. [Backoff]
inline constexpr absl::Duration kNoCommitFoundWaits[] = {
    absl::Seconds(1), absl::Seconds(2), absl::Seconds(4), absl::Seconds(8),
    absl::Seconds(15)};

// GitHub does not know a new token everywhere at once. Until the token is a
// minute old, a 401, 403 or 404 counts only after these waits. GitHub's
// support, in akuity/kargo#6630. [Backoff, AppCredentials]
inline constexpr absl::Duration kYoungToken = absl::Seconds(60);
inline constexpr absl::Duration kYoungTokenWaits[] = {
    absl::Seconds(3), absl::Seconds(10), absl::Seconds(30)};

// After five consecutive requests to one API address without an answer or with
// a 5xx, the address is considered down. Then it gets one request at a time,
// with growing pauses. [HostGuard]
inline constexpr int kFailuresToPauseHost = 5;
inline constexpr absl::Duration kFirstHostPause = absl::Seconds(1);
inline constexpr absl::Duration kMaxHostPause = absl::Minutes(5);

// GitHub's times have a resolution of a second. [RateLimiter, AppCredentials]
inline constexpr absl::Duration kLimitMargin = absl::Seconds(1);
// The longest times of a limit's header that the server believes; then one
// request probes the limit. GitHub's hour, plus some minutes for clocks.
// [RateLimiter]
inline constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);
inline constexpr absl::Duration kMaxReset = absl::Minutes(65);
// The waits after a limit that names no time: a minute, then doubled. GitHub:
// "Rate limits for the REST API". [RateLimiter]
inline constexpr absl::Duration kFirstBlindWait = absl::Minutes(1);
inline constexpr absl::Duration kMaxBlindWait = absl::Minutes(15);

// GitHub redirects every request to a repository's old name. If the answer
// about the new name does not help, the server asks again after this time.
// [MovedRepositories]
inline constexpr absl::Duration kBetweenNameQuestions = absl::Minutes(5);

// How often a stopped credential is probed with `GET /rate_limit`, which costs
// no budget. [Credentials]
inline constexpr absl::Duration kStoppedCredentialProbe = absl::Minutes(15);
// When an App whose key or clock GitHub refused makes its next request, unless
// its key's file changes before. GitHub locks out after many 401s.
// [AppCredentials]
inline constexpr absl::Duration kRefusedAppRetry = absl::Minutes(15);
// When the server asks again for an App that is not installed at an account, or
// is suspended there: first after this time, then twice as long each time, up
// to an hour. [AppCredentials]
inline constexpr absl::Duration kMissingInstallationRetry = absl::Minutes(5);
inline constexpr absl::Duration kMaxMissingInstallationRetry = absl::Hours(1);
// When GitHub reports that an installation was created or deleted, the server
// asks for the installation at once, but no more often than this. So forged or
// frequent events cost no more requests. [AppCredentials]
inline constexpr absl::Duration kBetweenLooks = absl::Seconds(10);
// An installation token lives an hour. The server replaces it this long before
// its end, while the old one still works. [AppCredentials]
inline constexpr absl::Duration kTokenRefreshAhead = absl::Minutes(5);

// The most requests in flight to one API address, of all credentials. The
// transport has some more connections, for the Apps' own requests. [HostGuard]
inline constexpr int kMaxRequestsPerHost = 240;

// So many 401 answers in a row stop a credential. [AppAccount,
// StaticCredentials]
inline constexpr int kRefusalsToStop = 2;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_
