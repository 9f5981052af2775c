#include "server/report/reasons.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace signalbox {
namespace {

// Of a request that only asks, the reason means the same.
constexpr absl::string_view kSame = "=";

// Parts of sentences. `%` stands for the repository.
struct ReasonRow {
  absl::string_view reason;
  absl::string_view meaning;      // For a commit status.
  absl::string_view help;         // Who can help or what to do, if anything.
  absl::string_view of_question;  // Instead of `meaning`; empty: nothing.
};

// By the reason's name.
constexpr ReasonRow kReasons[] = {
    {"ACCOUNT_SUSPENDED", "GitHub has suspended the user behind the token",
     "use another user's token, or ask GitHub's support", kSame},
    {"API_VERSION_REFUSED",
     "this GitHub does not speak the API version that Signalbox uses", "", ""},
    {"APP_NOT_INSTALLED",
     "the GitHub App is not installed in the account that owns %",
     "an owner of that account must install it", kSame},
    {"APP_REFUSED",
     "GitHub refuses the App's private key, or the server's clock is wrong",
     "check private_key_file, client_id or app_id, and the time; the server "
     "reads the key's file again when it changes",
     kSame},
    {"APP_REQUIRED", "GitHub accepts this only from a GitHub App", "", ""},
    {"BAD_CREDENTIALS", "GitHub refuses the credential's token",
     "put a valid token into its file; for a GitHub App the server fetches a "
     "new one",
     kSame},
    {"BAD_REQUEST", "GitHub did not understand the request", "", ""},
    {"BUDGET_RESERVED",
     "the server keeps the rest of the credential's hourly rate limit for "
     "results",
     "",
     "the server did not ask GitHub: it keeps the rest of the credential's "
     "hourly rate limit for results"},
    {"BUDGET_SPENT",
     "the credential has used up its hourly rate limit at GitHub", "", kSame},
    {"CLOCK_SKEW", "the server's clock differs too much from GitHub's",
     "set the clock of the server's machine", ""},
    {"CONFLICT", "GitHub answered with a conflict (409)", "", ""},
    {"CONNECTION_LOST",
     "the connection broke before GitHub answered, so the server does not know "
     "whether GitHub accepted the status",
     "", ""},
    {"CONTEXT_REFUSED", "GitHub does not accept this context", "", ""},
    {"CREDENTIAL_NOT_READY",
     "the server is still fetching the credential's token", "", ""},
    {"CREDENTIAL_REFUSED", "GitHub refuses the credential's token",
     "put a valid token into its file, which the server reads when it changes, "
     "or check the GitHub App's private key and its installation; the server "
     "also tries by itself every 15 minutes",
     kSame},
    {"DESCRIPTION_REFUSED", "GitHub does not accept the description", "", ""},
    {"HOST_DOWN",
     "GitHub's API has not answered for a while, so the server tries one "
     "request at a time",
     "", kSame},
    {"HOST_FULL",
     "as many requests to this host are under way as the server makes at a "
     "time",
     "", ""},
    {"INSTALLATION_SUSPENDED",
     "the GitHub App's installation in the account that owns % is suspended",
     "an owner of that account can unsuspend it in the account's settings "
     "under GitHub Apps; if the App's owner suspended it, the App's owner must "
     "unsuspend it",
     kSame},
    {"INVALID_SHA", "GitHub does not accept this sha", "", ""},
    {"IP_NOT_ALLOWED",
     "the organisation's IP allow list does not have the server's address",
     "add the address to the list", kSame},
    {"JWT_REFUSED", "GitHub refuses the App's private key", "", ""},
    {"LEGAL_BLOCK", "GitHub has blocked % for legal reasons", "", kSame},
    {"LOGIN_LOCKED",
     "GitHub has locked the user for a while, after too many failed logins", "",
     ""},
    {"NAME_UNKNOWN",
     "another repository now has this name, and GitHub has not yet given the "
     "new name of this one",
     "", ""},
    {"NOT_ASKED", "GitHub did not answer in time", "", kSame},
    {"NOT_SENT", "the server could not reach GitHub", "", ""},
    {"NO_COMMIT_FOUND",
     "GitHub does not have the commit in this repository: nobody has pushed it "
     "yet, or a force-push removed it",
     "", ""},
    {"NO_CONNECTION",
     "other requests of the server had all its connections to GitHub", "", ""},
    {"NO_CREDENTIAL", "the configuration names no credential for this account",
     "add one and restart the server", ""},
    {"OVERTAKEN", "its pull request has a newer head", "", ""},
    {"PACE", "the status waits for its turn at the configured pace", "",
     "the server did not ask GitHub: too many other requests of the "
     "credential come first"},
    {"PERMISSION_MISSING",
     "the credential may not write commit statuses here (\"Commit statuses: "
     "write\", and for an App the repository must be in its installation)",
     "", "GitHub does not let the credential read %: a permission is missing"},
    {"RATE_LIMITED", "GitHub told the credential to wait (rate limit)", "", ""},
    {"REDIRECT_REFUSED",
     "GitHub redirects requests for % away from its API's address, or too many "
     "times in a row, and the server sends the token no further",
     "check api_url", kSame},
    {"REPOSITORY_ARCHIVED",
     "% is archived and read-only, so GitHub accepts no statuses for it", "",
     kSame},
    {"REPOSITORY_BLOCKED", "GitHub has blocked access to %", "", kSame},
    {"REPOSITORY_GONE", "GitHub says that % is gone", "", kSame},
    {"REPOSITORY_NOT_FOUND",
     "the repository does not exist, or the credential may not write to it: "
     "GitHub answers both cases alike",
     "",
     "GitHub does not show % to the credential: the repository does not exist, "
     "or the App's installation does not include it, or the credential has no "
     "access to it"},
    {"ROW_DAMAGED", "the report was damaged on the server's disk",
     "report it again", ""},
    {"SECONDARY_RATE_LIMITED",
     "GitHub told the credential to wait (secondary rate limit)", "", ""},
    {"SERVER_ERROR", "GitHub answered with a server error (5xx)", "", kSame},
    {"SLOW_REDIRECT",
     "GitHub redirected to the repository's new name, and no time was left to "
     "post there",
     "", ""},
    {"SSO_REQUIRED", "the organisation requires SAML single sign-on",
     "authorise the token for the organisation in the token's settings at "
     "GitHub",
     kSame},
    {"STATE_REFUSED", "GitHub does not accept this state", "", ""},
    {"STATUS_LIMIT_NEAR",
     "the context has over 950 of the 1,000 statuses that GitHub allows on a "
     "commit; the server keeps the rest for results",
     "", ""},
    {"STATUS_LIMIT_REACHED",
     "the context has all 1,000 statuses that GitHub allows on a commit",
     "use another context or a new commit", ""},
    {"TARGET_URL_REFUSED", "GitHub does not accept the target URL", "", ""},
    {"TIMEOUT",
     "GitHub did not answer in time, so the server does not know whether "
     "GitHub accepted the status",
     "", "GitHub did not answer in time"},
    {"UNEXPECTED_ANSWER", "the server did not understand GitHub's answer",
     "search the server's log for the request id of the try", ""},
    {"USER_AGENT_REFUSED", "GitHub refuses Signalbox's User-Agent", "", ""},
    {"VALIDATION_FAILED", "GitHub calls the status invalid", "", ""},
};

const ReasonRow* FindReason(absl::string_view reason) {
  const auto* const found =
      std::ranges::find(kReasons, reason, &ReasonRow::reason);
  return found == std::end(kReasons) ? nullptr : found;
}

std::string Fill(absl::string_view words, absl::string_view repository) {
  return absl::StrReplaceAll(words, {{"%", repository}});
}

}  // namespace

std::string ReasonInWords(absl::string_view reason) {
  const ReasonRow* const row = FindReason(reason);
  if (row == nullptr) return std::string(reason);
  return Fill(
      absl::StrCat(row->meaning, row->help.empty() ? "" : "; ", row->help),
      "the repository");
}

std::string ReasonOfQuestion(absl::string_view reason,
                             absl::string_view repository) {
  const ReasonRow* const row = FindReason(reason);
  if (row == nullptr || row->of_question.empty()) return "";
  std::string words =
      absl::StrCat(row->of_question == kSame ? row->meaning : row->of_question,
                   row->help.empty() ? "" : ": ", row->help, ".");
  words[0] = absl::ascii_toupper(static_cast<unsigned char>(words[0]));
  return Fill(words, repository);
}

}  // namespace signalbox
