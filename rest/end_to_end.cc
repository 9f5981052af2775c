#include "rest/end_to_end.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/address.h"

namespace signalbox {
namespace {

// About one connection, or how long the body is. In lower case, as all names
// here.
constexpr absl::string_view kOfConnection[] = {
    "connection", "content-length",   "expect", "http2-settings",
    "keep-alive", "proxy-connection", "te",     "trailer",
    "upgrade",    "transfer-encoding"};
constexpr absl::string_view kOfRequest[] = {
    "accept-encoding",     "authorization", "cookie",
    "forwarded",           "host",          "via",
    "proxy-authorization", "x-real-ip"};
constexpr absl::string_view kOfAnswer[] = {"alt-svc", "content-type",
                                           "proxy-authenticate", "set-cookie",
                                           "strict-transport-security"};

using Names = absl::flat_hash_set<std::string>;

// The names of headers that end at this connection: always, and because
// Connection names them.
Names ConnectionNames(const HttpHeaders& headers) {
  Names names(std::begin(kOfConnection), std::end(kOfConnection));
  for (const auto& [name, value] : headers) {
    if (!absl::EqualsIgnoreCase(name, "connection")) continue;
    for (const absl::string_view one : absl::StrSplit(value, ',')) {
      names.insert(absl::AsciiStrToLower(absl::StripAsciiWhitespace(one)));
    }
  }
  return names;
}

}  // namespace

HttpHeaders RequestHeadersFor(const HttpHead& head) {
  Names dropped = ConnectionNames(head.headers);
  dropped.insert(std::begin(kOfRequest), std::end(kOfRequest));
  HttpHeaders passed;
  for (const auto& [name, value] : head.headers) {
    if (dropped.contains(name) || absl::StartsWith(name, "x-forwarded-")) {
      continue;
    }
    passed.emplace_back(name, value);
  }
  passed.emplace_back("accept-encoding", "identity");
  return passed;
}

HttpHeaders AnswerHeadersFor(const HttpHeaders& headers,
                             const UrlMover& mover) {
  Names dropped = ConnectionNames(headers);
  dropped.insert(std::begin(kOfAnswer), std::end(kOfAnswer));
  HttpHeaders passed;
  for (const auto& [name, value] : headers) {
    const std::string lower = absl::AsciiStrToLower(name);
    // The door serves no web pages of others.
    if (dropped.contains(lower) || absl::StartsWith(lower, "access-control-")) {
      continue;
    }
    passed.emplace_back(name, lower == "link"       ? mover.Link(value)
                              : lower == "location" ? mover.Location(value)
                                                    : value);
  }
  return passed;
}

absl::string_view HeaderOf(const HttpHeaders& headers, absl::string_view name) {
  const auto found = std::ranges::find_if(headers, [name](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, name);
  });
  return found == headers.end() ? absl::string_view()
                                : absl::string_view(found->second);
}

bool IsJsonType(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(
      content_type.substr(0, content_type.find(';'))));
  return type == "application/json" || absl::EndsWith(type, "+json");
}

std::string GraphqlUrlOf(absl::string_view api_url) {
  if (absl::ConsumeSuffix(&api_url, "/api/v3")) {
    return absl::StrCat(api_url, "/api/graphql");
  }
  return absl::StrCat(api_url, "/graphql");
}

bool IsPrivateUrl(absl::string_view url) {
  if (absl::StartsWith(url, "https://")) return true;
  if (!absl::ConsumePrefix(&url, "http://")) return false;
  const absl::string_view authority = url.substr(0, url.find('/'));
  absl::StatusOr<Address> address = ParseAddress("", authority);
  if (!address.ok()) {
    address = ParseAddress("", absl::StrCat(authority, ":80"));
  }
  return address.ok() && address->IsLoopback();
}

}  // namespace signalbox
