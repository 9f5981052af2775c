#include "server/github/classify.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/text.h"
#include "common/utf8.h"
#include "nlohmann/json.hpp"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxParsedBody = 64 << 10;
constexpr size_t kMaxErrorsRead = 32;
constexpr size_t kMaxMessage = 256;
constexpr size_t kMaxRequestId = 128;
constexpr size_t kLongestLogin = 100;
constexpr size_t kLongestUserType = 32;

// One of GitHub's answers and what it means.
struct Row {
  int status;
  // A part of GitHub's text, in lower case; "[field]" is the name of a refused
  // field. Empty: any answer with that status.
  absl::string_view text;
  Action action;
  absl::string_view reason;
  // What GitHub refuses. kRepositoryOrYoungToken: GitHub also answers so while
  // not all of its servers know a new token. (A 401 always concerns the
  // credential, whatever the token's age.)
  enum Scope { kPost, kRepository, kRepositoryOrYoungToken };
  Scope scope = kPost;
};

// The first row that fits counts. For each status, limits come first, then
// particular texts, then the row for any text. The order matters most for 403,
// which has a dozen meanings.
//
// Reasons that are not in this table: POSTED and READ (2xx), NOT_MODIFIED
// (304), MOVED (a redirect), SERVER_ERROR (5xx), UNEXPECTED_ANSWER (any other
// answer); and without an answer NOT_SENT, NO_CONNECTION, TIMEOUT and
// CONNECTION_LOST.
constexpr Row kRows[] = {
    {400, "version", Action::kAbandon, "API_VERSION_REFUSED"},
    {400, "", Action::kAbandon, "BAD_REQUEST"},

    // For an App's own token (JWT): its key or clock is wrong, not the entry.
    {401, "json web token", Action::kReauthenticate, "JWT_REFUSED"},
    {401, "claim ('exp')", Action::kReauthenticate, "CLOCK_SKEW"},
    {401, "claim ('iat')", Action::kReauthenticate, "CLOCK_SKEW"},
    {401, "", Action::kReauthenticate, "BAD_CREDENTIALS"},

    {403, "secondary rate", Action::kWait, "SECONDARY_RATE_LIMITED"},
    {403, "abuse", Action::kWait, "SECONDARY_RATE_LIMITED"},
    {403, "rate limit", Action::kWait, "RATE_LIMITED"},
    // GitHub refuses even valid tokens of a user for a while after many 401s.
    {403, "login attempts", Action::kWait, "LOGIN_LOCKED"},
    {403, "installation has been suspended", Action::kStop,
     "INSTALLATION_SUSPENDED"},
    {403, "account was suspended", Action::kStop, "ACCOUNT_SUSPENDED"},
    {403, "account has been suspended", Action::kStop, "ACCOUNT_SUSPENDED"},
    {403, "was archived", Action::kAbandon, "REPOSITORY_ARCHIVED",
     Row::kRepository},
    {403, "access blocked", Action::kAbandon, "REPOSITORY_BLOCKED",
     Row::kRepository},
    {403, "saml", Action::kAbandon, "SSO_REQUIRED", Row::kRepository},
    {403, "ip allow list", Action::kAbandon, "IP_NOT_ALLOWED",
     Row::kRepository},
    {403, "although you appear to have the correct authorization",
     Action::kAbandon, "IP_NOT_ALLOWED", Row::kRepository},
    {403, "authenticate via a github app", Action::kAbandon, "APP_REQUIRED",
     Row::kRepository},
    {403, "user-agent", Action::kAbandon, "USER_AGENT_REFUSED"},
    {403, "user agent", Action::kAbandon, "USER_AGENT_REFUSED"},
    {403, "administrative rules", Action::kAbandon, "USER_AGENT_REFUSED"},
    {403, "", Action::kAbandon, "PERMISSION_MISSING",
     Row::kRepositoryOrYoungToken},

    // GitHub also answers 404 for a private repository, and if a right is
    // missing.
    {404, "", Action::kAbandon, "REPOSITORY_NOT_FOUND",
     Row::kRepositoryOrYoungToken},

    {408, "", Action::kRetryAmbiguous, "TIMEOUT"},

    // Not documented for this request.
    {409, "", Action::kRetryBriefly, "CONFLICT"},

    {410, "version", Action::kAbandon, "API_VERSION_REFUSED", Row::kRepository},
    {410, "", Action::kAbandon, "REPOSITORY_GONE", Row::kRepository},

    // This passes after a push from a fork, but never after a force-push.
    {422, "no commit found for sha", Action::kHold, "NO_COMMIT_FOUND"},
    {422, "maximum number of statuses", Action::kAbandon,
     "STATUS_LIMIT_REACHED"},
    {422, "must be a 40 character sha1", Action::kAbandon, "INVALID_SHA"},
    {422, "[sha]", Action::kAbandon, "INVALID_SHA"},
    {422, "description is too long", Action::kFitDescription,
     "DESCRIPTION_REFUSED"},
    {422, "accept 4-byte unicode", Action::kFitDescription,
     "DESCRIPTION_REFUSED"},
    {422, "[description]", Action::kFitDescription, "DESCRIPTION_REFUSED"},
    {422, "must use http(s) scheme", Action::kDropTargetUrl,
     "TARGET_URL_REFUSED"},
    {422, "[target_url]", Action::kDropTargetUrl, "TARGET_URL_REFUSED"},
    {422, "context is too long", Action::kAbandon, "CONTEXT_REFUSED"},
    {422, "[context]", Action::kAbandon, "CONTEXT_REFUSED"},
    {422, "state is not included in the list", Action::kAbandon,
     "STATE_REFUSED"},
    {422, "[state]", Action::kAbandon, "STATE_REFUSED"},
    {422, "invalid request", Action::kAbandon, "BAD_REQUEST"},
    {422, "", Action::kAbandon, "VALIDATION_FAILED"},

    {429, "secondary rate", Action::kWait, "SECONDARY_RATE_LIMITED"},
    {429, "abuse", Action::kWait, "SECONDARY_RATE_LIMITED"},
    {429, "", Action::kWait, "RATE_LIMITED"},

    {451, "", Action::kAbandon, "LEGAL_BLOCK", Row::kRepository},
};

const std::string* FindString(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return nullptr;
  return found->get_ptr<const std::string*>();
}

// The content of an answer's body, which may be JSON of any shape, HTML or
// empty.
struct Said {
  std::string words;      // For people: message, then the errors' messages.
  std::string searched;   // In lower case: all of it, fields as "[field]".
  std::string moved_url;  // The new address, if the body names one.
  int64_t id = 0;
  StatusCreator creator;
};

void ReadError(const Json& error, Said& said) {
  const std::string* message = error.get_ptr<const std::string*>();
  if (error.is_object()) {
    message = FindString(error, "message");
    for (const char* name : {"field", "code"}) {
      const std::string* text = FindString(error, name);
      if (text != nullptr) absl::StrAppend(&said.searched, " [", *text, "]");
    }
  }
  if (message == nullptr) return;
  absl::StrAppend(&said.words, said.words.empty() ? "" : ": ", *message);
  absl::StrAppend(&said.searched, " ", *message);
}

int64_t PositiveInteger(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    return number <= std::numeric_limits<int64_t>::max()
               ? static_cast<int64_t>(number)
               : 0;
  }
  return 0;
}

// Nobody, if a member is missing or is not what GitHub sends.
StatusCreator ReadCreator(const Json& user) {
  if (!user.is_object()) return {};
  const std::string* login = FindString(user, "login");
  const std::string* type = FindString(user, "type");
  const auto id = user.find("id");
  if (login == nullptr || type == nullptr || id == user.end()) return {};
  const auto fits = [](const std::string& text, size_t longest) {
    return !text.empty() && text.size() <= longest &&
           absl::c_all_of(
               text, [](unsigned char c) { return absl::ascii_isgraph(c); });
  };
  if (!fits(*login, kLongestLogin) || !fits(*type, kLongestUserType)) return {};
  return {*login, PositiveInteger(*id), *type};
}

Said ReadBody(absl::string_view body) {
  Said said;
  const Json json = body.size() > kMaxParsedBody
                        ? Json(Json::value_t::discarded)
                        : Json::parse(body.begin(), body.end(), /*cb=*/nullptr,
                                      /*allow_exceptions=*/false);
  if (json.is_object()) {
    const std::string* message = FindString(json, "message");
    if (message != nullptr) said.words = said.searched = *message;
    const auto errors = json.find("errors");
    if (errors != json.end() && errors->is_array()) {
      size_t read = 0;
      for (const Json& error : *errors) {
        if (read++ == kMaxErrorsRead) break;
        ReadError(error, said);
      }
    } else if (errors != json.end()) {
      ReadError(*errors, said);
    }
    const std::string* url = FindString(json, "url");
    if (url != nullptr) said.moved_url = *url;
    const auto id = json.find("id");
    if (id != json.end()) said.id = PositiveInteger(*id);
    const auto creator = json.find("creator");
    if (creator != json.end()) said.creator = ReadCreator(*creator);
  } else {
    // Proxies and GitHub's front end answer in plain text or HTML. HTML does
    // not fit into one line for people.
    said.searched = std::string(body.substr(0, 4 << 10));
    if (!absl::StrContains(said.searched, '<')) said.words = said.searched;
  }
  absl::AsciiStrToLower(&said.searched);
  return said;
}

// One line of valid UTF-8, at most kMaxMessage bytes of it.
std::string OneLine(absl::string_view text) {
  std::string line =
      KeepDescription(absl::StripAsciiWhitespace(text).substr(0, 4 << 10)).text;
  for (char& c : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  line.resize(CutUtf8(line, kMaxMessage).size());
  return line;
}

std::string RequestId(absl::string_view header) {
  std::string id;
  for (const char c : header.substr(0, kMaxRequestId)) {
    if (absl::ascii_isgraph(static_cast<unsigned char>(c))) id += c;
  }
  return id;
}

// Reads a text of digits only; nothing for any other text. A number that is too
// large becomes the largest.
std::optional<int64_t> ParseSeconds(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || !std::ranges::all_of(text, absl::ascii_isdigit)) {
    return std::nullopt;
  }
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) {
    return std::numeric_limits<int64_t>::max();
  }
  return number;
}

absl::Time ParseDate(absl::string_view date) {
  absl::Time time;
  std::string error;
  // All dates of HTTP are as long as this; Abseil's parser takes others too,
  // such as infinite-future.
  constexpr absl::string_view kExample = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (date.size() != kExample.size() ||
      !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", date, &time, &error)) {
    return absl::InfinitePast();
  }
  return time;
}

void ReadLimit(const HttpResponse& answer, Verdict& verdict) {
  verdict.action = Action::kWait;
  verdict.secondary_limit = verdict.reason == "SECONDARY_RATE_LIMITED";
  const auto retry_after = ParseSeconds(answer.Header("retry-after"));
  if (retry_after.has_value()) {
    verdict.retry_after = absl::Seconds(*retry_after);
  }
  const auto remaining = ParseSeconds(answer.Header("x-ratelimit-remaining"));
  const auto reset = ParseSeconds(answer.Header("x-ratelimit-reset"));
  // If requests remain, the reset belongs to another limit than the one hit.
  if (remaining == 0 && reset.has_value()) {
    verdict.reset_time = absl::UnixEpoch() + absl::Seconds(*reset);
  }
}

// Whether headers show a limit that the text does not mention.
bool HeadersTellOfALimit(const HttpResponse& answer) {
  return !answer.Header("retry-after").empty() ||
         ParseSeconds(answer.Header("x-ratelimit-remaining")) == 0;
}

Verdict WithoutAnswer(const absl::Status& status) {
  Verdict verdict;
  verdict.message = OneLine(status.message());
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
      verdict.action = Action::kRetry;
      verdict.reason = "NOT_SENT";
      break;
    case absl::StatusCode::kResourceExhausted:
      verdict.action = Action::kRetry;
      verdict.reason = std::string(kNoConnection);
      break;
    case absl::StatusCode::kDeadlineExceeded:
      verdict.action = Action::kRetryAmbiguous;
      verdict.reason = "TIMEOUT";
      break;
    default:
      verdict.action = Action::kRetryAmbiguous;
      verdict.reason = "CONNECTION_LOST";
  }
  return verdict;
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

const Row* FindRow(int status, absl::string_view searched) {
  for (const Row& row : kRows) {
    if (row.status == status && absl::StrContains(searched, row.text)) {
      return &row;
    }
  }
  return nullptr;
}

// Completes the verdict by kRows and by the headers that some rows leave open.
// `searched` is GitHub's text, in lower case.
void ReadTable(const HttpResponse& answer, absl::string_view searched,
               const RequestContext& context, Verdict& verdict) {
  const Row* const row = FindRow(answer.status, searched);
  if (row == nullptr) {
    verdict.action = Action::kRetryBriefly;
    verdict.reason = "UNEXPECTED_ANSWER";
    return;
  }
  verdict.action = row->action;
  verdict.reason = std::string(row->reason);
  verdict.of_repository = row->scope != Row::kPost;
  if (row->action == Action::kWait) {
    ReadLimit(answer, verdict);
  } else if (answer.status == 403 && HeadersTellOfALimit(answer)) {
    verdict.reason = "RATE_LIMITED";
    verdict.of_repository = false;
    ReadLimit(answer, verdict);
  } else if (answer.status == 403 && row->text.empty() &&
             !answer.Header("x-github-sso").empty()) {
    verdict.reason = "SSO_REQUIRED";
  } else if (row->scope == Row::kRepositoryOrYoungToken &&
             context.token_age < kYoungToken) {
    verdict.action = Action::kRetryBriefly;
  }
}

}  // namespace

Verdict Classify(const absl::StatusOr<HttpResponse>& answer,
                 const RequestContext& context) {
  if (!answer.ok()) return WithoutAnswer(answer.status());

  const int status = answer->status;
  Said said = ReadBody(answer->body);
  Verdict verdict;
  verdict.http_status = status;
  verdict.request_id = RequestId(answer->Header("x-github-request-id"));
  verdict.github_time = ParseDate(answer->Header("date"));

  if (status >= 200 && status < 300 && status != 201 && context.makes_status) {
    verdict.action = Action::kRetryAmbiguous;
    verdict.reason = "UNEXPECTED_ANSWER";
    verdict.message = OneLine(said.words);
    return verdict;
  }
  if (status >= 200 && status < 300) {
    // The body does not matter. GitHub has acted, and another post would use up
    // one more of the thousand statuses that a context may have.
    verdict.action = Action::kDone;
    verdict.reason = context.is_read ? "READ" : "POSTED";
    verdict.status_id = said.id;
    if (context.makes_status) verdict.creator = std::move(said.creator);
    return verdict;
  }
  verdict.message = OneLine(said.words);
  // GitHub answers only reads with a 304.
  if (status == 304 && context.is_read) {
    verdict.action = Action::kDone;
    verdict.reason = "NOT_MODIFIED";
    return verdict;
  }
  if (status >= 500 && status < 600) {
    verdict.action = Action::kRetryAmbiguous;
    verdict.reason = "SERVER_ERROR";
    return verdict;
  }
  if (IsRedirect(status)) {
    verdict.location = std::string(answer->Header("location"));
    if (verdict.location.empty()) verdict.location = said.moved_url;
    if (!verdict.location.empty()) {
      verdict.action = Action::kRedirect;
      verdict.reason = "MOVED";
      return verdict;
    }
  }

  ReadTable(*answer, said.searched, context, verdict);
  return verdict;
}

}  // namespace signalbox
