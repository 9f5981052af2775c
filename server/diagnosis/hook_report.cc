#include "server/diagnosis/hook_report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/github/github_answers.h"
#include "server/github/hook_url.h"

namespace signalbox {
namespace {

constexpr size_t kMaxHooks = 20;
constexpr size_t kMaxEvents = 30;
constexpr size_t kMaxWord = 100;
constexpr size_t kMaxUrl = 300;

// GitHub's text on one line: printable ASCII, and `?` for the rest.
std::string Plain(absl::string_view text, size_t limit) {
  std::string plain(text.substr(0, limit));
  for (char& c : plain) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  if (text.size() > limit) absl::StrAppend(&plain, "...");
  return plain;
}

// The URL without parts that may be secret: the user and the query.
std::string UrlText(absl::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme = url.find("://");
  const absl::string_view before =
      scheme == absl::string_view::npos ? "" : url.substr(0, scheme + 3);
  absl::string_view rest = url.substr(before.size());
  const size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != absl::string_view::npos) rest.remove_prefix(at + 1);
  return Plain(absl::StrCat(before, rest), kMaxUrl);
}

bool Sends(const std::vector<std::string>& events, absl::string_view event) {
  return std::ranges::any_of(events, [event](const std::string& one) {
    return one == event || one == "*";
  });
}

std::string EventsText(const std::vector<std::string>& events) {
  if (events.empty()) return "no events";
  std::vector<std::string> names;
  for (const std::string& event : events) {
    if (names.size() == kMaxEvents) {
      names.emplace_back("and more");
      break;
    }
    names.push_back(event == "*" ? "all" : Plain(event, kMaxWord));
  }
  return absl::StrCat("events ", absl::StrJoin(names, " "));
}

bool WasRead(const Finding& finding) {
  return finding.reply.has_value() &&
         finding.reply->verdict.action == Action::kDone;
}

// Whether GitHub answered, but refused the question.
bool WasRefused(const Finding& finding) {
  return finding.reply.has_value() &&
         finding.reply->verdict.action != Action::kDone &&
         !WasTrouble(finding.reply->verdict);
}

class Reporter {
 public:
  explicit Reporter(const Findings& findings) : findings_(findings) {}

  Diagnosis Report() {
    ReportList(findings_.repository_hooks,
               absl::StrCat("of ", findings_.repository.Display()),
               "The server cannot read the repository's webhooks: an App needs "
               "the permission repository_hooks=read; a token needs the scope "
               "admin:repo_hook, and its user must administer the repository.");
    ReportList(
        findings_.organization_hooks,
        absl::StrCat("of the organisation ", findings_.repository.owner),
        "The server cannot read the organisation's webhooks: an App needs the "
        "permission organization_hooks=read; a token needs the scope "
        "admin:org_hook, and its user must own the organisation.");
    if (findings_.app_hook.asked) ReportAppHook();
    if (!found_) ReportNone();
    return std::move(report_);
  }

 private:
  void ReportList(const Finding& finding, const std::string& whose,
                  absl::string_view unreadable) {
    if (!finding.asked) return;
    if (!WasRead(finding)) {
      all_were_read_ = false;
      if (WasRefused(finding)) report_.hook_settings.emplace_back(unreadable);
      return;
    }
    const absl::StatusOr<std::vector<ListedHook>> hooks =
        ReadHooks(finding.reply->answer->body);
    if (!hooks.ok()) {
      all_were_read_ = false;
      report_.hook_settings.push_back(absl::StrCat(
          "The server did not understand GitHub's answer about the webhooks ",
          whose, "."));
      return;
    }
    some_were_read_ = true;
    // The server reads one page only.
    if (!finding.reply->next_path.empty()) all_were_read_ = false;
    for (const ListedHook& hook : *hooks) {
      const SeenHook seen{findings_.repository.host, hook.id};
      const bool is_seen = std::ranges::find(findings_.seen_hooks, seen) !=
                           findings_.seen_hooks.end();
      if (!is_seen && !MayBeOurHookUrl(hook.url, findings_.hook_urls)) continue;
      found_ = true;
      if (++count_ > kMaxHooks) continue;
      ReportHook(hook, absl::StrCat("Webhook ", hook.id, " ", whose));
    }
  }

  void ReportHook(const ListedHook& hook, const std::string& name) {
    const std::string last = LastResponse(hook);
    AddSettings(name, hook,
                absl::StrCat(", ", EventsText(hook.events),
                             hook.active ? ", active" : ", not active"),
                last.empty() ? "" : absl::StrCat(", ", last));
    if (!hook.active) {
      AddProblem("HOOK_NOT_ACTIVE", name,
                 "is not active: GitHub sends nothing through it.");
    }
    AddProblems(hook, name);
    if (!Sends(hook.events, "pull_request")) {
      AddProblem("HOOK_WITHOUT_PULL_REQUEST", name,
                 "does not send the event pull_request, so pull requests get "
                 "no pending status.");
    }
    if (hook.last_response_code.has_value() &&
        (*hook.last_response_code < 200 || *hook.last_response_code > 299)) {
      AddProblem("HOOK_FAILED", name,
                 absl::StrCat("does not reach the shim: ", last, "."));
    }
  }

  void ReportAppHook() {
    if (!WasRead(findings_.app_hook)) {
      all_were_read_ = false;
      if (WasRefused(findings_.app_hook)) {
        report_.hook_settings.push_back(absl::StrCat(
            "GitHub does not show the settings of the App's webhook (",
            Plain(findings_.app_hook.reply->verdict.reason, kMaxWord),
            "); look at them on the App's page."));
      }
      return;
    }
    some_were_read_ = true;
    const absl::StatusOr<ListedHook> hook =
        ReadAppHook(findings_.app_hook.reply->answer->body);
    if (!hook.ok()) {
      report_.hook_settings.emplace_back("The App has no webhook.");
      return;
    }
    const std::string name = "The App's webhook";
    if (!MayBeOurHookUrl(hook->url, findings_.hook_urls)) {
      report_.hook_settings.push_back(
          absl::StrCat(name, ": ", UrlText(hook->url),
                       "; the server does not know this URL. If it leads to "
                       "this server, add it to recovery.hook_urls."));
      return;
    }
    found_ = true;
    std::string sends;
    absl::StatusOr<std::vector<std::string>> events =
        absl::NotFoundError("not known");
    if (WasRead(findings_.app)) {
      events = ReadAppEvents(findings_.app.reply->answer->body);
    }
    if (events.ok()) {
      sends = absl::StrCat(", ", EventsText(*events));
      if (!Sends(*events, "pull_request")) {
        AddProblem("HOOK_WITHOUT_PULL_REQUEST", "The App",
                   "does not subscribe to the event pull_request, so pull "
                   "requests get no pending status.");
      }
    }
    AddSettings(name, *hook, sends, "");
    AddProblems(*hook, name);
  }

  // `sends` and `last` begin with a comma, or are empty.
  void AddSettings(absl::string_view name, const ListedHook& hook,
                   absl::string_view sends, absl::string_view last) {
    report_.hook_settings.push_back(absl::StrCat(
        name, ": ", UrlText(hook.url), ", content type ",
        hook.content_type.empty() ? "form" : Plain(hook.content_type, kMaxWord),
        sends, hook.has_secret ? ", with a secret" : ", without a secret",
        hook.insecure_ssl ? ", certificates not verified" : "", last, "."));
  }

  void AddProblems(const ListedHook& hook, absl::string_view name) {
    if (!hook.has_secret) {
      AddProblem("HOOK_WITHOUT_SECRET", name,
                 "has no secret: anyone could forge its deliveries, so the "
                 "shim refuses them.");
    }
    if (hook.insecure_ssl) {
      AddProblem("HOOK_WITHOUT_TLS_CHECK", name,
                 "does not verify the receiver's certificate (insecure_ssl): "
                 "others on the way can read and change its deliveries.");
    }
  }

  void AddProblem(absl::string_view code, absl::string_view name,
                  absl::string_view what) {
    report_.problems.push_back(
        {std::string(code), absl::StrCat(name, " ", what)});
  }

  // Empty: GitHub has sent nothing yet, or does not say.
  static std::string LastResponse(const ListedHook& hook) {
    if (!hook.last_response_code.has_value()) return "";
    std::string text =
        *hook.last_response_code == 0
            ? std::string("no answer to the last delivery")
            : absl::StrCat("last response ", *hook.last_response_code);
    if (!hook.last_response_message.empty() &&
        hook.last_response_message != "OK") {
      absl::StrAppend(&text, " (", Plain(hook.last_response_message, kMaxWord),
                      ")");
    }
    return text;
  }

  void ReportNone() {
    if (!some_were_read_) return;
    const Repository& repository = findings_.repository;
    const bool nothing_came =
        std::ranges::find(findings_.seen_hooks, repository.host,
                          &SeenHook::host) == findings_.seen_hooks.end();
    if (!all_were_read_ && !nothing_came) {
      report_.hook_settings.emplace_back(
          "None of the webhooks that the server can read leads to it.");
      return;
    }
    std::string host;
    if (repository.host != "github.com") {
      host = absl::StrCat(" --github-host=", repository.host);
    }
    report_.problems.push_back(
        {"NO_HOOK",
         absl::StrCat(
             "No webhook leads to this server, so pull requests get no pending "
             "status. Create a webhook with a secret, the event pull_request "
             "and a URL that ends in /event_handler. To try it on this "
             "machine, run `gh webhook forward",
             host, " --repo=", repository.FullName(),
             " --events=pull_request,push --secret=SECRET "
             "--url=http://127.0.0.1:4567/event_handler`. If a webhook with "
             "another URL leads here, add that URL to recovery.hook_urls.")});
  }

  const Findings& findings_;
  Diagnosis report_;
  bool found_ = false;  // One of this server.
  bool some_were_read_ = false;
  bool all_were_read_ = true;
  size_t count_ = 0;
};

}  // namespace

Diagnosis ReportHooks(const Findings& findings) {
  return Reporter(findings).Report();
}

}  // namespace signalbox
