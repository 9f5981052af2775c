#include "server/config/api_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/address.h"
#include "server/config/config_values.h"

namespace signalbox {
namespace {

// Whether `url` is encrypted or on this machine, so that nobody else reads it.
bool IsPrivate(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "http://")) return true;
  const absl::string_view authority = url.substr(0, url.find('/'));
  absl::StatusOr<Address> address = ParseAddress("", authority);
  if (!address.ok()) {
    address = ParseAddress("", absl::StrCat(authority, ":80"));
  }
  return address.ok() && address->IsLoopback();
}

}  // namespace

std::string DefaultApiUrl(absl::string_view host) {
  if (host == "github.com") return "https://api.github.com";
  if (absl::EndsWith(host, ".ghe.com")) {
    return absl::StrCat("https://api.", host);
  }
  return absl::StrCat("https://", host, "/api/v3");
}

absl::StatusOr<std::string> CleanApiUrl(absl::string_view url,
                                        bool allow_http) {
  absl::string_view rest = url;
  const absl::Status invalid = InvalidValue(
      url, "is not an http(s) URL; wanted one such as https://api.github.com");
  if (!absl::ConsumePrefix(&rest, "https://") &&
      !absl::ConsumePrefix(&rest, "http://")) {
    return invalid;
  }
  absl::ConsumeSuffix(&rest, "/");
  const absl::string_view authority = rest.substr(0, rest.find('/'));
  const absl::string_view path = rest.substr(authority.size());
  if (!ParseAddress("", authority).ok() &&
      !ParseAddress("", absl::StrCat(authority, ":443")).ok()) {
    return invalid;
  }
  const bool plain = std::ranges::all_of(path, [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           absl::StrContains("/-._~%", static_cast<char>(c));
  });
  if (!plain || absl::EndsWith(path, "/") || absl::StrContains(path, "//")) {
    return invalid;
  }
  if (!allow_http && !IsPrivate(url)) {
    return InvalidValue(
        url,
        "would carry the token to another machine unencrypted; wanted "
        "https://, or allow_http to permit it");
  }
  return std::string(absl::StripSuffix(url, "/"));
}

}  // namespace signalbox
