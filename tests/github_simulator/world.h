#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WORLD_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// World is what GitHub stores: repositories, commits and statuses. It knows
// nothing of requests; Routes and StatusApi read and change it. Names, contexts
// and the digits of a sha are compared without regard to ASCII case.
//
// Not thread-safe. Pointers that it returns stay valid as long as the World.
class World {
 public:
  using Row = GitHubRules::Row;

  // The rows of one context of a commit.
  struct Context {
    size_t newest = 0;       // Index into Commit::rows.
    int count = 0;           // How many rows it has.
    int reruns_allowed = 0;  // See GitHubRules::AllowRerun.
  };

  struct Commit {
    std::string sha;  // Lower case.
    absl::Time visible_from = absl::InfinitePast();
    std::vector<Row> rows;                    // Oldest first.
    std::map<std::string, Context> contexts;  // By lower-case context.
  };

  struct Repository {
    int64_t id = 0;
    std::string full_name;  // As spelled.
    bool archived = false;
    bool writable = true;                   // See GitHubRules::SetWritable.
    std::map<std::string, Commit> commits;  // By sha.
    // The sha of each branch's head.
    std::map<std::string, std::string, std::less<>> branches;
  };

  // `any_repository`: every valid name has a repository, and every sha a
  // commit.
  explicit World(bool any_repository) : any_repository_(any_repository) {}

  // These two are described at GitHubRules (AddRepository, RenameRepository).
  void AddRepository(absl::string_view full_name, int64_t id);
  bool Rename(absl::string_view full_name, absl::string_view new_full_name);
  // Adds the repository and the commit if necessary.
  Commit* AddCommit(absl::string_view full_name, absl::string_view sha);

  // The repository with this name or old name, or with this id. Null: there is
  // none.
  Repository* FindRepository(absl::string_view full_name);
  Repository* FindRepository(int64_t id);
  // The repositories of an owner, in the order of their ids.
  std::vector<const Repository*> RepositoriesOf(absl::string_view owner) const;
  // OWNER of OWNER/NAME.
  static absl::string_view OwnerOf(absl::string_view full_name);
  // Whether the repository, which was found by this name, has another name now.
  static bool IsOldName(const Repository& repository,
                        absl::string_view full_name);
  // The commit that `ref` names: a full sha or, for reads, a branch as NAME or
  // heads/NAME, or at least the first seven digits of a sha. Null: there is
  // none, or several fit, or it is not visible yet.
  Commit* FindCommit(Repository* repository, absl::string_view ref,
                     absl::Time now);

  // Like the methods above, but they add nothing (see `any_repository`) and
  // find commits that are not visible yet. Null: there is none.
  const Repository* Peek(absl::string_view full_name) const;
  const Repository* Peek(int64_t id) const;
  const Commit* Peek(absl::string_view full_name, absl::string_view sha) const;

  // Adds a status to a commit, and gives it an id.
  const Row& AddRow(const Repository& repository, Commit* commit, Row row);

  // These two are described at GitHubRules.
  std::vector<GitHubRules::Event> EventsAfter(int64_t number,
                                              size_t limit) const;
  std::vector<GitHubRules::CommitName> RecentCommits(size_t limit) const;

 private:
  static Commit* MakeCommit(Repository* repository, absl::string_view sha);

  struct EventRow {
    const Repository* repository;
    const Commit* commit;
    size_t row;
  };

  const bool any_repository_;
  std::map<int64_t, Repository> repositories_;
  std::map<std::string, int64_t> names_;  // Lower case; old names too.
  std::vector<EventRow> events_;
  int64_t next_repository_id_ = 4'600'000'001;
  // Close to GitHub's current ids, so that storing one in 32 bits breaks.
  int64_t next_status_id_ = 48'971'127'823;
};

// The rows of the commit that were made up to `time`, oldest first.
std::vector<const GitHubRules::Row*> RowsAt(
    const World::Commit& commit, absl::Time time = absl::InfiniteFuture());

// Of these rows those that GitHub shows: the newest of each context, oldest
// first.
std::vector<const GitHubRules::Row*> ShownRows(
    const std::vector<const GitHubRules::Row*>& rows);

// GitHub's combined state: "failure" if any of the rows shown is an error or a
// failure, else "pending" if any is pending or there are none, else "success".
std::string CombinedStateOf(const std::vector<const GitHubRules::Row*>& shown);

// The repository as JSON objects show it.
SimulatedRepository Described(const World::Repository& repository);

// Whether `text` is 40 hexadecimal digits.
bool IsFullSha(absl::string_view text);

// Whether `text` is a login, in the characters that GitHub allows.
bool IsLogin(absl::string_view text);

// Whether `text` is OWNER/NAME, in the characters that GitHub allows.
bool IsFullName(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WORLD_H_
