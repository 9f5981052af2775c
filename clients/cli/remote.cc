#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/cli/detection.h"
#include "clients/cli/repository_url.h"

namespace signalbox {
namespace {

// `HOST` of `HOST/OWNER/NAME`; empty: github.com.
absl::string_view HostOf(absl::string_view repository) {
  return std::ranges::count(repository, '/') == 2
             ? repository.substr(0, repository.find('/'))
             : absl::string_view();
}

// False for a short name, such as an alias of ssh.
bool NamesAHost(absl::string_view repository) {
  const absl::string_view host = HostOf(repository);
  return !repository.empty() && (host.empty() || absl::StrContains(host, '.') ||
                                 absl::StrContains(host, ':'));
}

struct Chosen {
  std::string remote;
  std::string repository;  // Empty: that of the remote's URL.
};

// The remote that `gh repo set-default` chose; empty if it chose none.
Chosen ChosenByGh(const Surroundings& surroundings) {
  const absl::StatusOr<std::string> lines = surroundings.git(
      {"config", "--get-regexp", R"(^remote\..*\.gh-resolved$)"});
  if (!lines.ok()) return {};
  for (absl::string_view line : absl::StrSplit(*lines, '\n')) {
    const std::pair<absl::string_view, absl::string_view> entry =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    absl::string_view name = entry.first;
    if (!absl::ConsumePrefix(&name, "remote.") ||
        !absl::ConsumeSuffix(&name, ".gh-resolved")) {
      continue;
    }
    return {std::string(name),
            entry.second == "base" ? "" : std::string(entry.second)};
  }
  return {};
}

}  // namespace

Finding<std::string> FindRemote(const Surroundings& surroundings) {
  Finding<std::string> finding;
  const absl::StatusOr<std::string> remotes = surroundings.git({"remote"});
  if (!remotes.ok()) {
    finding.warnings.emplace_back(remotes.status().message());
    return finding;
  }
  const std::vector<std::string> names =
      absl::StrSplit(*remotes, '\n', absl::SkipEmpty());
  const auto has = [&names](absl::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  Chosen chosen = ChosenByGh(surroundings);
  if (!has(chosen.remote)) chosen = {};
  std::string name = chosen.remote;
  if (name.empty() && has("origin")) name = "origin";
  if (name.empty() && names.size() == 1) name = names.front();
  if (name.empty()) {
    if (!names.empty()) {
      finding.warnings.push_back(absl::StrCat("none of the remotes ",
                                              absl::StrJoin(names, ", "),
                                              " is called origin"));
    }
    return finding;
  }

  const auto resolved = [&](const std::vector<std::string>& command) {
    const absl::StatusOr<std::string> url = surroundings.git(command);
    return url.ok() ? RepositoryFromUrl(*url, surroundings.ssh_host) : "";
  };
  const std::string stored =
      resolved({"config", "--get", absl::StrCat("remote.", name, ".url")});
  finding.value = stored;
  if (!NamesAHost(stored)) {
    const std::string expanded = resolved({"remote", "get-url", name});
    if (!expanded.empty()) finding.value = expanded;
  }
  if (!chosen.repository.empty() && !finding.value.empty()) {
    finding.value = RepositoryOn(HostOf(finding.value), chosen.repository);
  }
  if (finding.value.empty()) {
    // The text is not shown: a URL may have a token in it.
    finding.warnings.push_back(absl::StrCat(
        "remote ", name, " names no repository of the form OWNER/NAME"));
    return finding;
  }
  finding.source = absl::StrCat("remote ", name);
  return finding;
}

}  // namespace signalbox
