#include "clients/cli/repository_url.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/names.h"

namespace signalbox {
namespace {

// Whether ssh accepts this as a host. Its configuration may explain names that
// are no hosts, but ssh refuses these characters.
bool IsSshHost(absl::string_view name) {
  return !name.empty() && name.front() != '-' &&
         std::ranges::none_of(name, [](unsigned char c) {
           return absl::ascii_isspace(c) || absl::ascii_iscntrl(c) ||
                  absl::StrContains("'`\"$\\;&<>|(){}", static_cast<char>(c));
         });
}

}  // namespace

absl::string_view WithoutGit(absl::string_view repository) {
  // Behind `/`, `.git` is the whole name.
  if (absl::EndsWithIgnoreCase(repository, ".git") &&
      !absl::EndsWithIgnoreCase(repository, "/.git")) {
    repository.remove_suffix(4);
  }
  return repository;
}

std::string RepositoryOn(absl::string_view host,
                         absl::string_view owner_and_name) {
  owner_and_name = WithoutGit(owner_and_name);
  const std::vector<absl::string_view> parts =
      absl::StrSplit(owner_and_name, '/');
  if (parts.size() != 2 || !IsOwner(parts[0]) || !IsRepositoryName(parts[1])) {
    return "";
  }
  const std::string name = absl::AsciiStrToLower(host);
  // ssh.github.com is where GitHub answers ssh on port 443.
  if (name.empty() || name == "github.com" || name == "www.github.com" ||
      name == "ssh.github.com") {
    return std::string(owner_and_name);
  }
  if (!IsHost(name)) return "";
  return absl::StrCat(name, "/", owner_and_name);
}

std::string RepositoryFromUrl(absl::string_view url, const SshHost& ssh_host) {
  url = absl::StripAsciiWhitespace(url);
  absl::string_view authority;
  absl::string_view path;
  bool has_web_port = false;
  bool is_ssh = true;
  if (const size_t scheme_end = url.find("://");
      scheme_end != absl::string_view::npos) {
    const std::string scheme = absl::AsciiStrToLower(url.substr(0, scheme_end));
    const bool is_web = scheme == "https" || scheme == "http";
    is_ssh = scheme == "ssh" || scheme == "git+ssh" || scheme == "ssh+git";
    if (!is_web && !is_ssh && scheme != "git") return "";
    const absl::string_view rest = url.substr(scheme_end + 3);
    const size_t slash = rest.find('/');
    if (slash == absl::string_view::npos) return "";
    authority = rest.substr(0, slash);
    path = rest.substr(slash + 1);
    const absl::string_view default_port = scheme == "https" ? ":443" : ":80";
    has_web_port = is_web && !absl::ConsumeSuffix(&authority, default_port);
  } else {
    // Like git: if a slash comes before the first colon, it is a path.
    const size_t colon = url.find(':');
    if (colon == absl::string_view::npos || url.find('/') < colon) return "";
    authority = url.substr(0, colon);
    path = url.substr(colon + 1);
    absl::ConsumePrefix(&path, "/");
  }
  // A password may itself contain `@`.
  if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) {
    authority = authority.substr(at + 1);
  }
  if (!has_web_port) authority = authority.substr(0, authority.find(':'));
  if (authority.empty()) return "";
  absl::ConsumeSuffix(&path, "/");
  const std::string as_written = RepositoryOn(authority, path);
  const std::string at_github = RepositoryOn("", path);
  if (!is_ssh || !ssh_host || at_github.empty() || as_written == at_github ||
      !IsSshHost(authority)) {
    return as_written;
  }
  const std::string host = ssh_host(std::string(authority));
  const std::string resolved = host.empty() ? "" : RepositoryOn(host, path);
  return resolved.empty() ? as_written : resolved;
}

}  // namespace signalbox
