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

// AppIdentity is what identifies an App to GitHub: its issuer and the private
// key in a file. It also knows GitHub's clock, and whether GitHub accepts the
// App's own tokens (JWTs). GitHub locks an App out after many 401s. So after a
// refusal the App is stopped until the file changes, or for kRefusedAppRetry;
// then one request tries again.
//
// Time is an argument. Thread-safe. Sign, NoteRefused and LookAtRefusal may
// read the file.
class AppIdentity {
 public:
  // `issuer` is the App's client id or number; `key` is parsed by ParseAppKey.
  AppIdentity(std::string issuer, SecretFile key)
      : issuer_(std::move(issuer)), path_(key.path()), key_(std::move(key)) {}

  // GitHub's time, or ours if no answer has told it yet.
  absl::Time GitHubNow(Moment now) const;
  void NoteGitHubTime(absl::Time github_time, absl::Time steady);

  // Whether a request with a token of Sign may be made. kProbe: GitHub refused
  // the App before, and this is the one request that tries again. The trial
  // ends with EndProbe, NoteTaken or NoteRefused, or is considered abandoned
  // after twice kGitHubTimeout (24 s).
  enum class Turn { kRefused, kNormal, kProbe };
  Turn Begin(absl::Time steady);
  void EndProbe();

  // A token that GitHub accepts now. Sign makes a new one at most every few
  // minutes. INTERNAL: it could not be signed.
  struct Jwt {
    Secret value;
    int64_t key_number = 0;  // Which of the file's keys signed it.
  };
  absl::StatusOr<Jwt> Sign(Moment now);

  // GitHub accepted the token of a request. With `jwt`, only a token that is
  // the last one of Sign counts.
  void NoteTaken();
  void NoteTaken(const Secret& jwt);

  // GitHub refused the token of a request. True: the caller may repeat the
  // request with the next token, which has another key or another time; this
  // request was not a repetition itself. False: the App is stopped.
  bool NoteRefused(int64_t key_number, const Verdict& verdict,
                   bool is_repetition, Moment now);
  // The same for a caller that does not track repetitions. `reason` is
  // Classify's. A refusal of any token but the last one of Sign is ignored as
  // old.
  void NoteRefused(const Secret& jwt, absl::string_view reason, Moment now);

  // Since when GitHub refuses the App, by the wall clock; nothing if it does
  // not. LookAtRefusal reads the file first: a change of the file ends the
  // refusal.
  std::optional<absl::Time> LookAtRefusal(absl::Time steady);
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
    absl::Time steady;
  };

  Key ReadKey(absl::Time steady, bool certain);
  absl::Time GitHubNowLocked(Moment now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
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
  // GitHub's clock minus the steady one; nothing: GitHub has not told its time.
  std::optional<absl::Duration> clock_offset_ ABSL_GUARDED_BY(mu_);
  std::optional<Made> made_ ABSL_GUARDED_BY(mu_);
  bool is_repetition_ ABSL_GUARDED_BY(mu_) = false;

  bool is_refused_ ABSL_GUARDED_BY(mu_) = false;
  absl::Time refusal_begin_ ABSL_GUARDED_BY(mu_);    // Wall.
  absl::Time refusal_end_ ABSL_GUARDED_BY(mu_);      // Steady.
  int64_t refused_number_ ABSL_GUARDED_BY(mu_) = 0;  // Of the key.
  absl::Time probe_end_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();  // Steady.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_
