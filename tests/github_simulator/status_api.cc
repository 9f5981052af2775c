#include "tests/github_simulator/status_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/status_request.h"

namespace signalbox {

using Json = nlohmann::ordered_json;
using Row = GitHubRules::Row;

namespace {

constexpr int kMaxStatusesPerContext = 1000;

}  // namespace

StatusApi::StatusApi(const GitHubRules::Options& options, World* world,
                     Conduct* conduct)
    : options_(options),
      api_url_(options.api_url()),
      world_(world),
      conduct_(conduct) {}

Conduct::Key StatusApi::KeyOf(const World::Repository& repository,
                              absl::string_view sha,
                              absl::string_view context) {
  return {repository.id, absl::AsciiStrToLower(sha),
          absl::AsciiStrToLower(context)};
}

SimulatedResponse StatusApi::Create(const Call& call,
                                    World::Repository& repository,
                                    const std::string& sha,
                                    const std::string& creator) {
  // Without write access, the route does not exist.
  if (!repository.writable) return NotFound();
  if (repository.archived) {
    return Failure(403, "Repository was archived so is read-only.",
                   kCreateStatusDocs);
  }
  NewStatus status;
  if (const auto refusal = ReadStatusRequest(call.request.body, &status)) {
    return Failure(
        refusal->http_status, refusal->message, kCreateStatusDocs,
        refusal->errors.empty() ? Json() : Json::parse(refusal->errors));
  }
  const auto invalid = [](absl::string_view field, absl::string_view message) {
    return Failure(422, "Validation Failed", kCreateStatusDocs,
                   Json::array({StatusFieldError(field, message)}));
  };
  if (!IsFullSha(sha)) {
    return invalid("sha", "sha must be a 40 character SHA1");
  }
  World::Commit* const commit = world_->FindCommit(&repository, sha, call.now);
  if (commit == nullptr) {
    return Failure(422, absl::StrCat("No commit found for SHA: ", sha),
                   kCreateStatusDocs);
  }
  const auto context =
      commit->contexts.find(absl::AsciiStrToLower(status.context));
  if (context != commit->contexts.end() &&
      context->second.count >= kMaxStatusesPerContext) {
    return invalid(
        "", "This SHA and context has reached the maximum number of statuses.");
  }

  Row row = {.state = std::move(status.state),
             .description = std::move(status.description),
             .target_url = std::move(status.target_url),
             .context = std::move(status.context),
             .created_at = call.now,
             .creator = creator};
  if (context != commit->contexts.end() && context->second.count > 0 &&
      !call.is_given_up) {
    conduct_->Judge(KeyOf(repository, sha, row.context),
                    commit->rows[context->second.newest], row,
                    &context->second.reruns_allowed);
  }
  const Json object = StatusObject(
      repository, *commit, world_->AddRow(repository, commit, std::move(row)));
  SimulatedResponse response = JsonAnswer(201, object);
  response.headers.emplace_back("location", object["url"].get<std::string>());
  return response;
}

Json StatusApi::StatusObject(const World::Repository& repository,
                             const World::Commit& commit,
                             const Row& row) const {
  const Json creator = UserObject(UserOfLogin(row.creator), api_url_);
  return {
      {"url", absl::StrCat(api_url_, "/repos/", repository.full_name,
                           "/statuses/", commit.sha)},
      {"avatar_url", creator["avatar_url"]},
      {"id", row.id},
      {"node_id", NodeId("SC", row.id)},
      {"state", row.state},
      {"description", TextOrNull(row.description)},
      {"target_url", TextOrNull(row.target_url)},
      {"context", row.context},
      {"created_at", IsoTime(row.created_at)},
      {"updated_at", IsoTime(row.created_at)},
      {"creator", creator},
  };
}

std::vector<const Row*> StatusApi::Readable(const Call& call,
                                            const World::Commit& commit) const {
  // Without a lag, readers see all rows, even if the clock went back.
  return options_.read_lag <= absl::ZeroDuration()
             ? RowsAt(commit)
             : RowsAt(commit, call.now - options_.read_lag);
}

SimulatedResponse StatusApi::List(const Call& call,
                                  const World::Repository& repository,
                                  const World::Commit& commit) const {
  std::vector<const Row*> rows = Readable(call, commit);
  std::reverse(rows.begin(), rows.end());
  return PageAnswer(
      call.target, rows,
      absl::StrCat(api_url_, "/repositories/", repository.id, "/commits/",
                   commit.sha, "/statuses"),
      [&](const Row& row) { return StatusObject(repository, commit, row); });
}

SimulatedResponse StatusApi::Combined(const Call& call,
                                      const World::Repository& repository,
                                      const World::Commit& commit) const {
  const std::vector<const Row*> shown = ShownRows(Readable(call, commit));
  const std::string commit_url = absl::StrCat(
      api_url_, "/repos/", repository.full_name, "/commits/", commit.sha);
  return PageAnswer(
      call.target, shown,
      absl::StrCat(api_url_, "/repositories/", repository.id, "/commits/",
                   commit.sha, "/status"),
      [&](const Row& row) {
        Json object = StatusObject(repository, commit, row);
        object.erase("creator");
        return object;
      },
      [&](const Json& page) {
        return Json{
            {"state", CombinedStateOf(shown)},
            {"statuses", page},
            {"sha", commit.sha},
            {"total_count", shown.size()},
            {"repository", RepositoryObject(Described(repository), api_url_)},
            {"commit_url", commit_url},
            {"url", commit_url + "/status"}};
      });
}

}  // namespace signalbox
