#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "server/github/github_client.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

constexpr char kToken[] = "ghs_fuzz";
constexpr int kMostRequests = 16;

// Answers at once from the input, and checks the requests.
class FuzzTransport : public HttpTransport {
 public:
  FuzzTransport(FuzzInput* in, std::string origin, std::string method)
      : in_(in), origin_(std::move(origin)), method_(std::move(method)) {}

  int requests() const { return requests_; }
  const absl::StatusOr<HttpResponse>& last() const { return last_; }

  void Send(HttpRequest request, Done done) override {
    ++requests_;
    FUZZ_CHECK(requests_ <= kMostRequests, "goes in circles");
    FUZZ_CHECK(absl::StartsWithIgnoreCase(request.url, origin_),
               "the token goes elsewhere: ", request.url);
    // The rest of the URL must not make it another host, or another port.
    absl::string_view rest =
        absl::string_view(request.url).substr(origin_.size());
    if (absl::StartsWith(origin_, "https")) absl::ConsumePrefix(&rest, ":443");
    FUZZ_CHECK(rest.empty() || absl::StrContains("/?", rest[0]),
               "the token goes elsewhere: ", request.url);
    FUZZ_CHECK(
        grammar::IsOneLine(request.url) && !absl::StrContains(request.url, ' '),
        "no URL: ", request.url);
    FUZZ_CHECK(request.method == method_, "another method");
    FUZZ_CHECK(request.bearer.Reveal() == kToken, "another token");
    FUZZ_CHECK(request.timeout > absl::ZeroDuration() &&
                   request.timeout <= kGitHubTimeout,
               "a time of ", absl::FormatDuration(request.timeout));
    if (requests_ == 1) body_ = request.body;
    FUZZ_CHECK(request.body == body_, "a redirect changes the body");
    last_ = AnswerFrom(*in_);
    if (last_.ok() && last_->body.size() > request.max_body) {
      last_->body.resize(request.max_body);
    }
    done(last_);
  }

 private:
  FuzzInput* const in_;
  const std::string origin_;
  const std::string method_;
  int requests_ = 0;
  std::string body_;
  absl::StatusOr<HttpResponse> last_ = absl::UnknownError("");
};

bool IsLine(absl::string_view text) {
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
  }
  return IsUtf8(text);
}

// Checks what holds for every verdict, whatever GitHub said.
void CheckVerdict(const absl::StatusOr<HttpResponse>& answer,
                  const Verdict& verdict, bool is_read) {
  FUZZ_CHECK(grammar::IsReason(verdict.reason), verdict.reason);
  FUZZ_CHECK(verdict.message.size() <= 256 && IsLine(verdict.message),
             verdict.message);
  FUZZ_CHECK(verdict.request_id.size() <= 128 &&
                 grammar::IsPrintableAscii(verdict.request_id) &&
                 !absl::StrContains(verdict.request_id, ' '),
             verdict.request_id);
  FUZZ_CHECK(verdict.status_id >= 0, verdict.status_id);
  FUZZ_CHECK(verdict.github_time < absl::InfiniteFuture(),
             "GitHub's clock shows no time");
  FUZZ_CHECK(verdict.action != Action::kRedirect || !verdict.location.empty(),
             "leads nowhere");
  FUZZ_CHECK(verdict.location.empty() || verdict.http_status / 100 == 3,
             verdict.location);
  FUZZ_CHECK(verdict.action == Action::kWait ||
                 (!verdict.retry_after.has_value() &&
                  !verdict.reset_time.has_value() && !verdict.secondary_limit),
             verdict.reason);
  if (!answer.ok()) {
    FUZZ_CHECK(verdict.http_status == 0, verdict.http_status);
    FUZZ_CHECK(verdict.action == (absl::IsFailedPrecondition(answer.status())
                                      ? Action::kRetry
                                      : Action::kRetryAmbiguous),
               verdict.reason);
    return;
  }
  const int status = answer->status;
  FUZZ_CHECK(verdict.http_status == status, verdict.http_status);
  const bool worked = status / 100 == 2 || (status == 304 && is_read);
  FUZZ_CHECK(verdict.action != Action::kDone || worked, "done by an answer of ",
             status);
  // A status that GitHub has taken is never posted again.
  FUZZ_CHECK(!worked || verdict.action == Action::kDone ||
                 verdict.reason == "UNEXPECTED_ANSWER",
             verdict.reason);
  FUZZ_CHECK(status / 100 != 5 || verdict.action == Action::kRetryAmbiguous,
             verdict.reason);
  FUZZ_CHECK((verdict.action == Action::kReauthenticate) == (status == 401),
             verdict.reason);
  if (verdict.action == Action::kWait) {
    FUZZ_CHECK(status == 403 || status == 429, "a limit by ", status);
    FUZZ_CHECK(verdict.retry_after.value_or(absl::ZeroDuration()) >=
                   absl::ZeroDuration(),
               "a wait backwards");
    FUZZ_CHECK(
        verdict.reset_time.value_or(absl::UnixEpoch()) >= absl::UnixEpoch(),
        "a reset before there were computers");
  } else {
    FUZZ_CHECK(status != 429, "a limit that nobody minds");
  }
}

// The result of a call as a text, after all checks.
std::string Run(absl::string_view input) {
  FuzzInput in(input);
  const int kind = in.UpTo(4);
  const uint8_t flags = in.Byte();
  Token token;
  token.value = Secret(kToken);
  const bool has_port = (flags & 1) != 0;
  const std::string origin =
      has_port ? "http://127.0.0.1:8180" : "https://api.github.com";
  token.api_url = (flags & 2) != 0 ? origin + "/api/v3" : origin;
  const absl::Time now = absl::FromUnixSeconds(1700000000);
  if ((flags & 4) != 0) token.issue_time = now - absl::Seconds(in.Byte());

  FuzzTransport transport(&in, origin, kind == 0 ? "POST" : "GET");
  GitHubClient client(&transport, "signalbox-fuzz");
  int ended = 0;
  GitHubReply reply;
  const GitHubClient::Done done = [&](GitHubReply got) {
    ++ended;
    reply = std::move(got);
  };
  const Repository repository = {"github.com", "acme", "widgets"};
  const std::string sha(40, 'a');
  switch (kind) {
    case 0: {
      StatusPost post = {repository, sha,
                         "ci/build", CommitState::kSuccess,
                         "It works", "https://ci.example.com/1"};
      client.CreateStatus(post, token, now, done);
      break;
    }
    case 1:
      client.ReadStatus(repository, sha, "ci/build", token, now, done);
      break;
    case 2:
      client.GetRepository(17, token, now, done);
      break;
    case 3:
      client.GetRateLimit(token, now, done);
      break;
    default:
      ApiRequest request;
      request.path = "/app/hook/deliveries?per_page=100";
      client.Ask(request, token, now, done);
  }

  FUZZ_CHECK(ended == 1, "a call ended ", ended, " times");
  CheckVerdict(reply.answer, reply.verdict, kind != 0);
  FUZZ_CHECK(reply.verdict.action != Action::kRedirect,
             "a redirect that nobody follows");
  FUZZ_CHECK(transport.requests() <= (kind == 1 ? 13 : 4), transport.requests(),
             " requests");
  FUZZ_CHECK(reply.moved_to >= 0, reply.moved_to);
  const bool worked = reply.verdict.action == Action::kDone;
  FUZZ_CHECK(worked || (!reply.shown.has_value() && reply.next_path.empty()),
             "read out of what did not work");
  FUZZ_CHECK(kind != 2 || worked == !reply.full_name.empty(),
             "a repository without a name");
  FUZZ_CHECK(reply.next_path.empty() || reply.next_path[0] == '/',
             reply.next_path);
  std::string said = absl::StrCat(
      static_cast<int>(reply.verdict.action), " ", reply.verdict.reason, " ",
      reply.verdict.message, " ", reply.verdict.status_id, " ", reply.moved_to,
      " ", reply.full_name, " ", reply.next_path, " ", transport.requests());
  if (reply.shown.has_value()) {
    FUZZ_CHECK(kind == 1, "a status of nothing");
    FUZZ_CHECK(reply.shown->id >= 0, "a status with the number ",
               reply.shown->id);
    FUZZ_CHECK(
        IsUtf8(reply.shown->description) && IsUtf8(reply.shown->target_url),
        "not UTF-8");
    absl::StrAppend(&said, " ", reply.shown->id, reply.shown->description);
  }
  return said;
}

}  // namespace

// Input: which call, flags, and GitHub's answers (see AnswerFrom).
FUZZ_TARGET(github_answer) {
  const std::string said = Run(input);
  FUZZ_CHECK(Run(input) == said,
             "the same answers mean something else: ", said);

  FuzzInput in(input);
  in.Byte();
  in.Byte();
  const absl::StatusOr<HttpResponse> answer = AnswerFrom(in);
  for (const bool is_read : {false, true}) {
    for (const absl::Duration age : {absl::Seconds(1), absl::Hours(1)}) {
      CheckVerdict(answer, Classify(answer, {age, is_read}), is_read);
    }
  }
}

}  // namespace signalbox
