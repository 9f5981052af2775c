#include "server/github/static_credentials.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/base/mutex.h"

namespace signalbox {
namespace {

constexpr int kRefusalsToStop = 2;

// A file can be rewritten in place within one tick of the file system's clock,
// which leaves its stamp as it was. So a file is read anew for this long after
// its stamp was first seen.
constexpr absl::Duration kStampResolution = absl::Seconds(2);

// What tells one content of a file from another without reading it.
struct FileStamp {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int64_t size = 0;
  uint64_t inode = 0;
  uint64_t device = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

absl::StatusOr<FileStamp> StampOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  return FileStamp{info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size,
                   info.st_ino, info.st_dev};
}

// A token goes into a header: nothing in it may end the line.
bool IsToken(const Secret& secret) {
  const std::string& text = secret.Reveal();
  return !text.empty() &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

absl::StatusOr<Secret> ReadToken(const std::string& path) {
  absl::StatusOr<Secret> secret = ReadSecretFile(path);
  if (secret.ok() && !IsToken(*secret)) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
                 absl::StrCat(path, " holds more than one token"));
  }
  return secret;
}

bool NamesAccount(const StaticCredential& credential,
                  absl::string_view account) {
  return std::any_of(credential.accounts.begin(), credential.accounts.end(),
                     [account](const std::string& name) {
                       return absl::EqualsIgnoreCase(name, account);
                     });
}

class StaticCredentials : public Credentials {
 public:
  // Takes a credential in; errors as MakeStaticCredentials.
  absl::Status Add(StaticCredential credential);

  std::string Find(const Repository& repository) const override;
  absl::StatusOr<Token> Get(absl::string_view credential_id,
                            absl::Time now) override;
  void NoteRefused(absl::string_view credential_id, const Token& token,
                   absl::string_view reason, absl::Time now) override;
  void NoteAccepted(absl::string_view credential_id,
                    const Token& token) override;

 private:
  // A token as it is now.
  struct Held {
    Secret value;
    FileStamp stamp;
    // When the stamp was first seen by Get; nothing: not yet.
    std::optional<absl::Time> stamp_time;
    int refusals = 0;  // 401s in a row.
    bool unreadable = false;
  };

  void Refresh(const StaticCredential& credential, Held& held, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Held* FindHeld(absl::string_view credential_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant once everything is added. By id; `order_` is as configured.
  std::map<std::string, StaticCredential, std::less<>> credentials_;
  std::vector<std::string> order_;

  Mutex mu_;
  std::map<std::string, Held, std::less<>> held_ ABSL_GUARDED_BY(mu_);
};

absl::Status StaticCredentials::Add(StaticCredential credential) {
  if (credential.token.empty() == credential.token_file.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_CREDENTIAL",
                 absl::StrCat("credential for ", Quoted(credential.host),
                              ": one of token and token_file is wanted"));
  }
  // The id is the first account that no earlier credential has taken; one
  // that has none left is never found and needs no id.
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
    if (!IsToken(credential.token)) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_CREDENTIAL",
                   absl::StrCat("credential for ", Quoted(credential.host),
                                ": the token is not one printable word"));
    }
    held.value = credential.token;
  } else {
    // The stamp first: what changes after it is read again.
    const absl::StatusOr<FileStamp> stamp = StampOf(credential.token_file);
    if (!stamp.ok()) return stamp.status();
    absl::StatusOr<Secret> secret = ReadToken(credential.token_file);
    if (!secret.ok()) return secret.status();
    held.stamp = *stamp;
    held.value = *std::move(secret);
  }
  if (id.empty()) return absl::OkStatus();
  MutexLock lock(&mu_);
  held_.emplace(id, std::move(held));
  order_.push_back(id);
  credentials_.emplace(std::move(id), std::move(credential));
  return absl::OkStatus();
}

std::string StaticCredentials::Find(const Repository& repository) const {
  for (const absl::string_view account :
       {absl::string_view(repository.owner), absl::string_view("*")}) {
    for (const std::string& id : order_) {
      const StaticCredential& credential = credentials_.find(id)->second;
      if (absl::EqualsIgnoreCase(credential.host, repository.host) &&
          NamesAccount(credential, account)) {
        return id;
      }
    }
  }
  return "";
}

StaticCredentials::Held* StaticCredentials::FindHeld(
    absl::string_view credential_id) {
  const auto found = held_.find(credential_id);
  return found == held_.end() ? nullptr : &found->second;
}

void StaticCredentials::Refresh(const StaticCredential& credential, Held& held,
                                absl::Time now) {
  const absl::StatusOr<FileStamp> stamp = StampOf(credential.token_file);
  const bool stamp_changed = stamp.ok() && *stamp != held.stamp;
  if (stamp_changed || !held.stamp_time.has_value()) held.stamp_time = now;
  if (stamp.ok() && !stamp_changed &&
      now - *held.stamp_time > kStampResolution) {
    return;
  }
  absl::StatusOr<Secret> secret =
      stamp.ok() ? ReadToken(credential.token_file) : stamp.status();
  if (!secret.ok()) {
    // Somebody is replacing it. The token that is held may still be good.
    if (!held.unreadable) {
      LogWarning("token file cannot be read; the last token stays in use",
                 {{"error", secret.status().message()}});
    }
    held.unreadable = true;
    return;
  }
  held.unreadable = false;
  held.stamp = *stamp;
  if (!stamp_changed && secret->Equals(held.value)) return;
  held.value = *std::move(secret);
  held.refusals = 0;
  LogInfo("token file read again", {{"file", credential.token_file}});
}

absl::StatusOr<Token> StaticCredentials::Get(absl::string_view credential_id,
                                             absl::Time now) {
  const auto found = credentials_.find(credential_id);
  if (found == credentials_.end()) {
    return Error(
        absl::StatusCode::kNotFound, "NO_CREDENTIAL",
        absl::StrCat("there is no credential ", Quoted(credential_id)));
  }
  const StaticCredential& credential = found->second;
  MutexLock lock(&mu_);
  Held& held = *FindHeld(credential_id);
  if (!credential.token_file.empty()) Refresh(credential, held, now);
  if (held.refusals >= kRefusalsToStop) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "CREDENTIAL_REFUSED",
        absl::StrCat("GitHub refused the token of ", credential_id, " twice"));
  }
  Token token;
  token.value = held.value;
  token.api_url = credential.api_url;
  return token;
}

void StaticCredentials::NoteRefused(absl::string_view credential_id,
                                    const Token& token, absl::string_view,
                                    absl::Time) {
  MutexLock lock(&mu_);
  Held* held = FindHeld(credential_id);
  if (held == nullptr || !held->value.Equals(token.value)) return;
  if (++held->refusals != kRefusalsToStop) return;
  LogError("GitHub refused a token twice in a row; its credential is stopped",
           {{"credential", credential_id}});
}

void StaticCredentials::NoteAccepted(absl::string_view credential_id,
                                     const Token& token) {
  MutexLock lock(&mu_);
  Held* held = FindHeld(credential_id);
  if (held == nullptr || !held->value.Equals(token.value)) return;
  held->refusals = 0;
}

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
