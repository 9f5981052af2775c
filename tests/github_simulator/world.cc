#include "tests/github_simulator/world.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace signalbox {
namespace {

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= 100 && text != "." && text != ".." &&
         !absl::EndsWithIgnoreCase(text, ".git") &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

SimulatedRepository Described(const World::Repository& repository) {
  return {repository.id, repository.full_name, repository.archived};
}

bool IsFullSha(absl::string_view text) {
  return text.size() == 40 && IsHex(text);
}

bool IsLogin(absl::string_view text) {
  return !text.empty() && text.size() <= 39 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

bool IsFullName(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  return parts.size() == 2 && IsLogin(parts[0]) && IsName(parts[1]);
}

void World::AddRepository(absl::string_view full_name, int64_t id) {
  if (id == 0) {
    while (repositories_.contains(next_repository_id_)) ++next_repository_id_;
    id = next_repository_id_++;
  }
  const auto [it, is_new] = repositories_.try_emplace(id);
  if (!is_new) return;
  it->second.id = id;
  it->second.full_name = std::string(full_name);
  names_[absl::AsciiStrToLower(full_name)] = id;
}

bool World::Rename(absl::string_view full_name,
                   absl::string_view new_full_name) {
  Repository* const repository = FindRepository(full_name);
  if (repository == nullptr) return false;
  const auto held = names_.find(absl::AsciiStrToLower(new_full_name));
  if (held != names_.end() && held->second != repository->id &&
      !IsOldName(repositories_.at(held->second), new_full_name)) {
    return false;
  }
  names_[absl::AsciiStrToLower(new_full_name)] = repository->id;
  repository->full_name = std::string(new_full_name);
  return true;
}

World::Commit* World::AddCommit(absl::string_view full_name,
                                absl::string_view sha) {
  if (Peek(full_name) == nullptr) AddRepository(full_name, 0);
  return MakeCommit(FindRepository(full_name), sha);
}

World::Commit* World::MakeCommit(Repository* repository,
                                 absl::string_view sha) {
  const auto it =
      repository->commits.try_emplace(absl::AsciiStrToLower(sha)).first;
  it->second.sha = it->first;
  return &it->second;
}

World::Repository* World::FindRepository(absl::string_view full_name) {
  const std::string lower = absl::AsciiStrToLower(full_name);
  auto it = names_.find(lower);
  if (it == names_.end()) {
    if (!any_repository_ || !IsFullName(full_name)) return nullptr;
    AddRepository(full_name, 0);
    it = names_.find(lower);
  }
  return FindRepository(it->second);
}

World::Repository* World::FindRepository(int64_t id) {
  const auto it = repositories_.find(id);
  return it == repositories_.end() ? nullptr : &it->second;
}

std::vector<const World::Repository*> World::RepositoriesOf(
    absl::string_view owner) const {
  std::vector<const Repository*> found;
  for (const auto& [id, repository] : repositories_) {
    if (absl::EqualsIgnoreCase(OwnerOf(repository.full_name), owner)) {
      found.push_back(&repository);
    }
  }
  return found;
}

absl::string_view World::OwnerOf(absl::string_view full_name) {
  return full_name.substr(0, full_name.find('/'));
}

bool World::IsOldName(const Repository& repository,
                      absl::string_view full_name) {
  return !absl::EqualsIgnoreCase(repository.full_name, full_name);
}

World::Commit* World::FindCommit(Repository* repository, absl::string_view ref,
                                 absl::Time now) {
  constexpr size_t kShortestSha = 7;
  if (!IsFullSha(ref)) {
    const auto branch =
        repository->branches.find(absl::StripPrefix(ref, "heads/"));
    if (branch != repository->branches.end()) ref = branch->second;
  }
  if (ref.size() < kShortestSha || ref.size() > 40 || !IsHex(ref)) {
    return nullptr;
  }
  const std::string prefix = absl::AsciiStrToLower(ref);
  const auto it = repository->commits.lower_bound(prefix);
  const bool is_known =
      it != repository->commits.end() && absl::StartsWith(it->first, prefix);
  if (!is_known) {
    if (!any_repository_ || !IsFullSha(ref)) return nullptr;
    return MakeCommit(repository, ref);
  }
  const auto next = std::next(it);
  if (next != repository->commits.end() &&
      absl::StartsWith(next->first, prefix)) {
    return nullptr;
  }
  return it->second.visible_from <= now ? &it->second : nullptr;
}

const World::Repository* World::Peek(absl::string_view full_name) const {
  const auto it = names_.find(absl::AsciiStrToLower(full_name));
  return it == names_.end() ? nullptr : &repositories_.at(it->second);
}

const World::Repository* World::Peek(int64_t id) const {
  const auto it = repositories_.find(id);
  return it == repositories_.end() ? nullptr : &it->second;
}

const World::Commit* World::Peek(absl::string_view full_name,
                                 absl::string_view sha) const {
  const Repository* const repository = Peek(full_name);
  if (repository == nullptr) return nullptr;
  const auto it = repository->commits.find(absl::AsciiStrToLower(sha));
  return it == repository->commits.end() ? nullptr : &it->second;
}

const World::Row& World::AddRow(const Repository& repository, Commit* commit,
                                Row row) {
  row.id = next_status_id_++;
  Context& context = commit->contexts[absl::AsciiStrToLower(row.context)];
  context.newest = commit->rows.size();
  ++context.count;
  events_.push_back({&repository, commit, commit->rows.size()});
  commit->rows.push_back(std::move(row));
  return commit->rows.back();
}

std::vector<GitHubRules::Event> World::EventsAfter(int64_t number,
                                                   size_t limit) const {
  std::vector<GitHubRules::Event> found;
  for (size_t i = static_cast<size_t>(std::max<int64_t>(number, 0));
       i < events_.size() && found.size() < limit; ++i) {
    const EventRow& event = events_[i];
    found.push_back({static_cast<int64_t>(i) + 1, event.repository->full_name,
                     event.commit->sha, event.commit->rows[event.row]});
  }
  return found;
}

std::vector<GitHubRules::CommitName> World::RecentCommits(size_t limit) const {
  std::vector<GitHubRules::CommitName> found;
  std::set<const Commit*> seen;
  for (auto it = events_.rbegin(); it != events_.rend(); ++it) {
    if (found.size() == limit) break;
    if (!seen.insert(it->commit).second) continue;
    found.push_back({it->repository->full_name, it->commit->sha});
  }
  return found;
}

std::vector<const GitHubRules::Row*> RowsAt(const World::Commit& commit,
                                            absl::Time time) {
  std::vector<const GitHubRules::Row*> rows;
  for (const GitHubRules::Row& row : commit.rows) {
    if (row.created_at <= time) rows.push_back(&row);
  }
  return rows;
}

std::vector<const GitHubRules::Row*> ShownRows(
    const std::vector<const GitHubRules::Row*>& rows) {
  std::map<std::string, const GitHubRules::Row*> newest;
  for (const GitHubRules::Row* row : rows) {
    newest[absl::AsciiStrToLower(row->context)] = row;
  }
  std::vector<const GitHubRules::Row*> shown;
  for (const auto& [context, row] : newest) shown.push_back(row);
  std::sort(shown.begin(), shown.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  return shown;
}

std::string CombinedStateOf(const std::vector<const GitHubRules::Row*>& shown) {
  const auto any_is = [&shown](absl::string_view state) {
    return std::any_of(shown.begin(), shown.end(), [state](const auto* row) {
      return row->state == state;
    });
  };
  if (any_is("error") || any_is("failure")) return "failure";
  if (any_is("pending") || shown.empty()) return "pending";
  return "success";
}

}  // namespace signalbox
