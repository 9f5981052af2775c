#include "server/rpc/authorizer.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/error.h"
#include "server/base/glob.h"
#include "server/base/secret.h"
#include "server/report/repository_rules.h"

namespace signalbox {
namespace {

bool MayUse(const Caller& caller, absl::string_view context) {
  return std::any_of(caller.contexts.begin(), caller.contexts.end(),
                     [context](const std::string& glob) {
                       return GlobMatches(glob, context);
                     });
}

absl::Status NotGranted(const Caller& caller, absl::string_view what) {
  return Error(absl::StatusCode::kPermissionDenied, "NOT_GRANTED",
               absl::StrCat("caller ", caller.name, " may not ", what));
}

absl::Status CheckRight(const Caller& caller, Right right) {
  if (std::find(caller.rights.begin(), caller.rights.end(), right) !=
      caller.rights.end()) {
    return absl::OkStatus();
  }
  return NotGranted(caller, right == Right::kRead ? "read" : "report");
}

}  // namespace

Authorizer::Authorizer(std::vector<Caller> callers)
    : callers_(std::move(callers)) {}

absl::StatusOr<const Caller*> Authorizer::Authenticate(
    absl::string_view authorization) const {
  if (callers_.empty()) return nullptr;
  if (absl::StartsWithIgnoreCase(authorization, "bearer ")) {
    authorization.remove_prefix(7);
  }
  const absl::string_view token = absl::StripAsciiWhitespace(authorization);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(),
         digest);
  const Caller* found = nullptr;
  for (const Caller& caller : callers_) {
    if (caller.token_sha256.size() == sizeof(digest) &&
        CRYPTO_memcmp(caller.token_sha256.data(), digest, sizeof(digest)) ==
            0) {
      found = &caller;
    }
  }
  if (token.empty() || found == nullptr) {
    return Error(absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
                 "metadata authorization: wanted \"Bearer TOKEN\" with the "
                 "token of a configured caller");
  }
  return found;
}

absl::Status Authorizer::Authorize(const Caller* caller, Right right,
                                   const Repository& repository,
                                   const std::vector<std::string>& contexts) {
  if (caller == nullptr) return absl::OkStatus();
  absl::Status has_right = CheckRight(*caller, right);
  if (!has_right.ok()) return has_right;
  const bool repository_granted =
      std::any_of(caller->repositories.begin(), caller->repositories.end(),
                  [&repository](const std::string& pattern) {
                    return RepositoryMatches(pattern, repository);
                  });
  if (!repository_granted) {
    return NotGranted(
        *caller, absl::StrCat("do this in repository ", repository.Display()));
  }
  for (const std::string& context : contexts) {
    if (!MayUse(*caller, context)) {
      return NotGranted(*caller,
                        absl::StrCat("report context ", Quoted(context)));
    }
  }
  return absl::OkStatus();
}

absl::Status Authorizer::AuthorizeAnywhere(const Caller* caller, Right right) {
  return caller == nullptr ? absl::OkStatus() : CheckRight(*caller, right);
}

absl::Status Authorizer::AuthorizeAccount(const Caller* caller, Right right,
                                          const std::string& host,
                                          const std::string& account) {
  if (caller == nullptr) return absl::OkStatus();
  absl::Status has_right = CheckRight(*caller, right);
  if (!has_right.ok()) return has_right;
  for (const std::string& pattern : caller->repositories) {
    // The account's part of the pattern, with a name that both have.
    const std::string of_account = absl::StrCat(
        absl::string_view(pattern).substr(0, pattern.rfind('/')), "/any");
    if (RepositoryMatches(of_account, {host, account, "any"})) {
      return absl::OkStatus();
    }
  }
  return NotGranted(*caller,
                    absl::StrCat("do this for account ", Quoted(account)));
}

absl::Status Authorizer::AuthorizeSubmission(const Caller* caller,
                                             Submission* submission) {
  if (caller == nullptr || submission->reports.empty()) {
    return absl::OkStatus();
  }
  std::vector<std::string> contexts;
  for (const Report& report : submission->reports) {
    contexts.push_back(report.context);
  }
  absl::Status authorized = Authorize(
      caller, Right::kReport, submission->reports.front().repository, contexts);
  if (!authorized.ok()) return authorized;
  submission->caller = caller->name;
  submission->may_report =
      [caller, contexts = std::move(contexts)](const Repository& repository) {
        return Authorize(caller, Right::kReport, repository, contexts);
      };
  return absl::OkStatus();
}

absl::Status Authorizer::AuthorizeLater(
    absl::string_view caller, Right right, const Repository& repository,
    const std::vector<std::string>& contexts) const {
  if (callers_.empty()) return absl::OkStatus();
  for (const Caller& known : callers_) {
    if (known.name == caller) {
      return Authorize(&known, right, repository, contexts);
    }
  }
  return Error(
      absl::StatusCode::kPermissionDenied, "NOT_GRANTED",
      absl::StrCat("caller ", Quoted(caller), " is not configured any more"));
}

absl::StatusOr<std::string> ReadTokenDigestFile(const std::string& path) {
  absl::StatusOr<Secret> text = ReadSecretFile(path);
  if (!text.ok()) return text.status();
  const absl::string_view hex =
      absl::string_view(text->Reveal()).substr(0, text->Reveal().find(' '));
  if (hex.size() != size_t{2} * SHA256_DIGEST_LENGTH ||
      !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
                 absl::StrCat(path,
                              " holds no SHA-256 in hexadecimal; make it with "
                              "sha256sum"));
  }
  return absl::HexStringToBytes(hex);
}

}  // namespace signalbox
