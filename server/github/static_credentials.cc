#include "server/github/static_credentials.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "common/log.h"
#include "common/mutex.h"
#include "common/names.h"
#include "common/secret_file.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

class StaticCredentials : public Credentials {
 public:
  // Adds a credential; errors as MakeStaticCredentials.
  absl::Status Add(StaticCredential credential) {
    if (credential.token.empty() == credential.token_file.empty()) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_CREDENTIAL",
                   absl::StrCat("credential for ", Quoted(credential.host),
                                ": wanted either a token or a token_file"));
    }
    // The id is the first account that no earlier credential has. A credential
    // without such an account is never found and needs no id.
    std::string id;
    for (const std::string& account : credential.accounts) {
      std::string candidate =
          absl::AsciiStrToLower(absl::StrCat(credential.host, "/", account));
      if (credentials_.contains(candidate)) continue;
      id = std::move(candidate);
      break;
    }
    Held held;
    if (credential.token_file.empty()) {
      if (!IsBearerToken(credential.token.Reveal())) {
        return Error(absl::StatusCode::kInvalidArgument, "INVALID_CREDENTIAL",
                     absl::StrCat("credential for ", Quoted(credential.host),
                                  ": the token has a space or a character that "
                                  "is not printable; wanted the token alone"));
      }
      held.literal = credential.token;
    } else {
      absl::StatusOr<SecretFile> file =
          SecretFile::Open(credential.token_file, ParseToken);
      if (!file.ok()) return file.status();
      held.file = *std::move(file);
    }
    if (id.empty()) return absl::OkStatus();
    MutexLock lock(&mu_);
    held_.emplace(id, std::move(held));
    order_.push_back(id);
    credentials_.emplace(std::move(id), std::move(credential));
    return absl::OkStatus();
  }

  std::string Find(const Repository& repository) const override {
    for (const absl::string_view account :
         {absl::string_view(repository.owner), absl::string_view("*")}) {
      for (const std::string& id : order_) {
        const StaticCredential& credential = credentials_.find(id)->second;
        if (absl::EqualsIgnoreCase(credential.host, repository.host) &&
            HasName(credential.accounts, account)) {
          return id;
        }
      }
    }
    return "";
  }

  absl::StatusOr<Token> Get(absl::string_view credential_id,
                            absl::Time now) override {
    const auto found = credentials_.find(credential_id);
    if (found == credentials_.end()) return NoCredential(credential_id);
    const StaticCredential& credential = found->second;
    MutexLock lock(&mu_);
    Held& held = *FindHeld(credential_id);
    if (held.file.has_value() && held.file->Refresh(now - absl::UnixEpoch())) {
      ++held.changes;
      Resume(credential_id, held);
    }
    Token token;
    token.value = held.Value();
    token.api_url = credential.api_url;
    token.origin = absl::StrCat(held.changes);
    if (held.stop_reason.empty()) return token;

    // The clock may have been set back.
    const bool due = now >= held.probe_time ||
                     now < held.probe_time - kStoppedCredentialProbe;
    if (!due) {
      return Error(
          absl::StatusCode::kFailedPrecondition, held.stop_reason,
          absl::StrCat("GitHub refused the token of ", credential_id,
                       "; the server tries it again every ",
                       absl::FormatDuration(kStoppedCredentialProbe),
                       held.file ? ", and when its file changes" : ""));
    }
    held.probe_time = now + kStoppedCredentialProbe;
    token.probe_only = true;
    return token;
  }

  void NoteRefused(absl::string_view credential_id, const Token& token,
                   absl::string_view reason, absl::Time now) override {
    MutexLock lock(&mu_);
    Held* held = FindHeld(credential_id);
    if (held == nullptr || !held->Value().Equals(token.value)) return;
    if (reason == "ACCOUNT_SUSPENDED" || reason == "INSTALLATION_SUSPENDED") {
      Stop(credential_id, *held, reason, now);
    } else if (++held->refusals >= kRefusalsToStop) {
      Stop(credential_id, *held, "CREDENTIAL_REFUSED", now);
    }
  }

  void NoteAccepted(absl::string_view credential_id,
                    const Token& token) override {
    MutexLock lock(&mu_);
    Held* held = FindHeld(credential_id);
    if (held == nullptr || !held->Value().Equals(token.value)) return;
    Resume(credential_id, *held);
  }

  std::vector<CredentialState> States() const override {
    std::vector<CredentialState> states;
    MutexLock lock(&mu_);
    for (const auto& [id, held] : held_) {
      CredentialState state{id, held.stop_reason};
      if (!held.stop_reason.empty()) state.stop_time = held.stop_time;
      states.push_back(std::move(state));
    }
    return states;
  }

 private:
  // A token as it is now.
  struct Held {
    Secret literal;
    std::optional<SecretFile> file;  // Instead of the literal.
    int64_t changes = 0;             // Of the file.
    int refusals = 0;                // 401s in a row.
    std::string stop_reason;         // Empty: it is not stopped.
    absl::Time stop_time;
    absl::Time probe_time;  // When to probe it again.

    const Secret& Value() const { return file ? file->secret() : literal; }
  };

  void Stop(absl::string_view id, Held& held, absl::string_view reason,
            absl::Time now) {
    if (held.stop_reason == reason) return;
    if (held.stop_reason.empty()) {
      held.stop_time = now;
      held.probe_time = now + kStoppedCredentialProbe;
    }
    held.stop_reason = std::string(reason);
    LogError(
        "the server has stopped using a credential: GitHub refuses it. "
        "Its statuses wait until GitHub accepts it again",
        {{"credential", id}, {"reason", reason}});
  }

  void Resume(absl::string_view id, Held& held) {
    held.refusals = 0;
    if (held.stop_reason.empty()) return;
    held.stop_reason.clear();
    LogInfo("GitHub accepts a credential again; the server uses it again",
            {{"credential", id}});
  }

  Held* FindHeld(absl::string_view credential_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto found = held_.find(credential_id);
    return found == held_.end() ? nullptr : &found->second;
  }

  // Constant after the last Add. By id; `order_` is as configured.
  std::map<std::string, StaticCredential, std::less<>> credentials_;
  std::vector<std::string> order_;

  mutable Mutex mu_;
  std::map<std::string, Held, std::less<>> held_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Credentials>> MakeStaticCredentials(
    std::vector<StaticCredential> credentials) {
  auto made = std::make_unique<StaticCredentials>();
  for (StaticCredential& credential : credentials) {
    const absl::Status added = made->Add(std::move(credential));
    if (!added.ok()) return added;
  }
  return std::unique_ptr<Credentials>(std::move(made));
}

}  // namespace signalbox
