#include "rest/listener.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/names.h"
#include "common/request_id.h"
#include "rest/status_request.h"

namespace signalbox {
namespace {

constexpr char kInvalid[] = "INVALID_OPTION";

// Whether links can begin with `url`: a scheme, a host and perhaps a path.
bool IsPublicUrl(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "https://") &&
      !absl::ConsumePrefix(&url, "http://")) {
    return false;
  }
  const size_t slash = url.find('/');
  const absl::string_view path =
      slash == absl::string_view::npos ? "" : url.substr(slash);
  return IsHost(url.substr(0, slash)) &&
         std::ranges::all_of(path, [](unsigned char c) {
           return absl::ascii_isalnum(c) || absl::StrContains("-._~/", c);
         });
}

// Whether such a URL leads to this machine alone.
bool IsLoopbackUrl(absl::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  const absl::string_view host = url.substr(0, url.find_first_of(":/"));
  return Address{std::string(host), 0}.IsLoopback();
}

// All clients may keep a connection: a tool that reports often would otherwise
// spend most of its time on making new ones.
std::vector<AddressRange> AllAddresses() {
  return {*ParseAddressRange("", "0.0.0.0/0"), *ParseAddressRange("", "::/0")};
}

}  // namespace

std::vector<RestOption> OptionsOf(RestSettings& settings) {
  return {{"--rest-listen", &settings.listen,
           "Address for tools that speak GitHub's REST API; port 0 takes a "
           "free one [none]",
           "HOST:PORT"},
          {"--rest-public-url", &settings.public_url,
           "Address at which these tools reach the shim, for links in "
           "answers; needed if --rest-listen is not a loopback address and has "
           "no TLS",
           "URL"},
          {"--rest-host", &settings.host,
           "GitHub host of repositories if a tool's path names none "
           "[github.com]",
           "HOST"}};
}

absl::Status CheckRest(const RestSettings& settings, const Address& webhooks) {
  const bool has_url = !settings.public_url.empty();
  if (settings.listen.empty()) {
    if (!has_url && !settings.forward) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(has_url ? "--rest-public-url" : "--rest-forward",
                     " is given without --rest-listen"));
  }
  const absl::StatusOr<Address> address =
      ParseAddress("--rest-listen", settings.listen);
  if (!address.ok()) return address.status();
  if (address->port != 0 && address->port == webhooks.port) {
    return InvalidField("--rest-listen", settings.listen,
                        "has the port of --listen, which GitHub reaches from "
                        "the internet; wanted another port",
                        kInvalid);
  }
  if (has_url && !IsPublicUrl(settings.public_url)) {
    return InvalidField("--rest-public-url", settings.public_url,
                        "is not a URL such as https://signalbox.example",
                        kInvalid);
  }
  const bool says_https =
      has_url ? absl::StartsWith(settings.public_url, "https://")
              : !settings.tls.cert_file.empty();
  if (!address->IsLoopback() && !says_https) {
    return InvalidField(
        "--rest-listen", settings.listen,
        "is not a loopback address, and its connections are not encrypted; "
        "give --tls-cert-file and --tls-key-file, or put a reverse proxy with "
        "TLS in front and give its https:// address as --rest-public-url",
        kInvalid);
  }
  if (!IsHost(settings.host)) {
    return InvalidField("--rest-host", settings.host,
                        "is not a host such as github.com", kInvalid);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RestListener>> RestListener::Start(
    const RestSettings& settings, v1::StatusService::StubInterface& server) {
  if (settings.listen.empty()) return nullptr;
  const absl::StatusOr<Address> address =
      ParseAddress("--rest-listen", settings.listen);
  if (!address.ok()) return address.status();
  RestDoorOptions options;
  // With another public address, a proxy on this machine calls the door. It may
  // do as nginx does by default: call the loopback address, and add no header
  // that names the client.
  options.listener_is_loopback =
      address->IsLoopback() &&
      (settings.public_url.empty() || IsLoopbackUrl(settings.public_url));
  options.public_url = settings.public_url;
  if (!settings.tls.cert_file.empty()) options.scheme = "https";
  while (absl::EndsWith(options.public_url, "/")) options.public_url.pop_back();
  options.default_host = absl::AsciiStrToLower(settings.host);
  if (settings.forward) options.forwarding.emplace();
  options.clock = [] { return absl::Now(); };
  options.new_request_id = NewRequestId;
  std::unique_ptr<RestListener> listener(
      new RestListener(std::move(options), server));

  HttpServerOptions http_options;
  http_options.listen = *address;
  http_options.tls = settings.tls;
  http_options.kept_clients = AllAddresses();
  // Chunked framing takes up to six bytes for one. Clients with large bodies
  // send large chunks.
  http_options.max_wire_bytes = settings.forward
                                    ? 2 * uint64_t{ForwarderOptions().max_body}
                                    : 6 * uint64_t{kMaxRestBody};
  http_options.own_answer = [door = &listener->door_](int status) {
    return door->AnswerUnseen(status);
  };
  auto http = HttpServer::Start(
      http_options, [door = &listener->door_](const HttpServerRequest& request,
                                              BodyReader read_body) {
        return door->Handle(request, read_body);
      });
  if (!http.ok()) return http.status();
  listener->http_ = *std::move(http);
  std::printf("GitHub's REST API on %s\n",
              Address{address->host, listener->port()}.ToString().c_str());
  std::fflush(stdout);
  return listener;
}

}  // namespace signalbox
