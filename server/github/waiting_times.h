#ifndef SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_
#define SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_

#include "absl/time/time.h"

namespace signalbox {

// All waiting times between Signalbox and GitHub, with their sources; but
// ambiguous_wait stands in github_limits.h. The classes that obey a time are in
// brackets. "GitHub:" means GitHub's documentation or support; names of the
// form owner/repository#number are threads that report it.

// The longest duration of one request with its redirects. GitHub itself stops
// after 10 s and answers `Server Error`. With a shorter limit the server could
// not tell a slow success from a failure. GitHub: "Troubleshooting the REST
// API".
// [GitHubClient]
inline constexpr absl::Duration kGitHubTimeout = absl::Seconds(12);

// How long after its begin the transport may send a request, or send it again
// on a new connection. The poster relies on this: a request has no effect later
// than 12 s after its begin (ambiguous_wait), and GitHub needs up to 10 s for
// it. To repeat a request that failed on a connection which GitHub had closed,
// two seconds are enough: it fails within a round trip. [CurlTransport]
inline constexpr absl::Duration kLastRepeat = absl::Seconds(2);

// How long after its begin a request that changes something at GitHub may
// follow a redirect. A lease lasts this long plus ambiguous_wait. So even after
// a crash of the server, the request has no effect after its lease.
// [GitHubClient, Poster]
inline constexpr absl::Duration kLastRedirect = absl::Seconds(3);

// The waits after transient failures (no answer, or a 5xx): doubled from the
// first to the largest. The number of retries has no limit, because GitHub must
// show the status in the end. [Backoff, AppCredentials]
inline constexpr absl::Duration kFirstRetry = absl::Seconds(1);
inline constexpr absl::Duration kMaxRetry = absl::Minutes(5);

// The waits after the answer `No commit found`. Right after a push from a fork,
// GitHub finds the commit within seconds; after a force-push, never. So there
// are no further retries. home-assistant/service-hub#394. [Backoff]
inline constexpr absl::Duration kNoCommitFoundWaits[] = {
    absl::Seconds(1), absl::Seconds(2), absl::Seconds(4), absl::Seconds(8),
    absl::Seconds(15)};

// Some of GitHub's servers learn of a new token late. Until the token is a
// minute old, the server retries after a 401, 403 or 404, with these waits;
// only then does it believe the refusal. GitHub's support, in
// akuity/kargo#6630. [Backoff, AppCredentials]
inline constexpr absl::Duration kYoungToken = absl::Seconds(60);
inline constexpr absl::Duration kYoungTokenWaits[] = {
    absl::Seconds(3), absl::Seconds(10), absl::Seconds(30)};

// After five consecutive requests to one API address without an answer or with
// a 5xx, the address is considered down. Then it gets one request at a time,
// with growing pauses. [HostGuard]
inline constexpr int kFailuresToPauseHost = 5;
inline constexpr absl::Duration kFirstHostPause = absl::Seconds(1);
inline constexpr absl::Duration kMaxHostPause = absl::Minutes(5);

// Added to GitHub's times, which are rounded to seconds. [RateLimiter,
// AppCredentials]
inline constexpr absl::Duration kLimitMargin = absl::Seconds(1);
// The longest waits in the headers Retry-After and x-ratelimit-reset that the
// server believes; afterwards one request probes the limit. GitHub's hour, plus
// some minutes for wrong clocks. [RateLimiter]
inline constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);
inline constexpr absl::Duration kMaxReset = absl::Minutes(65);
// The waits after an exceeded rate limit if GitHub names no time: doubled from
// the first to the largest. GitHub: "Rate limits for the REST API".
// [RateLimiter]
inline constexpr absl::Duration kFirstBlindWait = absl::Minutes(1);
inline constexpr absl::Duration kMaxBlindWait = absl::Minutes(15);

// GitHub redirects every request to a repository's old name, and the server
// then asks for the new name. If it does not get a useful answer, it asks again
// after this time. [MovedRepositories]
inline constexpr absl::Duration kBetweenNameQuestions = absl::Minutes(5);

// How often a stopped credential is probed with `GET /rate_limit`, which costs
// no budget. [Credentials]
inline constexpr absl::Duration kStoppedCredentialProbe = absl::Minutes(15);
// How long an App makes no requests after GitHub has refused its key or its
// clock, unless the key's file changes before. GitHub locks an App out after
// many 401s. [AppIdentity]
inline constexpr absl::Duration kRefusedAppRetry = absl::Minutes(15);
// How long the server waits before it asks again for an App's installation at
// an account that has none or has suspended it: doubled from the first to the
// largest. [AppAccount]
inline constexpr absl::Duration kMissingInstallationRetry = absl::Minutes(5);
inline constexpr absl::Duration kMaxMissingInstallationRetry = absl::Hours(1);
// When a webhook says that an installation was created or deleted, the server
// asks GitHub for the installation at once, but no more often than this. So
// many such webhooks cost few requests. [AppAccount]
inline constexpr absl::Duration kBetweenLooks = absl::Seconds(10);
// A token of an installation lives an hour. The server replaces it this long
// before its end, while the old one still works. [AppAccount]
inline constexpr absl::Duration kTokenRefreshAhead = absl::Minutes(5);

// The most requests in flight to one API address, of all credentials. The
// transport has some more connections, for the Apps' own requests. [HostGuard]
inline constexpr int kMaxRequestsPerHost = 240;

// So many 401 answers in a row stop a credential. [AppAccount,
// StaticCredentials]
inline constexpr int kRefusalsToStop = 2;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_
