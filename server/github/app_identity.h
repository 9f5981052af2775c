#ifndef SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_
#define SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "common/secret.h"
#include "common/secret_file.h"
#include "server/base/clock.h"
#include "server/github/classify.h"

namespace signalbox {

// AppIdentity signs the tokens (JWTs) with which a GitHub App identifies itself
// to GitHub, and knows whether GitHub accepts them. All accounts of the App
// share it.
//
// GitHub refuses a JWT if the key is wrong, or if the JWT's time is. So the
// JWTs follow GitHub's clock, which AppIdentity knows from GitHub's answers.
//
// GitHub locks an App out after many refusals (401). So after a refusal,
// AppIdentity lets the App make no requests until the key's file changes, or
// for kRefusedAppRetry; then one request is the probe.
//
// For each request, the caller calls Begin and, if allowed, Sign. When GitHub
// has answered, it calls NoteTaken or NoteRefused.
//
// Time is an argument. Thread-safe. Sign, NoteRefused and LookAtRefusal may
// read the file.
class AppIdentity {
 public:
  // `issuer` is the App's client id or number; `key` is parsed by ParseAppKey.
  AppIdentity(std::string issuer, SecretFile key)
      : issuer_(std::move(issuer)), path_(key.path()), key_(std::move(key)) {}

  // The present time by GitHub's clock; by the server's wall clock until
  // NoteGitHubTime is first called.
  absl::Time GitHubNow(Moment now) const;
  // GitHub's clock showed `github_time` when the steady clock showed `steady`.
  void NoteGitHubTime(absl::Time github_time, SteadyTime steady);

  // Whether a request with a JWT may begin.
  enum class Turn {
    kRefused,  // No: GitHub refuses the App, and the wait is not over.
    kNormal,
    // Yes: GitHub refuses the App, and this request is the probe. Until the
    // probe ends, no other request may begin. It ends with NoteTaken or
    // NoteRefused, with EndProbe if the request says nothing about the JWT or
    // was not made, or by itself after twice kGitHubTimeout.
    kProbe,
  };
  Turn Begin(SteadyTime steady);
  void EndProbe();

  // A JWT that is valid now. Sign returns the same one for some minutes.
  // INTERNAL: it could not be signed.
  struct Jwt {
    Secret value;
    // Counts the changes of the file before the key that signed it was read.
    int64_t key_number = 0;
  };
  absl::StatusOr<Jwt> Sign(Moment now);

  // GitHub accepted the JWT of a request: it does not refuse the App any more.
  // The second form ignores a `jwt` that is not the one that Sign returns now:
  // the request is old.
  void NoteTaken();
  void NoteTaken(const Secret& jwt);

  // GitHub refused the JWT of a request, which Sign had returned with this
  // `key_number`. True: the caller should repeat the request at once, because
  // the next JWT has another key or a corrected time. False: AppIdentity lets
  // the App make no requests for now. `is_repetition`: the request was such a
  // repetition itself, and is not repeated again.
  bool NoteRefused(int64_t key_number, const Verdict& verdict,
                   bool is_repetition, Moment now);
  // The same for a caller that repeats a refused request by itself, and does
  // not say so. Of two refusals in a row, the second counts as a repetition's.
  // `reason` is Classify's. Ignores a `jwt` that is not the one that Sign
  // returns now.
  void NoteRefused(const Secret& jwt, absl::string_view reason, Moment now);

  // Since when GitHub refuses the App, by the wall clock. Nothing: it does not.
  // LookAtRefusal first looks at the file, because a change of the file ends
  // the wait; RefusedSince does not.
  std::optional<absl::Time> LookAtRefusal(SteadyTime steady);
  std::optional<absl::Time> RefusedSince() const;

 private:
  struct Key {
    Secret secret;
    int64_t number = 0;
  };

  // A token and when it was made.
  struct Made {
    Jwt jwt;
    absl::Time github_time;  // When it was made, by both clocks.
    SteadyTime steady;
  };

  // `certain` as in SecretFile::Refresh.
  Key ReadKey(SteadyTime steady, bool certain);
  absl::Time GitHubNowLocked(Moment now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether `made_` was made with this key and is still valid.
  bool IsGood(int64_t key_number, Moment now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Resume() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string issuer_;
  const std::string path_;

  // Held while the file is read. Never held together with mu_.
  Mutex key_mu_;
  SecretFile key_ ABSL_GUARDED_BY(key_mu_);
  int64_t key_number_ ABSL_GUARDED_BY(key_mu_) = 0;

  mutable Mutex mu_;
  // When GitHub's clock was last known: `wall` is its time. Nothing: never.
  std::optional<Moment> github_clock_ ABSL_GUARDED_BY(mu_);
  std::optional<Made> made_ ABSL_GUARDED_BY(mu_);
  // The next refusal without `is_repetition` counts as a repetition's.
  bool is_repetition_ ABSL_GUARDED_BY(mu_) = false;

  bool is_refused_ ABSL_GUARDED_BY(mu_) = false;
  absl::Time refusal_begin_ ABSL_GUARDED_BY(mu_);
  SteadyTime refusal_end_ ABSL_GUARDED_BY(mu_);
  int64_t refused_number_ ABSL_GUARDED_BY(mu_) = 0;  // Of the key.
  SteadyTime probe_end_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_
