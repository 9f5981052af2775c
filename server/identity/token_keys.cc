#include "server/identity/token_keys.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "common/hex.h"

namespace signalbox {
namespace {

constexpr absl::Duration kKeySigns = absl::Hours(31 * 24);
static_assert(kKeySigns > kLongestTokenLife);
constexpr size_t kMostKeys = 2;
constexpr size_t kKeyBytes = 32;
constexpr size_t kKeyIdBytes = 8;
constexpr size_t kMacBytes = 32;
constexpr char kVersion1 = 1;
constexpr size_t kLongestToken = 4096;  // As IsBearerToken accepts.

std::string Hmac(const Secret& key, absl::string_view text) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.Reveal().data(), static_cast<int>(key.Reveal().size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  mac.resize(size);
  return mac;
}

absl::Status CannotWrite(int error, const std::string& path) {
  const std::string message =
      absl::StrCat(path, ": cannot write the keys of issued tokens");
  if (error == ENOSPC || error == EDQUOT) {
    return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL", message);
  }
  return absl::InternalError(absl::ErrnoToStatus(error, message).message());
}

// Writes and syncs a new file that only this user can read. Returns errno.
int WriteNewFile(const std::string& path, const std::string& text) {
  unlink(path.c_str());
  const int file = open(
      path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return errno;
  const ssize_t written = write(file, text.data(), text.size());
  int error = written < 0 ? errno : 0;
  // A regular file takes less only if the disk is full.
  if (error == 0 && static_cast<size_t>(written) < text.size()) error = ENOSPC;
  if (error == 0 && fsync(file) != 0) error = errno;
  close(file);
  return error;
}

// Syncs the directory of a file. Returns errno.
int SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int opened =
      open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return errno;
  const int error = fsync(opened) == 0 ? 0 : errno;
  close(opened);
  return error;
}

// Replaces a file in one step. When it returns OK, the file is on disk.
absl::Status ReplaceFile(const std::string& path, const Secret& text) {
  const std::string beside = absl::StrCat(path, ".new");
  int error = WriteNewFile(beside, text.Reveal());
  if (error == 0 && rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) error = SyncDirectoryOf(path);
  return error == 0 ? absl::OkStatus() : CannotWrite(error, path);
}

}  // namespace

TokenKeys::Key TokenKeys::KeyOf(absl::Time make_time, Secret bytes) {
  std::string id = Hmac(bytes, "id of a key of issued tokens");
  id.resize(kKeyIdBytes);
  return {make_time, std::move(bytes), std::move(id)};
}

TokenKeys::Keys TokenKeys::keys() const {
  MutexLock lock(&mu_);
  return keys_;
}

void TokenKeys::SetKeys(std::vector<Key> keys) {
  auto shared = std::make_shared<const std::vector<Key>>(std::move(keys));
  MutexLock lock(&mu_);
  keys_ = std::move(shared);
}

absl::Status TokenKeys::Load() {
  const absl::StatusOr<Secret> text = ReadSecretFile(path_);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  std::vector<Key> keys;
  for (const absl::string_view line :
       absl::StrSplit(text->Reveal(), '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "#")) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    int64_t made = 0;
    std::optional<std::string> bytes;
    if (words.size() == 2 && absl::SimpleAtoi(words[0], &made) &&
        words[1].size() == 2 * kKeyBytes) {
      bytes = BytesOfHex(words[1]);
    }
    if (!bytes.has_value() || keys.size() == kMostKeys) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
                   absl::StrCat(path_,
                                " is damaged; if you remove it, the server "
                                "makes another, and all issued tokens end"));
    }
    keys.push_back(
        KeyOf(absl::FromUnixSeconds(made), Secret(*std::move(bytes))));
  }
  SetKeys(std::move(keys));
  return absl::OkStatus();
}

absl::StatusOr<TokenKeys::Key> TokenKeys::SigningKey(absl::Time now) {
  std::vector<Key> held = *keys();
  // The clock can have gone back by more, too, and must not keep a key forever.
  if (!held.empty() && absl::AbsDuration(now - held[0].make_time) < kKeySigns) {
    return held[0];
  }
  std::string bytes(kKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(bytes.size())) != 1) {
    return absl::InternalError("the system has no random numbers");
  }
  held.insert(held.begin(),
              KeyOf(absl::FromUnixSeconds(absl::ToUnixSeconds(now)),
                    Secret(std::move(bytes))));
  if (held.size() > kMostKeys) held.resize(kMostKeys);
  constexpr absl::string_view kComment =
      "# Secret: a program that reads this can make tokens of every caller.\n";
  std::string text;
  // A growing string would leave copies that Secret does not wipe.
  text.reserve(kComment.size() + kMostKeys * (2 * kKeyBytes + 32));
  absl::StrAppend(&text, kComment);
  for (const Key& key : held) {
    const Secret hex(absl::BytesToHexString(key.bytes.Reveal()));
    absl::StrAppend(&text, absl::ToUnixSeconds(key.make_time), " ",
                    hex.Reveal(), "\n");
  }
  absl::Status written = ReplaceFile(path_, Secret(std::move(text)));
  if (!written.ok()) return written;
  Key newest = held[0];
  SetKeys(std::move(held));
  return newest;
}

absl::StatusOr<std::string> TokenKeys::Issue(const IssuedToken& token,
                                             absl::Time now) {
  if (token.expire_time > now + kLongestTokenLife) {
    return absl::InternalError("an issued token would outlive its key");
  }
  MutexLock lock(&issue_mu_);
  const absl::StatusOr<Key> key = SigningKey(now);
  if (!key.ok()) return key.status();
  const std::optional<std::string> content = BytesOf(token);
  std::string signed_bytes =
      absl::StrCat(absl::string_view(&kVersion1, 1), key->id,
                   content.value_or(std::string(kLongestToken, '\0')));
  absl::StrAppend(&signed_bytes, Hmac(key->bytes, signed_bytes));
  std::string text =
      absl::StrCat(kIssuedTokenPrefix, EncodeLettersAndDigits(signed_bytes));
  if (text.size() > kLongestToken) {
    return Error(
        absl::StatusCode::kInvalidArgument, "NARROWING_TOO_LARGE",
        absl::StrCat("narrowing: its texts do not fit into a token of ",
                     kLongestToken,
                     " characters; wanted fewer, such as patterns"));
  }
  return text;
}

std::optional<IssuedToken> TokenKeys::Verify(absl::string_view text) const {
  if (text.size() > kLongestToken ||
      !absl::ConsumePrefix(&text, kIssuedTokenPrefix)) {
    return std::nullopt;
  }
  const std::optional<std::string> bytes = DecodeLettersAndDigits(text);
  constexpr size_t kHead = 1 + kKeyIdBytes;
  if (!bytes.has_value() || bytes->size() < kHead + kMacBytes ||
      bytes->front() != kVersion1) {
    return std::nullopt;
  }
  const absl::string_view all = *bytes;
  const absl::string_view content = all.substr(0, all.size() - kMacBytes);
  const absl::string_view claimed = all.substr(content.size());
  const Keys held = keys();
  for (const Key& key : *held) {
    if (all.substr(1, kKeyIdBytes) != key.id) continue;
    if (CRYPTO_memcmp(Hmac(key.bytes, content).data(), claimed.data(),
                      kMacBytes) == 0) {
      return IssuedTokenOf(content.substr(kHead));
    }
  }
  return std::nullopt;
}

}  // namespace signalbox
