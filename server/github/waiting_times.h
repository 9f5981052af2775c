#ifndef SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_
#define SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_

#include "absl/time/time.h"

namespace signalbox {

// Every waiting time between Signalbox and GitHub, with its source. Who obeys
// one is named in brackets. "GitHub:" is GitHub's documentation or support;
// names of the form owner/repository#number are threads where it was seen.

// One request, with its redirects. GitHub itself gives up after 10 s and
// answers `Server Error`; who waits less cannot tell a slow success from a
// failure. GitHub: "Troubleshooting the REST API". [GitHubClient]
inline constexpr absl::Duration kGitHubTimeout = absl::Seconds(12);

// What is lost on a connection that was idle is lost within a round trip. What
// is lost later may have had its effect, and sent again could have it long
// after the first was begun: whoever does not see its end counts from there
// when GitHub has surely given up. [CurlTransport]
inline constexpr absl::Duration kLastRepeat = absl::Seconds(2);

// What changes something at GitHub is not sent on by a redirect later than this
// after its begin: whoever does not see its end counts from its begin when
// GitHub has surely given up. [GitHubClient, Poster]
inline constexpr absl::Duration kLastRedirect = absl::Seconds(3);

// A trouble that passes (the network's, a 5xx): doubling from the first to the
// largest wait, and never given up, since the status is still wanted when the
// trouble is over. [Backoff, AppCredentials]
inline constexpr absl::Duration kFirstRetry = absl::Seconds(1);
inline constexpr absl::Duration kMaxRetry = absl::Minutes(5);

// `No commit found` right after a push from a fork passes within seconds; after
// a force-push it never does. home-assistant/service-hub#394. [Backoff]
inline constexpr absl::Duration kNoCommitFoundWaits[] = {
    absl::Seconds(1), absl::Seconds(2), absl::Seconds(4), absl::Seconds(8),
    absl::Seconds(15)};

// A new token is not known everywhere at once: until it is a minute old, 401,
// 403 and 404 are believed only after these waits. GitHub's support, in
// akuity/kargo#6630. [Backoff, AppCredentials]
inline constexpr absl::Duration kYoungToken = absl::Seconds(60);
inline constexpr absl::Duration kYoungTokenWaits[] = {
    absl::Seconds(3), absl::Seconds(10), absl::Seconds(30)};

// Five ends without an answer, or with a 5xx, in a row at one API address: it
// is down. Then one request at a time, further and further apart. [HostGuard]
inline constexpr int kFailuresToPauseHost = 5;
inline constexpr absl::Duration kFirstHostPause = absl::Seconds(1);
inline constexpr absl::Duration kMaxHostPause = absl::Minutes(5);

// GitHub's moments have a resolution of a second. [RateLimiter, AppCredentials]
inline constexpr absl::Duration kLimitMargin = absl::Seconds(1);
// What a limit's header names is believed up to here; then one request probes
// it. GitHub's hour, and some minutes for clocks. [RateLimiter]
inline constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);
inline constexpr absl::Duration kMaxReset = absl::Minutes(65);
// A limit that names no moment: a minute, doubling. GitHub: "Rate limits for
// the REST API". [RateLimiter]
inline constexpr absl::Duration kFirstBlindWait = absl::Minutes(1);
inline constexpr absl::Duration kMaxBlindWait = absl::Minutes(15);

// Every request to a repository's old name is redirected; how it is called now
// is asked for so often while the answer does not help. [MovedRepositories]
inline constexpr absl::Duration kBetweenNameQuestions = absl::Minutes(5);

// A credential that GitHub refused for good is asked for with
// `GET /rate_limit`, which costs no budget. [Credentials]
inline constexpr absl::Duration kStoppedCredentialProbe = absl::Minutes(15);
// An App whose key or clock GitHub refused speaks once more, if its key's file
// does not change before. Many 401s lock out. [AppCredentials]
inline constexpr absl::Duration kRefusedAppRetry = absl::Minutes(15);
// An App that is not installed at an account, or suspended there, is asked for
// again: first after so long, then twice as long each time, up to an hour.
// [AppCredentials]
inline constexpr absl::Duration kMissingInstallationRetry = absl::Minutes(5);
inline constexpr absl::Duration kMaxMissingInstallationRetry = absl::Hours(1);
// What GitHub tells of an installation's coming and going is looked after at
// once, but as often as this: who forges such events, or causes many, gets no
// more requests for it. [AppCredentials]
inline constexpr absl::Duration kBetweenLooks = absl::Seconds(10);
// An installation token lives an hour; this long before its end it is replaced,
// while the old one still works. [AppCredentials]
inline constexpr absl::Duration kTokenRefreshAhead = absl::Minutes(5);

// Requests to one API address at a time, of all credentials. The transport has
// some connections more, for the Apps' own requests. [HostGuard]
inline constexpr int kMaxRequestsPerHost = 240;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_WAITING_TIMES_H_
