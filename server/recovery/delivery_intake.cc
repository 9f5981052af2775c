#include "server/recovery/delivery_intake.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/report/text.h"

namespace signalbox {
namespace {

absl::StatusOr<Repository> RepositoryOf(
    const std::string& name, const std::vector<std::string>& known_hosts) {
  absl::StatusOr<Repository> repository = ParseRepository(name);
  if (!repository.ok()) return repository.status();
  if (std::find(known_hosts.begin(), known_hosts.end(), repository->host) ==
      known_hosts.end()) {
    return InvalidField(
        "repository", name,
        "is on a host that is not in the server's configuration",
        "UNKNOWN_HOST");
  }
  return repository;
}

// The texts of a code change come from GitHub and are only shown.
CodeChange ChangeOf(const HookChange& hook) {
  CodeChange change;
  change.event = hook.event;
  change.pull_request_number = hook.pull_request_number;
  change.title = KeepDescription(hook.title).text;
  change.author = KeepDescription(hook.author).text;
  change.head_ref = KeepDescription(hook.head_ref).text;
  change.base_ref = KeepDescription(hook.base_ref).text;
  change.draft = hook.draft;
  change.fork = hook.fork;
  change.clone_url = KeepTargetUrl(hook.clone_url).text;
  change.updated_time = hook.updated_time;
  return change;
}

// Turns each kind of call into the submission that its gRPC call would become.
class Reader {
 public:
  Reader(const HookCall& call, Delivery delivery, const RepositoryRules& rules,
         const std::vector<std::string>& known_hosts)
      : call_(call),
        delivery_(std::move(delivery)),
        rules_(rules),
        known_hosts_(known_hosts) {}

  absl::StatusOr<DeliveryIntake> operator()(const HookReport& hook) {
    BuildTarget target;
    const absl::Status found =
        Find(hook.repository, hook.sha, &target.repository, &target.sha);
    if (!found.ok()) return found;
    target.repository_id = hook.repository_id;
    if (hook.change.has_value()) {
      target.change = ChangeOf(*hook.change);
      target.change->base_changed = hook.rerun &&
                                    delivery_.event == "pull_request" &&
                                    call_.action == "edited";
    }
    for (const std::string& context : hook.contexts) {
      const absl::Status fits = hook.observed.has_value()
                                    ? ParseObservedContext(context).status()
                                    : ParseContext(context).status();
      if (!fits.ok()) return fits;
    }
    Submission submission =
        PendingsFor(target, hook.contexts, hook.rerun, rules_);
    submission.with_all_reported =
        hook.contexts.empty() && hook.rerun && delivery_.event == "check_suite";
    Report& report = submission.report;
    report.result = hook.result;
    report.from_webhook = !hook.result.has_value();
    report.description = KeepDescription(hook.description).text;
    report.target_url = KeepTargetUrl(hook.target_url).text;
    if (hook.observed.has_value()) {
      submission.observed =
          Observed{hook.observed->status_id,
                   KeepDescription(hook.observed->creator_login).text};
    }
    submission.delivery = std::move(delivery_);
    return submission;
  }

  absl::StatusOr<DeliveryIntake> operator()(const HookRetest& retest) {
    RerunRequested rerun;
    absl::StatusOr<Repository> repository =
        RepositoryOf(retest.repository, known_hosts_);
    if (!repository.ok()) return repository.status();
    for (const std::string& context : retest.contexts) {
      absl::StatusOr<std::string> parsed = ParseContext(context);
      if (!parsed.ok()) return parsed.status();
      rerun.contexts.push_back(*std::move(parsed));
    }
    rerun.repository = *std::move(repository);
    rerun.pull_request_number = retest.pull_request_number;
    rerun.login = retest.login;
    rerun.author_association = retest.author_association;
    return Told(std::move(rerun));
  }

  absl::StatusOr<DeliveryIntake> operator()(const HookRename& rename) {
    absl::StatusOr<Repository> to =
        RepositoryOf(rename.repository, known_hosts_);
    if (!to.ok()) return to.status();
    absl::StatusOr<Repository> from =
        RepositoryOf(rename.old_repository, known_hosts_);
    if (!from.ok()) return from.status();
    return Told(RepositoryMoved{*std::move(from), *std::move(to),
                                rename.repository_id, rename.update_time});
  }

  absl::StatusOr<DeliveryIntake> operator()(const HookArchive& archive) {
    absl::StatusOr<Repository> repository =
        RepositoryOf(archive.repository, known_hosts_);
    if (!repository.ok()) return repository.status();
    return Told(RepositoryArchived{*std::move(repository),
                                   archive.repository_id, archive.archived});
  }

  absl::StatusOr<DeliveryIntake> operator()(
      const HookInstallation& installation) {
    const absl::StatusOr<Repository> account =
        RepositoryOf(absl::StrCat(installation.account, "/any"), known_hosts_);
    if (!account.ok()) return account.status();
    return Told(InstallationChanged{account->host, account->owner,
                                    installation.installation_id,
                                    installation.app_id, call_.action});
  }

 private:
  absl::Status Find(const std::string& name, const std::string& text,
                    Repository* repository, std::string* sha) {
    absl::StatusOr<Repository> found = RepositoryOf(name, known_hosts_);
    if (!found.ok()) return found.status();
    absl::StatusOr<std::string> parsed = ParseSha(text);
    if (!parsed.ok()) return parsed.status();
    *repository = *std::move(found);
    *sha = *std::move(parsed);
    return absl::OkStatus();
  }

  DeliveryIntake Told(Event event) {
    EventSubmission submission;
    submission.delivery = std::move(delivery_);
    submission.event = std::move(event);
    return submission;
  }

  const HookCall& call_;
  Delivery delivery_;
  const RepositoryRules& rules_;
  const std::vector<std::string>& known_hosts_;
};

}  // namespace

Submission PendingsFor(const BuildTarget& target,
                       std::vector<std::string> contexts, bool rerun,
                       const RepositoryRules& rules) {
  Submission submission;
  submission.change = target.change;
  if (contexts.empty()) {
    contexts =
        rules
            .Expect(target.repository,
                    target.change.has_value() ? &*target.change : nullptr)
            .contexts;
  }
  submission.contexts = std::move(contexts);
  Report& report = submission.report;
  report.repository = target.repository;
  report.repository_id = target.repository_id;
  report.sha = target.sha;
  report.expires_after = rules.ExpiresAfter(target.repository);
  report.rerun = rerun;
  report.from_webhook = true;
  return submission;
}

absl::StatusOr<DeliveryIntake> IntakeOf(
    const HookCall& call, Delivery delivery, const RepositoryRules& rules,
    const std::vector<std::string>& known_hosts) {
  delivery.action = call.action;
  return std::visit(Reader(call, std::move(delivery), rules, known_hosts),
                    call.request);
}

}  // namespace signalbox
