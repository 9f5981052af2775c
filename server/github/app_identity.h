#ifndef SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_
#define SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/base/secret.h"
#include "server/base/secret_file.h"
#include "server/github/classify.h"

namespace signalbox {

// One look at both clocks.
struct AppMoment {
  absl::Time wall;    // For what people and other classes read.
  absl::Time steady;  // For pauses and lifetimes: never jumps.
};

// What makes an App one: its issuer, the private key in a file, GitHub's clock
// as the App was told it, and whether GitHub takes the tokens (JWTs) by which
// it speaks for itself. Many 401s lock out, so one that is refused stops the
// App until the file changes, or for kRefusedAppRetry; then one request tries.
//
// Time is an argument. Thread-safe. Sign, NoteRefused and LookAtRefusal may
// read the file.
class AppIdentity {
 public:
  // `issuer` is the App's client id or number; `key` is parsed by ParseAppKey.
  AppIdentity(std::string issuer, SecretFile key);

  // GitHub's time, or ours while it has never been told.
  absl::Time GitHubNow(AppMoment now) const;
  void NoteGitHubTime(absl::Time github_time, absl::Time steady);

  // Whether a request with a token of Sign may be made. kTrial: GitHub refused
  // the App before, and this is the one request that tries; EndTrial, NoteTaken
  // or NoteRefused say that it has ended, and who says nothing for twice
  // kGitHubTimeout never made it.
  enum class Turn { kRefused, kNormal, kTrial };
  Turn Begin(absl::Time steady);
  void EndTrial();

  // A token as GitHub takes it now. It is made at most every few minutes.
  // INTERNAL: it could not be signed.
  struct Jwt {
    Secret value;
    int64_t key_number = 0;  // Which of the file's keys signed it.
  };
  absl::StatusOr<Jwt> Sign(AppMoment now);

  // GitHub took the token of a request.
  void NoteTaken();
  void NoteTaken(const Secret& jwt);

  // GitHub refused the token of a request. True: the next token may do, since
  // it has another key or another time, and this was no repetition already.
  // False: the App is stopped.
  bool NoteRefused(int64_t key_number, const Verdict& verdict,
                   bool is_repetition, AppMoment now);
  // The same for whoever keeps no account of repetitions; `reason` is
  // Classify's. What is said of another token than the last one of Sign is old
  // news.
  void NoteRefused(const Secret& jwt, absl::string_view reason, AppMoment now);

  // If GitHub refuses the App: since when, by the wall clock. Looks at the
  // file first, whose change ends it.
  std::optional<absl::Time> LookAtRefusal(absl::Time steady);
  std::optional<absl::Time> RefusedSince() const;

 private:
  struct Key {
    Secret secret;
    int64_t number = 0;
  };

  // A token that was made.
  struct Made {
    Jwt jwt;
    absl::Time github_time;  // When it was made, by both clocks.
    absl::Time steady;
  };

  Key ReadKey(absl::Time steady, bool certain);
  absl::Time GitHubNowLocked(AppMoment now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsGood(int64_t key_number, AppMoment now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Resume() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string issuer_;
  const std::string path_;

  // Held while the file is read, so never together with mu_.
  Mutex key_mu_;
  SecretFile key_ ABSL_GUARDED_BY(key_mu_);
  int64_t key_number_ ABSL_GUARDED_BY(key_mu_) = 0;

  mutable Mutex mu_;
  // GitHub's clock against the one that never jumps; nothing: never heard.
  std::optional<absl::Duration> clock_offset_ ABSL_GUARDED_BY(mu_);
  std::optional<Made> made_ ABSL_GUARDED_BY(mu_);
  bool is_repetition_ ABSL_GUARDED_BY(mu_) = false;

  bool is_refused_ ABSL_GUARDED_BY(mu_) = false;
  absl::Time refusal_begin_ ABSL_GUARDED_BY(mu_);    // Wall.
  absl::Time refusal_end_ ABSL_GUARDED_BY(mu_);      // Steady.
  int64_t refused_number_ ABSL_GUARDED_BY(mu_) = 0;  // Of the key.
  absl::Time trial_end_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();  // Steady.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_IDENTITY_H_
