#include "server/github/github_client.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

constexpr int kMaxRedirects = 3;
constexpr size_t kMaxLocation = 4096;
constexpr int kMaxPages = 10;
// A page of 100 statuses, each with its texts and links.
constexpr size_t kMaxReadBody = 1 << 20;

// Percent-encodes everything but RFC 3986's unreserved characters.
std::string EncodeSegment(absl::string_view segment) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~", c)) {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return encoded;
}

std::string PathOf(const Repository& repository) {
  return absl::StrCat("/repos/", EncodeSegment(repository.owner), "/",
                      EncodeSegment(repository.name));
}

std::string StatusBody(const StatusPost& post) {
  nlohmann::ordered_json body;
  body["state"] = std::string(CommitStateName(post.state));
  body["context"] = post.context;
  if (!post.description.empty()) body["description"] = post.description;
  if (!post.target_url.empty()) body["target_url"] = post.target_url;
  return body.dump(-1, ' ', /*ensure_ascii=*/false,
                   nlohmann::json::error_handler_t::replace);
}

// "scheme://host:port" of a URL, in lower case and with the port always there;
// empty if the URL is not plain http(s).
std::string OriginOf(absl::string_view url) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == absl::string_view::npos) return "";
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return "";
  const absl::string_view rest = url.substr(scheme_end + 3);
  const std::string authority =
      absl::AsciiStrToLower(rest.substr(0, rest.find_first_of("/?#")));
  if (authority.empty()) return "";
  for (const char c : authority) {
    // No user names, and nothing that two parsers could read differently.
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        !absl::StrContains("-.:[]", c)) {
      return "";
    }
  }
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  const bool has_port = colon != std::string::npos &&
                        (bracket == std::string::npos || colon > bracket);
  if (has_port) return absl::StrCat(scheme, "://", authority);
  return absl::StrCat(scheme, "://", authority,
                      scheme == "https" ? ":443" : ":80");
}

// Where `location` leads from `url`. Empty if the scheme, host or port differs:
// the token may go nowhere else.
std::string ResolveRedirect(absl::string_view url, absl::string_view location) {
  if (location.empty() || location.size() > kMaxLocation) return "";
  for (const char c : location) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '\\') {
      return "";
    }
  }
  location = location.substr(0, location.find('#'));
  if (absl::StartsWith(location, "/")) {
    if (absl::StartsWith(location, "//")) return "";
    const size_t path = url.find('/', url.find("://") + 3);
    return absl::StrCat(url.substr(0, path), location);
  }
  const std::string origin = OriginOf(url);
  if (origin.empty() || OriginOf(location) != origin) return "";
  return std::string(location);
}

// The number in a redirect to `.../repositories/{id}...`; 0: there is none.
int64_t RepositoryIn(absl::string_view url) {
  constexpr absl::string_view kRoute = "/repositories/";
  const size_t route = url.find(kRoute);
  if (route == absl::string_view::npos) return 0;
  url.remove_prefix(route + kRoute.size());
  int64_t id = 0;
  if (!absl::SimpleAtoi(url.substr(0, url.find_first_of("/?")), &id)) return 0;
  return std::max<int64_t>(id, 0);
}

// The target of `rel="next"` in a Link header; empty: this is the last page.
std::string NextPage(absl::string_view link) {
  for (absl::string_view part : absl::StrSplit(link, ',')) {
    part = absl::StripAsciiWhitespace(part);
    const size_t end = part.find('>');
    if (!absl::StartsWith(part, "<") || end == absl::string_view::npos) {
      continue;
    }
    if (absl::StrContains(part.substr(end), "rel=\"next\"")) {
      return std::string(part.substr(1, end - 1));
    }
  }
  return "";
}

}  // namespace

// One call, across its redirects and pages.
struct GitHubClient::Call {
  // What to read from a successful answer into the reply.
  enum class Reading { kNothing, kStatus, kRepository, kPage };

  HttpTransport* transport;
  std::string api_url;
  HttpRequest request;
  RequestContext context;
  Done done;
  std::function<bool()> may_send_on;
  absl::Duration timeout;
  absl::Duration time_left;  // When the last request was sent.
  absl::Duration send_on_within = kLastRedirect;
  int redirects = 0;
  int64_t moved_to = 0;

  Reading reading = Reading::kNothing;
  std::string status_context;
  int pages = 0;

  // Where the redirect leads. Empty: the call ends with `verdict`.
  std::string Follow(const HttpResponse& redirect, Verdict* verdict);
  // Reads a successful answer into `reply`. Returns the address of the next
  // page to read; empty: the call ends with `reply`.
  std::string Read(const HttpResponse& answer, GitHubReply* reply);
};

std::string GitHubClient::Call::Follow(const HttpResponse& redirect,
                                       Verdict* verdict) {
  std::string next;
  if (redirects < kMaxRedirects) {
    next = ResolveRedirect(request.url, verdict->location);
  }
  if (next.empty()) {
    verdict->action = Action::kAbandon;
    verdict->reason = "REDIRECT_REFUSED";
    return "";
  }
  ++redirects;
  moved_to = RepositoryIn(next);
  const absl::Duration passed = timeout - time_left + redirect.elapsed;
  if (request.method == "POST" && passed > send_on_within) {
    verdict->action = Action::kRetry;
    verdict->reason = "SLOW_REDIRECT";
    return "";
  }
  return next;
}

std::string GitHubClient::Call::Read(const HttpResponse& answer,
                                     GitHubReply* reply) {
  bool understood = true;
  std::string next;
  switch (reading) {
    case Reading::kNothing:
      break;
    case Reading::kStatus:
      understood = ReadShownStatus(answer.body, status_context, &reply->shown);
      if (understood && !reply->shown.has_value() && ++pages < kMaxPages) {
        next = ResolveRedirect(request.url, NextPage(answer.Header("link")));
      }
      break;
    case Reading::kRepository: {
      const absl::StatusOr<RepositoryFacts> facts = ReadRepository(answer.body);
      understood = facts.ok();
      if (!understood) break;
      reply->full_name = facts->full_name;
      reply->repository_id = facts->id;
      reply->update_time = facts->update_time;
      break;
    }
    case Reading::kPage: {
      const std::string page = NextPage(answer.Header("link"));
      absl::string_view path = page;
      if (absl::ConsumePrefix(&path, api_url) && absl::StartsWith(path, "/") &&
          !ResolveRedirect(request.url, page).empty()) {
        reply->next_path = std::string(path);
      }
    }
  }
  if (!understood) {
    reply->verdict.action = Action::kAbandon;
    reply->verdict.reason = "UNEXPECTED_ANSWER";
  }
  return next;
}

void GitHubClient::Send(std::shared_ptr<Call> call) {
  HttpRequest request = call->request;
  request.timeout = call->time_left;
  HttpTransport* const transport = call->transport;
  transport->Send(std::move(request), [call = std::move(call)](
                                          absl::StatusOr<HttpResponse> answer) {
    End(call, std::move(answer));
  });
}

void GitHubClient::End(const std::shared_ptr<Call>& call,
                       absl::StatusOr<HttpResponse> answer) {
  GitHubReply reply;
  reply.verdict = Classify(answer, call->context);
  std::string next;
  if (reply.verdict.action == Action::kRedirect) {
    next = call->Follow(*answer, &reply.verdict);
  } else if (reply.verdict.action == Action::kDone) {
    next = call->Read(*answer, &reply);
  }
  if (!next.empty() && call->may_send_on && !call->may_send_on()) {
    next.clear();
    // The limit's end is known from another request's answer.
    reply.verdict.action = Action::kWait;
    reply.verdict.reason = "RATE_LIMITED";
    reply.verdict.retry_after = absl::ZeroDuration();
  }
  if (!next.empty()) {
    if (call->time_left > answer->elapsed) {
      call->time_left -= answer->elapsed;
      call->request.url = next;
      Send(call);
      return;
    }
    answer = absl::DeadlineExceededError(
        "GitHub's redirects or pages used up the time limit of the request");
    reply.verdict = Classify(answer, call->context);
  }
  reply.moved_to = call->moved_to;
  reply.last_request_after = call->timeout - call->time_left;
  reply.answer = std::move(answer);
  call->done(std::move(reply));
}

std::shared_ptr<GitHubClient::Call> GitHubClient::NewCall(
    std::string method, const std::string& path, const Token& token,
    absl::Time now, Done done) {
  auto call = std::make_shared<Call>();
  call->transport = transport_;
  call->api_url = token.api_url;
  call->context.is_read = method == "GET";
  call->context.token_age = now - token.issue_time;
  call->request.method = std::move(method);
  call->request.url = absl::StrCat(token.api_url, path);
  call->request.headers = {{"User-Agent", user_agent_},
                           {"Accept", "application/vnd.github+json"},
                           {"X-GitHub-Api-Version", "2022-11-28"}};
  call->request.bearer = token.value;
  call->may_send_on = token.may_send_on;
  call->timeout = timeout_;
  call->time_left = timeout_;
  call->done = std::move(done);
  return call;
}

void GitHubClient::CreateStatus(const StatusPost& post, const Token& token,
                                absl::Time now, Done done) {
  auto call = NewCall("POST",
                      absl::StrCat(PathOf(post.repository), "/statuses/",
                                   EncodeSegment(post.sha)),
                      token, now, std::move(done));
  call->context.makes_status = true;
  call->request.headers.emplace_back("Content-Type", "application/json");
  call->request.body = StatusBody(post);
  call->send_on_within = post.send_on_within;
  Send(std::move(call));
}

void GitHubClient::ReadStatus(const Repository& repository,
                              const std::string& sha,
                              const std::string& context, const Token& token,
                              absl::Time now, Done done) {
  auto call = NewCall("GET",
                      absl::StrCat(PathOf(repository), "/commits/",
                                   EncodeSegment(sha), "/status?per_page=100"),
                      token, now, std::move(done));
  call->reading = Call::Reading::kStatus;
  call->status_context = context;
  call->request.max_body = kMaxReadBody;
  Send(std::move(call));
}

void GitHubClient::GetRepository(int64_t id, const Token& token, absl::Time now,
                                 Done done) {
  auto call = NewCall("GET", absl::StrCat("/repositories/", id), token, now,
                      std::move(done));
  call->reading = Call::Reading::kRepository;
  Send(std::move(call));
}

void GitHubClient::GetRepository(const Repository& name, const Token& token,
                                 absl::Time now, Done done) {
  auto call = NewCall("GET", PathOf(name), token, now, std::move(done));
  call->reading = Call::Reading::kRepository;
  Send(std::move(call));
}

void GitHubClient::Ask(const ApiRequest& request, const Token& token,
                       absl::Time now, Done done) {
  auto call =
      NewCall(request.method, request.path, token, now, std::move(done));
  call->reading = Call::Reading::kPage;
  call->request.max_body = request.max_body;
  if (!request.etag.empty()) {
    call->request.headers.emplace_back("If-None-Match", request.etag);
  }
  if (!request.body.empty()) {
    call->request.headers.emplace_back("Content-Type", "application/json");
    call->request.body = request.body;
  }
  Send(std::move(call));
}

void GitHubClient::GetRateLimit(const Token& token, absl::Time now, Done done) {
  Send(NewCall("GET", "/rate_limit", token, now, std::move(done)));
}

}  // namespace signalbox
