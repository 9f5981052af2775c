#include "tests/github_simulator/webhook_order.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tests/github_simulator/app_objects.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/members.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

// Tests may order more than GitHub sends, to see that it does not arrive.
constexpr int kMaxPadding = 30 << 20;
constexpr int kMaxTimes = 100;

struct KnownEvent {
  absl::string_view name;
  // The first is the default; none: the event has no action.
  std::vector<absl::string_view> actions;
};

const std::vector<KnownEvent>& KnownEvents() {
  static const auto& events = *new std::vector<KnownEvent>{
      {"pull_request",
       {"opened", "synchronize", "reopened", "ready_for_review", "closed"}},
      {"push", {}},
      {"ping", {}},
      {"merge_group", {"checks_requested", "destroyed"}},
      {"issue_comment", {"created", "edited", "deleted"}},
      {"status", {}},
      {"repository", {"renamed", "transferred", "archived", "unarchived"}},
      {"installation",
       {"created", "deleted", "suspend", "unsuspend",
        "new_permissions_accepted"}}};
  return events;
}

std::string NullSha() { return std::string(40, '0'); }

// The head or branch before the first push that the receiver hears of.
std::string EarlierSha() { return std::string(40, 'b'); }

// Complains about an unknown event or action, unless `unknown` says that it is
// meant.
void CheckEvent(bool is_unknown, WebhookOrder* order, Members* members) {
  const auto& events = KnownEvents();
  const auto known = std::find_if(
      events.begin(), events.end(),
      [order](const auto& event) { return event.name == order->event; });
  if (is_unknown) {
    members->Require(!order->event.empty(), "event", "is empty");
    return;
  }
  if (known == events.end()) {
    members->Complain(
        "event",
        absl::StrCat("is unknown; wanted one of ",
                     absl::StrJoin(events, ", ",
                                   [](std::string* out, const auto& event) {
                                     absl::StrAppend(out, event.name);
                                   })));
    return;
  }
  const auto& actions = known->actions;
  if (actions.empty()) {
    order->action.clear();
  } else if (order->action.empty()) {
    order->action = std::string(actions.front());
  } else if (std::find(actions.begin(), actions.end(), order->action) ==
             actions.end()) {
    members->Complain("action", absl::StrCat("is unknown; wanted one of ",
                                             absl::StrJoin(actions, ", ")));
  }
}

// Brings the pull request into the ordered state. Returns its head before;
// empty: it is new.
std::string Advance(const WebhookOrder& order, const std::string& new_sha,
                    int64_t repository, absl::Time now,
                    PullRequests* pull_requests, PullRequest** pull_request) {
  PullRequest* found = order.action == "opened"
                           ? nullptr
                           : pull_requests->Find(repository, order.number);
  const bool is_new = found == nullptr;
  if (is_new) {
    found = pull_requests->Put(repository, {.number = order.number,
                                            .is_from_fork = order.is_from_fork,
                                            .created_at = now});
  }
  const std::string before = found->head_sha;
  std::string head = before;
  if (is_new || order.action == "synchronize") head = new_sha;
  if (!order.sha.empty()) head = order.sha;
  pull_requests->SetHead(repository, found, head);
  if (!order.title.empty()) found->title = order.title;
  if (!order.branch.empty()) found->head_branch = order.branch;
  found->is_draft = order.is_draft;
  found->is_fork_gone = order.is_fork_gone;
  found->is_from_fork |= order.is_fork_gone;
  found->is_open = order.action != "closed";
  found->updated_at = now;
  *pull_request = found;
  return before;
}

PushedRef PushedBy(const WebhookOrder& order, const std::string& new_sha) {
  PushedRef pushed;
  pushed.commit = order.sha.empty() ? new_sha : order.sha;
  pushed.after = pushed.commit;
  pushed.before = EarlierSha();
  if (order.tag.empty()) {
    pushed.ref = absl::StrCat("refs/heads/",
                              order.branch.empty() ? "main" : order.branch);
    return pushed;
  }
  pushed.ref = absl::StrCat("refs/tags/", order.tag);
  if (pushed.after != NullSha()) pushed.before = NullSha();
  // The tag object: statuses on its sha find no commit.
  if (order.is_annotated) {
    pushed.after = absl::StrCat("7a6", pushed.commit.substr(3));
  }
  return pushed;
}

// If the object is smaller than `size`, adds a member to pad it.
void Pad(size_t size, std::string* payload) {
  constexpr absl::string_view kBegin = ",\"padding\":\"";
  constexpr absl::string_view kEnd = "\"}";
  const size_t least = payload->size() - 1 + kBegin.size() + kEnd.size();
  if (payload->size() >= size) return;
  payload->pop_back();
  absl::StrAppend(payload, kBegin,
                  std::string(size - std::min(size, least), 'x'), kEnd);
}

// Carries out one order.
class Clerk {
 public:
  Clerk(const WebhookOrder& order, const std::string& new_sha, absl::Time now,
        GitHubRules* rules, WebhookNews* news)
      : order_(order),
        new_sha_(new_sha),
        now_(now),
        rules_(rules),
        news_(news) {}

  std::string CarryOut() {
    std::string complaint;
    Json payload;
    if (!order_.payload.empty()) {
      payload = Json::parse(order_.payload);
      if (!payload.contains("repository")) {
        payload["repository"] = UnknownPayload(Scene(), "")["repository"];
      }
    } else if (order_.event == "push") {
      const PushedRef pushed = PushedBy(order_, new_sha_);
      news_->sha = pushed.commit;
      absl::string_view branch = pushed.ref;
      if (absl::ConsumePrefix(&branch, "refs/heads/")) {
        pushed_branch_ = std::string(branch);
      }
      payload = PushPayload(Scene(), pushed);
    } else if (order_.event == "pull_request") {
      payload = PullRequestNews();
    } else if (order_.event == "merge_group") {
      news_->sha = order_.sha.empty() ? new_sha_ : order_.sha;
      payload = MergeGroupPayload(Scene(), order_.action,
                                  std::max(order_.number, 1), news_->sha);
    } else if (order_.event == "issue_comment") {
      const PullRequest* const found =
          rules_->pull_requests().Find(RepositoryId(), order_.number);
      PullRequest about;
      if (found != nullptr) about = *found;
      about.number = std::max({order_.number, about.number, 1});
      news_->number = about.number;
      payload =
          IssueCommentPayload(Scene(), order_.action, about, order_.comment);
    } else if (order_.event == "status") {
      news_->sha = order_.sha.empty() ? new_sha_ : order_.sha;
      GitHubRules::Row row = order_.row;
      row.created_at = now_;
      payload = StatusPayload(Scene(), news_->sha, row);
    } else if (order_.event == "repository") {
      payload = RepositoryNews(&complaint);
    } else if (order_.event == "installation") {
      payload = InstallationNews(&complaint);
    } else {
      payload = UnknownPayload(Scene(), order_.action);
    }
    if (!complaint.empty()) return complaint;
    news_->payload = payload.dump();
    Pad(order_.payload_bytes, &news_->payload);
    const bool is_commit = !news_->sha.empty() && news_->sha != NullSha();
    if (is_commit && !rules_->HasCommit(order_.full_name, news_->sha)) {
      rules_->AddCommit(order_.full_name, news_->sha,
                        now_ + order_.visible_after);
    }
    if (!pushed_branch_.empty()) {
      rules_->SetBranch(order_.full_name, pushed_branch_,
                        is_commit ? news_->sha : "");
    }
    return "";
  }

 private:
  int64_t RepositoryId() const {
    return rules_->RepositoryId(order_.full_name);
  }

  // The repository as it is now.
  WebhookScene Scene() const {
    const std::string name = rules_->CurrentName(order_.full_name);
    return {.repository = {.id = RepositoryId(),
                           .full_name = name,
                           .archived = rules_->IsArchived(name)},
            .api_url = rules_->options().api_url(),
            .now = now_,
            .organization = std::string(World::OwnerOf(name))};
  }

  Json PullRequestNews() {
    PullRequest* pull_request = nullptr;
    const std::string before = Advance(order_, new_sha_, RepositoryId(), now_,
                                       &rules_->pull_requests(), &pull_request);
    news_->sha = pull_request->head_sha;
    news_->number = pull_request->number;
    return PullRequestPayload(Scene(), order_.action, *pull_request,
                              before.empty() ? EarlierSha() : before);
  }

  Json RepositoryNews(std::string* complaint) {
    const std::string old_name = rules_->CurrentName(order_.full_name);
    const bool is_move =
        order_.action == "renamed" || order_.action == "transferred";
    if (!is_move) {
      rules_->SetArchived(order_.full_name, order_.action == "archived");
    } else if (!rules_->RenameRepository(order_.full_name,
                                         order_.new_full_name)) {
      *complaint = "new_full_name is taken";
      return {};
    }
    return RepositoryPayload(Scene(), order_.action, old_name);
  }

  Json InstallationNews(std::string* complaint) {
    Apps& apps = rules_->apps();
    const std::string owner(World::OwnerOf(order_.full_name));
    const Apps::Installation* found =
        apps.FindInstallation(order_.installation_id);
    for (const int64_t app_id : apps.AppIds()) {
      if (found != nullptr || order_.installation_id != 0) break;
      found = apps.FindInstallationAt(app_id, owner);
    }
    if (found == nullptr) {
      *complaint = "installation_id is not the id of an installation";
      return {};
    }
    Apps::Installation installation = *found;
    if (order_.action == "suspend") installation.suspended = true;
    if (order_.action == "unsuspend") installation.suspended = false;
    const Json payload = InstallationPayload(
        Scene(), order_.action,
        InstallationObject(installation, *apps.FindApp(installation.app_id),
                           Scene().api_url));
    apps.AddInstallation(installation);
    if (order_.action == "deleted") apps.RemoveInstallation(installation.id);
    return payload;
  }

  const WebhookOrder& order_;
  const std::string& new_sha_;
  const absl::Time now_;
  GitHubRules* const rules_;
  WebhookNews* const news_;
  std::string pushed_branch_ = "";
};

}  // namespace

std::string ReadWebhookOrder(absl::string_view body, WebhookOrder* order) {
  Members members(body);
  order->url = members.Text("url");
  order->redeliver = members.Text("redeliver");
  order->release = members.Text("release");
  members.Require(order->release.empty() || order->release == "order" ||
                      order->release == "reverse",
                  "release", "is not order or reverse");
  if (!order->redeliver.empty() || !order->release.empty()) {
    return members.complaint();
  }

  order->event = members.Text("event");
  order->action = members.Text("action");
  order->full_name = members.FullName("repository");
  order->sha = members.Text("sha").empty() ? "" : members.Sha("sha");
  order->number = members.SmallNumber("number", 0);
  order->title = members.Text("title");
  order->branch = members.Text("branch");
  order->tag = members.Text("tag");
  order->is_annotated = members.Flag("annotated", false);
  order->is_draft = members.Flag("draft", false);
  order->is_fork_gone = members.Flag("fork_gone", false);
  order->is_from_fork = members.Flag("fork", order->is_fork_gone);
  order->visible_after =
      absl::Seconds(members.Number("visible_after_seconds", 0));
  order->comment = {
      .body = members.Text("body", "/retest"),
      .login = members.Text("login", "octocat"),
      .author_association = members.Text("author_association", "MEMBER"),
      .is_on_issue = members.Flag("issue", false)};
  order->row = {.id = 48'000'000'017,
                .state = members.Text("state", "success"),
                .description = members.Text("description"),
                .target_url = members.Text("target_url"),
                .context = members.Text("context", "default"),
                .creator = order->comment.login};
  order->new_full_name = members.Text("new_full_name");
  order->installation_id = members.Number("installation_id", 0);
  order->payload = members.Raw("payload");
  order->hook_id = members.Number("hook", 0);
  order->content_type = members.Text("content_type");
  if (!members.Raw("secret").empty()) order->secret = members.Text("secret");
  order->times = members.SmallNumber("times", 1);
  order->is_held = members.Flag("hold", false);
  const int payload_bytes = members.SmallNumber("payload_bytes", 0);
  order->payload_bytes = static_cast<size_t>(std::max(payload_bytes, 0));

  CheckEvent(members.Flag("unknown", false) || !order->payload.empty(), order,
             &members);
  members.Require(order->number >= 0, "number",
                  "is negative; wanted 0 or more");
  members.Require(order->content_type.empty() ||
                      order->content_type == "json" ||
                      order->content_type == "form",
                  "content_type", "is not json or form");
  const bool is_move =
      order->event == "repository" &&
      (order->action == "renamed" || order->action == "transferred");
  members.Require(!is_move || IsFullName(order->new_full_name), "new_full_name",
                  "is not OWNER/NAME");
  members.Require(order->payload.empty() || order->payload.front() == '{',
                  "payload", "is not a JSON object");
  members.Require(order->times >= 1 && order->times <= kMaxTimes, "times",
                  absl::StrCat("is not from 1 to ", kMaxTimes));
  members.Require(payload_bytes >= 0 && payload_bytes <= kMaxPadding,
                  "payload_bytes",
                  absl::StrCat("is not from 0 to ", kMaxPadding, " (30 MiB)"));
  return members.complaint();
}

std::string CarryOut(const WebhookOrder& order, const std::string& new_sha,
                     absl::Time now, GitHubRules* rules, WebhookNews* news) {
  if (!rules->HasRepository(order.full_name)) {
    rules->AddRepository(order.full_name, 0);
  }
  return Clerk(order, new_sha, now, rules, news).CarryOut();
}

}  // namespace signalbox
