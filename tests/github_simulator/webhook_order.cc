#include "tests/github_simulator/webhook_order.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/hook_objects.h"
#include "tests/github_simulator/members.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/webhook_payload.h"
#include "tests/github_simulator/webhook_sender.h"

namespace signalbox {
namespace {

constexpr absl::string_view kActions[] = {"opened", "synchronize", "reopened",
                                          "ready_for_review", "closed"};

const std::string& NullSha() {
  static const auto& sha = *new std::string(40, '0');
  return sha;
}

// What a head or a branch was before the first push that is told of.
const std::string& EarlierSha() {
  static const auto& sha = *new std::string(40, 'b');
  return sha;
}

// Brings the pull request to where the order wants it; returns its head
// before, empty if it is new.
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
  found->is_open = order.action != "closed";
  found->updated_at = now;
  *pull_request = found;
  return before;
}

}  // namespace

std::string ReadWebhookOrder(absl::string_view body, WebhookOrder* order) {
  Members members(body);
  order->url = members.Text("url");
  order->redeliver = members.Text("redeliver");
  if (!order->redeliver.empty()) return members.complaint();

  order->event = members.Text("event");
  order->action = members.Text("action", "opened");
  order->full_name = members.FullName("repository");
  order->sha = members.Text("sha").empty() ? "" : members.Sha("sha");
  order->number = members.SmallNumber("number", 0);
  order->title = members.Text("title");
  order->branch = members.Text("branch");
  order->is_draft = members.Flag("draft", false);
  order->is_from_fork = members.Flag("fork", false);
  order->visible_after =
      absl::Seconds(members.Number("visible_after_seconds", 0));
  const std::string content_type = members.Text("content_type", "json");
  order->as_form = content_type == "form";

  if (order->number < 0) members.Complain("number", "is negative");
  if (content_type != "json" && content_type != "form") {
    members.Complain("content_type", "is not json or form");
  }
  if (order->event != "pull_request" && order->event != "push" &&
      order->event != "ping") {
    members.Complain("event", "is not pull_request, push or ping");
  }
  if (std::find(std::begin(kActions), std::end(kActions), order->action) ==
      std::end(kActions)) {
    members.Complain("action",
                     "is not opened, synchronize, reopened, ready_for_review "
                     "or closed");
  }
  return members.complaint();
}

WebhookNews CarryOut(const WebhookOrder& order, const std::string& new_sha,
                     const std::string& api_url, absl::Time now,
                     GitHubRules* rules) {
  if (!rules->HasRepository(order.full_name)) {
    rules->AddRepository(order.full_name, 0);
  }
  WebhookNews news;
  news.repository_id = rules->RepositoryId(order.full_name);
  const WebhookScene scene = {
      .repository = {.id = news.repository_id,
                     .full_name = rules->CurrentName(order.full_name)},
      .api_url = api_url,
      .now = now};
  nlohmann::ordered_json payload;
  if (order.event == "ping") {
    const int64_t id = kHookId;
    payload = PingPayload(
        scene,
        HookObject(
            {.hook = {.id = id, .repository = scene.repository.full_name},
             .created_at = now},
            absl::StrCat(api_url, "/repos/", scene.repository.full_name,
                         "/hooks/", id)));
  } else if (order.event == "push") {
    news.sha = order.sha.empty() ? new_sha : order.sha;
    payload = PushPayload(scene, order.branch.empty() ? "main" : order.branch,
                          EarlierSha(), news.sha);
  } else {
    PullRequest* pull_request = nullptr;
    const std::string before = Advance(order, new_sha, news.repository_id, now,
                                       &rules->pull_requests(), &pull_request);
    news.sha = pull_request->head_sha;
    news.number = pull_request->number;
    payload = PullRequestPayload(scene, order.action, *pull_request,
                                 before.empty() ? EarlierSha() : before);
  }
  news.payload = payload.dump();

  const bool is_commit = !news.sha.empty() && news.sha != NullSha();
  if (is_commit && !rules->HasCommit(order.full_name, news.sha)) {
    rules->AddCommit(order.full_name, news.sha, now + order.visible_after);
  }
  return news;
}

}  // namespace signalbox
