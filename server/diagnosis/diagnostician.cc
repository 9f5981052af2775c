#include "server/diagnosis/diagnostician.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/github/github_answers.h"

namespace signalbox {
namespace {

constexpr size_t kMaxAnswer = 256 << 10;

Diagnosis OnlyProblem(std::string credential, absl::string_view code,
                      absl::string_view message) {
  Diagnosis diagnosis;
  diagnosis.credential = std::move(credential);
  diagnosis.problems.push_back({std::string(code), std::string(message)});
  return diagnosis;
}

}  // namespace

void Diagnostician::Diagnose(const Repository& repository, Done done) {
  Findings findings;
  findings.repository = repository;
  findings.credential = credentials_->Find(repository);
  findings.hook_urls = options_.hook_urls;
  Complete(&findings);
  const SteadyTime now = clock_->Steady();
  // During a limit that outlasts the caller's patience, there are no questions.
  const bool can_ask =
      !findings.credential.empty() &&
      gate_->BlockedUntil(findings.credential) < now + options_.time_limit;
  if (!can_ask) return done(Conclude(findings));

  Diagnosis known;
  {
    MutexLock lock(&mu_);
    if (closed_) {
      known = OnlyProblem(findings.credential, "SHUTTING_DOWN",
                          "The server is stopping.");
    } else {
      CasePointer& one = cases_[repository.Canonical()];
      if (one != nullptr && !one->diagnosis.has_value()) {
        one->waiting.push_back(std::move(done));
        return;
      }
      const auto is_open = [](const auto& item) {
        return item.second != nullptr && !item.second->diagnosis.has_value();
      };
      if (one != nullptr && now < one->forget_time) {
        known = *one->diagnosis;
      } else if (static_cast<size_t>(std::ranges::count_if(cases_, is_open)) >=
                 options_.max_at_once) {
        cases_.erase(repository.Canonical());
        known = OnlyProblem(findings.credential, "TOO_MANY_QUESTIONS",
                            "The server is diagnosing too many repositories; "
                            "ask again in a moment.");
      } else {
        one = std::make_shared<Case>();
        one->findings = std::move(findings);
        one->give_up = now + options_.time_limit;
        one->waiting.push_back(std::move(done));
        Ask(one, &Findings::repository_answer, one->findings.credential,
            absl::StrCat("/repos/", repository.FullName()));
        return;
      }
    }
  }
  done(std::move(known));
}

void Diagnostician::Ask(const CasePointer& one, Finding Findings::*finding,
                        const std::string& credential, std::string path) {
  (one->findings.*finding).asked = true;
  ++one->open_questions;
  // Shorter than the time left, so that the caller still gets the reason if
  // GitHub does not answer.
  const absl::Duration patience = (one->give_up - clock_->Steady()) * 0.7;
  questions_->Ask({.credential = credential,
                   .request = {.path = std::move(path), .max_body = kMaxAnswer},
                   .urgent = true,
                   .patience = patience},
                  [this, one, finding](const GitHubReply& reply) {
                    HaveAnswer(one, finding, reply);
                  });
}

void Diagnostician::HaveAnswer(const CasePointer& one,
                               Finding Findings::*finding,
                               const GitHubReply& reply) {
  {
    MutexLock lock(&mu_);
    if (one->diagnosis.has_value()) return;  // Too late.
    --one->open_questions;
    (one->findings.*finding).reply = reply;
    if (finding == &Findings::repository_answer) AskForHooks(one);
    if (one->open_questions > 0) return;
  }
  Finish(one);
}

void Diagnostician::AskForHooks(const CasePointer& one) {
  Findings& findings = one->findings;
  Complete(&findings);
  const GitHubReply& reply = *findings.repository_answer.reply;
  // Other questions would fail, too.
  if (WasTrouble(reply.verdict)) return;
  if (reply.verdict.action == Action::kDone) {
    const absl::StatusOr<RepositoryFacts> facts =
        ReadRepository(reply.answer->body);
    const std::string name = findings.repository.FullName();
    Ask(one, &Findings::repository_hooks, findings.credential,
        absl::StrCat("/repos/", name, "/hooks?per_page=100"));
    if (!facts.ok() || !facts->owner_is_user) {
      Ask(one, &Findings::organization_hooks, findings.credential,
          absl::StrCat("/orgs/", findings.repository.owner,
                       "/hooks?per_page=100"));
    }
  }
  if (!findings.state.app.empty()) {
    Ask(one, &Findings::app_hook, findings.state.app, "/app/hook/config");
    Ask(one, &Findings::app, findings.state.app, "/app");
  }
}

void Diagnostician::Complete(Findings* findings) const {
  const Moment now = clock_->Look();
  findings->now = now.wall;
  for (CredentialState& state : credentials_->States()) {
    if (state.id == findings->credential) findings->state = std::move(state);
  }
  findings->budget = gate_->BudgetOf(findings->credential);
  findings->limited_until =
      now.WallAt(gate_->BlockedUntil(findings->credential));
}

void Diagnostician::Finish(const CasePointer& one) {
  absl::StatusOr<std::vector<SeenHook>> seen = notes_->SeenHooks();
  std::vector<Done> waiting;
  Diagnosis diagnosis;
  {
    MutexLock lock(&mu_);
    if (one->diagnosis.has_value()) return;
    Complete(&one->findings);
    if (seen.ok()) one->findings.seen_hooks = *std::move(seen);
    diagnosis = Conclude(one->findings);
    one->diagnosis = diagnosis;
    one->findings = Findings();
    one->forget_time = clock_->Steady() + options_.reuse_for;
    waiting.swap(one->waiting);
  }
  for (const Done& done : waiting) done(diagnosis);
}

absl::Time Diagnostician::RunOnce() {
  const SteadyTime now = clock_->Steady();
  SteadyTime next = SteadyTime::InfiniteFuture();
  std::vector<CasePointer> late;
  {
    MutexLock lock(&mu_);
    for (auto it = cases_.begin(); it != cases_.end();) {
      const Case& one = *it->second;
      const bool is_over = one.diagnosis.has_value();
      if (is_over && now >= one.forget_time) {
        it = cases_.erase(it);
        continue;
      }
      if (!is_over && now >= one.give_up) {
        late.push_back(it->second);
      } else {
        next = std::min(next, is_over ? one.forget_time : one.give_up);
      }
      ++it;
    }
  }
  for (const CasePointer& one : late) Finish(one);
  return clock_->Now() + (next - now);
}

void Diagnostician::Close() {
  std::vector<std::pair<Done, Diagnosis>> answers;
  {
    MutexLock lock(&mu_);
    closed_ = true;
    for (auto& [name, one] : cases_) {
      if (one->diagnosis.has_value()) continue;
      one->diagnosis = OnlyProblem(one->findings.credential, "SHUTTING_DOWN",
                                   "The server is stopping.");
      for (Done& done : one->waiting) {
        answers.emplace_back(std::move(done), *one->diagnosis);
      }
      one->waiting.clear();
    }
  }
  for (auto& [done, diagnosis] : answers) done(std::move(diagnosis));
}

}  // namespace signalbox
