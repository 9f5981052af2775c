#include "server/github/github_client.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

constexpr int kMaxRedirects = 3;
constexpr size_t kMaxLocation = 4096;

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

// Where `location` leads from `url`; empty unless it is on the same scheme,
// host and port, which are the only place the token may go.
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

// One call, across its redirects.
struct Call {
  HttpTransport* transport;
  HttpRequest request;
  RequestContext context;
  GitHubClient::Done done;
  int redirects = 0;
  absl::Duration elapsed;
};

void SendCall(std::shared_ptr<Call> call);

void EndCall(const std::shared_ptr<Call>& call,
             absl::StatusOr<HttpResponse> answer) {
  Verdict verdict = Classify(answer, call->context);
  if (verdict.action != Action::kRedirect) {
    call->done(std::move(answer), std::move(verdict));
    return;
  }
  const std::string next =
      call->redirects < kMaxRedirects
          ? ResolveRedirect(call->request.url, verdict.location)
          : std::string();
  if (next.empty()) {
    verdict.action = Action::kAbandon;
    verdict.reason = "REDIRECT_REFUSED";
    call->done(std::move(answer), std::move(verdict));
    return;
  }
  ++call->redirects;
  call->elapsed += answer->elapsed;
  if (call->elapsed >= kGitHubTimeout) {
    absl::StatusOr<HttpResponse> late = absl::DeadlineExceededError(
        "redirects took all the time of the request");
    verdict = Classify(late, call->context);
    call->done(std::move(late), std::move(verdict));
    return;
  }
  call->request.url = next;
  SendCall(call);
}

void SendCall(std::shared_ptr<Call> call) {
  HttpRequest request = call->request;
  request.timeout = kGitHubTimeout - call->elapsed;
  HttpTransport* const transport = call->transport;
  transport->Send(std::move(request), [call = std::move(call)](
                                          absl::StatusOr<HttpResponse> answer) {
    EndCall(call, std::move(answer));
  });
}

}  // namespace

GitHubClient::GitHubClient(HttpTransport* transport, std::string user_agent)
    : transport_(transport), user_agent_(std::move(user_agent)) {}

void GitHubClient::CreateStatus(const StatusPost& post, const Token& token,
                                absl::Time now, Done done) {
  auto call = std::make_shared<Call>();
  call->transport = transport_;
  call->request.method = "POST";
  call->request.url = absl::StrCat(token.api_url, "/repos/",
                                   EncodeSegment(post.repository.owner), "/",
                                   EncodeSegment(post.repository.name),
                                   "/statuses/", EncodeSegment(post.sha));
  call->request.headers = {{"User-Agent", user_agent_},
                           {"Accept", "application/vnd.github+json"},
                           {"X-GitHub-Api-Version", "2022-11-28"},
                           {"Content-Type", "application/json"}};
  call->request.bearer = token.value;
  call->request.body = StatusBody(post);
  call->context.token_age = now - token.issue_time;
  call->done = std::move(done);
  SendCall(std::move(call));
}

}  // namespace signalbox
