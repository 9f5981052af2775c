#include "tests/simulation/explorer.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/github/github_limits.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"
#include "tests/simulation/held_github.h"
#include "tests/simulation/memory_disk.h"
#include "tests/simulation/memory_snapshot.h"
#include "tests/simulation/note_status.h"
#include "tests/simulation/server_life.h"
#include "tests/simulation/shared_search.h"
#include "tests/simulation/watched_transport.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kRepository[] = "acme/app";
constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";
// A request that was lost has its effect within this time, or never.
constexpr absl::Duration kLatestEffect = absl::Seconds(10);
constexpr int kNotKilled = -1;
constexpr int kTransitionsPerLook = 500;
constexpr uint64_t kSeed = 1;

// A report of a key. The scope says whether their order is fixed.
struct Saying {
  const char* result;  // Empty: a pending.
  int64_t attempt;
  const char* series = "";
  bool newest_text_wins = false;
};
constexpr Saying kSayings[2][3] = {
    {{"", 1}, {"success", 1}, {"", 2}},
    {{"", 0}, {"failure", 0}, {"success", 1}},
};
// For a key of two series, which use the same number.
constexpr Saying kTwoSeries[] = {
    {"", 1, "a"}, {"success", 1, "a"}, {"", 1, "b"}, {"failure", 1, "b"}};

// For a key whose text changes.
constexpr Saying kNewestText[] = {
    {"success", 0}, {"success", 0, "", true}, {"success", 0, "", true}};

absl::Span<const Saying> SayingsOf(const ExplorerScope& scope, int key) {
  if (scope.two_series) return kTwoSeries;
  if (scope.newest_text) return kNewestText;
  return kSayings[key];
}

ExplorerScope Settled(ExplorerScope scope) {
  if (!scope.two_series && !scope.newest_text) return scope;
  scope.keys = 1;
  scope.reports = static_cast<int>(SayingsOf(scope, 0).size());
  scope.any_order = true;
  return scope;
}

GitHubRules::Options Rules() {
  GitHubRules::Options rules;
  rules.any_repository = true;
  rules.rate_limits = false;
  rules.base_url = ServerLife::kApiUrl;
  return rules;
}

// One state, and the steps from it.
class Explorer {
 public:
  // The lock files are in `directory`.
  Explorer(const ExplorerScope& scope, const std::string& directory,
           SharedSearch* search)
      : scope_(Settled(scope)),
        directory_(directory),
        search_(search),
        disk_(
            kSeed, [this] { return clock_.Now(); }, MemoryDisk::Power::kStays),
        rules_(Rules()),
        github_(&rules_, ServerLife::kApiUrl, [this] { return clock_.Now(); }) {
    remaining_.resize(scope_.keys);
    for (auto& sayings : remaining_) {
      for (int i = 0; i < scope_.reports; ++i) sayings.insert(i);
    }
    for (int key = 0; key < scope_.keys; ++key) {
      history_.Add(history::Granted{"farm", kRepository, NameOf(key).context});
    }
    Start();
  }

  // Does everything once and ends this life. Lazily made objects then exist for
  // all later states.
  void Rehearse() {
    RunServer();
    Say(0, 0);
    RunServer();
    if (const auto then = NextTime(); then.has_value()) PassTime(*then);
    while (!github_.held().empty()) Answer(0);
    SimulatedRequest read;
    read.method = "GET";
    read.target =
        absl::StrCat("/repos/", kRepository, "/commits/", kSha, "/status");
    read.headers = {{"Authorization", "Bearer token"}, {"User-Agent", "it"}};
    rules_.Handle(read, clock_.Now());
    Check(/*is_end=*/false);
    Describe();
    EndLife();
  }

  // Explores everything that can follow.
  void Run() {
    RunServer();
    Enter();
    GoOn();
    EndLife();
  }

 private:
  // Something that can happen next.
  struct Choice {
    std::string name;
    std::function<void()> step;
    bool can_be_killed = false;
  };

  // Takes every step that can follow this state. Between two steps it restores
  // this state's memory, but not after the last one: the caller restores an
  // earlier state.
  void GoOn() {
    const std::vector<Choice> choices = Choices();
    SharedSearch::Level level(search_);
    std::optional<MemorySnapshot> here;
    for (const Choice& choice : choices) {
      const bool is_killed_too =
          choice.can_be_killed && crashes_ < scope_.crashes;
      const bool is_last = &choice == &choices.back();
      if (!level.TakesBranch(is_last)) return;
      if (is_last && !is_killed_too) {
        Take(choice, kNotKilled);
        return;
      }
      if (!here.has_value()) here.emplace();
      const int commits =
          here->Undone([&] { return Take(choice, kNotKilled); });
      if (!is_killed_too) continue;
      // Kills the process after each of its commits, before anybody outside can
      // know. A kill before the first one equals a kill before the step.
      for (int commit = 0; commit < commits; ++commit) {
        if (!level.TakesBranch(is_last)) return;
        here->Undone([&] { return Take(choice, commit); });
      }
    }
  }

  std::vector<Choice> Choices() {
    std::vector<Choice> choices;
    for (int key = 0; key < scope_.keys; ++key) {
      for (const int saying : remaining_[key]) {
        choices.push_back({absl::StrCat("report ", saying, " of key ", key),
                           [=, this] { Say(key, saying); }, true});
        if (!scope_.any_order) break;
      }
    }
    if (wants_to_run_) {
      choices.push_back({"server runs", [this] { RunServer(); }, true});
    }
    for (size_t i = 0; i < github_.held().size(); ++i) {
      const std::string which = absl::StrCat(" #", i);
      choices.push_back({"answered" + which, [=, this] { Answer(i); }, true});
      if (refusals_ < scope_.refusals && At(github_.held(), i).is_post) {
        choices.push_back({"refused" + which, [=, this] { Refuse(i); }, true});
      }
      if (losses_ >= scope_.losses) continue;
      // The effect of a lost post comes at once, late or never. Nobody can tell
      // late from never until it is too late.
      choices.push_back({"lost" + which, [=, this] { Lose(i); }});
    }
    for (size_t i = 0; i < github_.late().size(); ++i) {
      choices.push_back(
          {absl::StrCat("late effect comes #", i), [=, this] { ComeLate(i); }});
    }
    if (crashes_ < scope_.crashes) {
      choices.push_back({"killed", [this] { Kill(); }});
    }
    const std::optional<absl::Time> then = NextTime();
    if (then.has_value()) {
      choices.push_back({"time passes", [this, then] { PassTime(*then); }});
    }
    // A state is also an end if only kills and late effects can follow.
    const bool is_end =
        !then.has_value() && !wants_to_run_ && github_.held().empty() &&
        absl::c_all_of(remaining_, [](const auto& one) { return one.empty(); });
    if (is_end) End();
    return choices;
  }

  // Takes a step, checks the new state, and goes on from there. Returns the
  // number of commits in the step.
  int Take(const Choice& choice, int kill_at) {
    path_.push_back(choice.name);
    if (kill_at != kNotKilled) {
      path_.back() += absl::StrCat(", killed after commit ", kill_at);
      disk_.FailAfter(kill_at, MemoryDisk::Fault::kKillAtSync);
    }
    const int64_t before = disk_.syncs();
    choice.step();
    const int commits = static_cast<int>(disk_.syncs() - before);
    disk_.Forget();
    if (disk_.stopped()) Restart();
    search_->CountTransition(static_cast<int>(path_.size()));
    if (scope_.progress && search_->transitions() % kTransitionsPerLook == 0) {
      scope_.progress(search_->states(), search_->transitions());
    }
    Check(/*is_end=*/false);
    if (!search_->IsOver() && Enter()) GoOn();
    return commits;
  }

  // False if somebody was here with at least as many troubles left.
  bool Enter() {
    const std::string state = Describe();
    std::vector<uint64_t> wider;
    for (int crashes = 0; crashes <= crashes_; ++crashes) {
      for (int losses = 0; losses <= losses_; ++losses) {
        for (int refusals = 0; refusals <= refusals_; ++refusals) {
          wider.push_back(
              Hash(absl::StrCat(crashes, " ", losses, " ", refusals, state)));
        }
      }
    }
    const uint64_t own = wider.back();
    wider.pop_back();
    return search_->Enter(own, wider);
  }

  template <typename List>
  static typename List::reference At(List& list, size_t index) {
    return *std::next(list.begin(), index);
  }

  // --- The server's lives.

  void Start() {
    disk_.Restart();
    life_begin_ = clock_.Now();
    history_.Add(history::Started{clock_.Now()});
    transport_ = std::make_unique<WatchedTransport>(
        &github_, [this] { return clock_.Now(); }, &history_,
        ServerLife::kCredential,
        [](absl::string_view name) { return std::string(name); }, &exchange_);
    ServerLife::Options options;
    // Forked processes would share a lock, so each has its own directories. In
    // one process, all lives get the same descriptor number, which fits the
    // memory that a snapshot restores.
    options.data_dir = absl::StrCat(directory_, "/data-", getpid(), "-",
                                    search_->process_number(), "-", lives_);
    options.pace = DefaultPace("https://github.example.com/api/v3");
    options.pending_settle = absl::ZeroDuration();
    options.readers = 1;  // One reads; more would take time and memory.
    auto life = ServerLife::Begin(options, transport_.get(), &clock_);
    if (!life.ok()) {
      return Violate(absl::StrCat("cannot start: ", life.status().message()));
    }
    life_ = *std::move(life);
    wants_to_run_ = true;
  }

  void EndLife() {
    sqlite3_finalize(query_);
    query_ = nullptr;
    sqlite3_close(database_);
    database_ = nullptr;
    disk_.Stop(/*power_cut=*/false);
    if (transport_ != nullptr) transport_->Cut();
    github_.LoseClient();
    ++lives_;
    life_.reset();
    transport_.reset();
  }

  void Kill() {
    disk_.Stop(/*power_cut=*/false);
    Restart();
  }

  void Restart() {
    ++crashes_;
    EndLife();
    history_.Add(history::Crashed{clock_.Now()});
    Start();
    if (life_ != nullptr) RunServer();
  }

  // Until the server waits for an event from outside.
  void RunServer() {
    do {
      wants_to_run_ = life_->RunOnce() == absl::InfinitePast();
      if (disk_.stopped()) return;
      NoteApplied();
    } while (github_.AnswerFree() || wants_to_run_);
  }

  // --- Events.

  void Say(int key, int number) {
    const Saying& saying = SayingsOf(scope_, key)[number];
    history::Called called;
    called.call = ++calls_;
    called.time = clock_.Now();
    called.caller = "farm";
    called.name = NameOf(key);
    called.result = saying.result;
    called.content.state = called.result.empty() ? "pending" : called.result;
    called.content.description = absl::StrCat("report ", key, "-", number);
    called.attempt = saying.attempt;
    called.series = saying.series;
    called.newest_text_wins = saying.newest_text_wins;
    history_.Add(called);

    Submission submission;
    submission.contexts = {called.name.context};
    Report& report = submission.report;
    report.repository = *ParseRepository(kRepository);
    report.sha = *ParseSha(kSha);
    if (called.result == "success") report.result = Result::kSuccess;
    if (called.result == "failure") report.result = Result::kFailure;
    report.attempt = saying.attempt;
    report.series = saying.series;
    report.newest_text_wins = saying.newest_text_wins;
    report.description = called.content.description;
    submission.caller = "farm";
    life_->Submit(std::move(submission),
                  [&, call = called.call](absl::StatusOr<Outcome> outcome) {
                    if (disk_.stopped() || !outcome.ok()) return;
                    // Without an answer, the caller reports again.
                    remaining_[key].erase(number);
                    history_.Add(AnsweredBy(call, clock_.Now(), *outcome));
                  });
    life_->RunIntake();
    wants_to_run_ = true;
  }

  HeldGitHub::Exchange TakeHeld(size_t index) {
    HeldGitHub::Exchange exchange = std::move(At(github_.held(), index));
    github_.held().erase(std::next(github_.held().begin(), index));
    return exchange;
  }

  void Answer(size_t index) {
    const HeldGitHub::Exchange exchange = TakeHeld(index);
    exchange.done(github_.AnswerTo(exchange));
    NoteApplied();
    RunServer();
  }

  void Refuse(size_t index) {
    ++refusals_;
    HttpResponse answer;
    answer.status = 404;
    answer.body = R"({"message":"Not Found"})";
    TakeHeld(index).done(std::move(answer));
    RunServer();
  }

  void Lose(size_t index) {
    ++losses_;
    HeldGitHub::Exchange exchange = TakeHeld(index);
    exchange.done(absl::UnavailableError("reset"));
    exchange.done = nullptr;
    if (exchange.is_post) github_.late().push_back(std::move(exchange));
    RunServer();
  }

  void ComeLate(size_t index) {
    (void)github_.AnswerTo(At(github_.late(), index));
    github_.late().erase(std::next(github_.late().begin(), index));
    NoteApplied();
  }

  // When something happens by itself; nothing: only after another event.
  std::optional<absl::Time> NextTime() {
    if (wants_to_run_ || !github_.held().empty()) return std::nullopt;
    const absl::Time next = life_->next_posting();
    if (next == absl::InfiniteFuture()) return std::nullopt;
    return std::max(next, clock_.Now());
  }

  void PassTime(absl::Time then) {
    clock_.Advance(then - clock_.Now());
    ForgetLate();
    RunServer();
  }

  // Effects that have not come by now never come.
  void ForgetLate() {
    github_.late().remove_if([this](const HeldGitHub::Exchange& exchange) {
      return exchange.sent_at + kLatestEffect < clock_.Now();
    });
  }

  void NoteApplied() {
    for (;;) {
      const auto rows = rules_.EventsAfter(seen_rows_, 10);
      if (rows.empty()) return;
      for (const GitHubRules::Event& event : rows) {
        seen_rows_ = event.number;
        history_.Add(history::Applied{
            0,
            clock_.Now(),
            {kRepository, event.sha, event.row.context},
            {event.row.state, event.row.description, event.row.target_url}});
      }
    }
  }

  // --- What must hold.

  history::StatusName NameOf(int key) const {
    return {kRepository, kSha, absl::StrCat("ci/", key)};
  }

  void End() {
    search_->CountEnd();
    Check(/*is_end=*/true);
  }

  void Check(bool is_end) {
    if (life_ == nullptr) return;
    std::vector<history::Event> events = history_.events();
    if (is_end) events.push_back(history::Calm{clock_.Now()});
    for (int key = 0; key < scope_.keys; ++key) {
      const absl::Status noted =
          NoteStatus(&life_->outbox(), rules_, NameOf(key), &events);
      if (!noted.ok()) return Violate(std::string(noted.message()));
    }
    const auto violations = history::CheckHistory(events).violations;
    if (violations.empty()) return;
    std::string text;
    for (const history::Event& event : events) {
      absl::StrAppend(&text, history::LineOf(event), "\n");
    }
    Violate(absl::StrCat(violations.front().invariant, ": ",
                         violations.front().what, "\n", text));
  }

  void Violate(const std::string& what) {
    std::string text = what + "\n";
    for (const std::string& step : path_) absl::StrAppend(&text, step, "\n");
    search_->Report(text);
  }

  // --- What distinguishes states.

  std::string Describe() {
    std::string text =
        absl::StrCat(" ", wants_to_run_, "|",
                     Offset(std::max(life_begin_ + kGitHubLimits.ambiguous_wait,
                                     clock_.Now())));
    for (const auto& sayings : remaining_) {
      absl::StrAppend(&text, "|");
      for (const int saying : sayings) absl::StrAppend(&text, saying);
    }
    for (const auto* list : {&github_.held(), &github_.late()}) {
      absl::StrAppend(&text, "|");
      std::vector<std::string> all;
      for (const HeldGitHub::Exchange& exchange : *list) {
        all.push_back(
            absl::StrCat(exchange.what, "@", Offset(exchange.sent_at)));
      }
      AppendSorted(&all, &text);
    }
    // Order matters only among rows of one context.
    std::vector<std::string> shown;
    for (const GitHubRules::Row& row : rules_.Rows(kRepository, kSha)) {
      shown.push_back(row.context);
    }
    absl::c_sort(shown);
    shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
    for (const std::string& context : shown) {
      absl::StrAppend(&text, "|", context);
      for (const GitHubRules::Row& row : rules_.Rows(kRepository, kSha)) {
        if (row.context == context) absl::StrAppend(&text, row.description);
      }
    }
    if (life_ != nullptr) {
      const absl::Time next = life_->next_posting();
      absl::StrAppend(&text, "|",
                      next == absl::InfiniteFuture() ? "never" : Offset(next));
    }
    DescribeEntries(&text);
    return text;
  }

  static uint64_t Hash(const std::string& text) {
    uint64_t hash = 14695981039346656037u;  // FNV-1a.
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    return hash;
  }

  // Their order does not matter, since any of them can come next.
  static void AppendSorted(std::vector<std::string>* all, std::string* text) {
    absl::c_sort(*all);
    for (const std::string& one : *all) absl::StrAppend(text, one, ";");
  }

  std::string Offset(absl::Time time) {
    return time < clock_.Now() - absl::Minutes(1)
               ? "long ago"
               : absl::FormatDuration(time - clock_.Now());
  }

  // Every column on which a decision depends. The order in which entries are
  // due matters, but not for how long.
  void DescribeEntries(std::string* text) {
    if (database_ == nullptr) {
      sqlite3_open_v2("signalbox.db", &database_, SQLITE_OPEN_READONLY,
                      nullptr);
      sqlite3_prepare_v2(
          database_,
          "SELECT context, version, phase, attempt, series, run_state, "
          "run_result, (SELECT GROUP_CONCAT(series || ' ' || attempt || ' ' || "
          "state || ' ' || IFNULL(result, '-')) FROM run "
          "WHERE run.entry_id = entry.entry_id), result, "
          "description, posting_state, posting_reason, "
          "IIF(due_time_us IS NULL, 0, try_count), refusal_count, is_pending, "
          "MAX(due_time_us - ?1, -1), lease_version, "
          "IIF(lease_version, lease_begin_time_us - ?1, 0), "
          "MAX(ambiguous_time_us - ?1, -20000000), posted_version, "
          "shown_state, shown_description, "
          "IIF(due_time_us IS NULL, 0, "
          "RANK() OVER (ORDER BY due_time_us NULLS LAST)), "
          "(SELECT reason || ' ' || step || ' ' || (next_time_us - ?1) || ' ' "
          "|| MAX(refuse_time_us - ?1, -20000000) || ' ' || "
          "(probe_entry_id = entry.entry_id) || ' ' || (due_time_us - ?1) "
          "FROM parking) "
          "FROM entry ORDER BY context",
          -1, &query_, nullptr);
    }
    sqlite3_bind_int64(query_, 1, absl::ToUnixMicros(clock_.Now()));
    while (sqlite3_step(query_) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(query_); ++i) {
        const unsigned char* const value = sqlite3_column_text(query_, i);
        absl::StrAppend(
            text, ",",
            value == nullptr ? "-" : reinterpret_cast<const char*>(value));
      }
    }
    sqlite3_reset(query_);
  }

  const ExplorerScope scope_;
  const std::string directory_;
  SharedSearch* const search_;
  FakeClock clock_;
  MemoryDisk disk_;
  GitHubRules rules_;
  HeldGitHub github_;
  history::History history_;
  std::unique_ptr<WatchedTransport> transport_;
  std::unique_ptr<ServerLife> life_;

  sqlite3* database_ = nullptr;  // For reading what the server has stored.
  sqlite3_stmt* query_ = nullptr;
  std::vector<std::set<int>> remaining_;
  std::vector<std::string> path_;
  bool wants_to_run_ = false;
  absl::Time life_begin_;
  int crashes_ = 0;
  int losses_ = 0;
  int refusals_ = 0;
  int64_t lives_ = 0;
  int64_t exchange_ = 0;
  int64_t calls_ = 0;
  int64_t seen_rows_ = 0;
};

}  // namespace

ExplorerResult Explore(const ExplorerScope& scope) {
  SharedSearch search(scope.jobs, scope.most_states);
  const TempDir directory;
  search.Run([&] {
    // No preallocated pages: snapshots would copy unused ones.
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
    std::make_unique<Explorer>(scope, directory.path(), &search)->Rehearse();
    // On the heap, which snapshots restore.
    std::make_unique<Explorer>(scope, directory.path(), &search)->Run();
  });
  ExplorerResult result;
  result.states = search.states();
  result.transitions = search.transitions();
  result.ends = search.ends();
  result.longest_path = search.longest_path();
  result.violation = search.violation();
  result.is_complete = !search.is_full() && result.violation.empty();
  return result;
}

}  // namespace signalbox
