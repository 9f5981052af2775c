#include "shim/webhook/event.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "shim/webhook/json_fields.h"

namespace signalbox {
namespace {

using Names = std::vector<absl::string_view>;

constexpr size_t kMaxTitle = 1024;
constexpr size_t kMaxText = 1024;

// Every member that is read below or that tells one event from another.
constexpr absl::string_view kWanted[] = {
    "action",
    "comment",
    "deleted",
    "head_commit",
    "head_commit.id",
    "number",
    "pull_request",
    "pull_request.base.ref",
    "pull_request.base.repo.id",
    "pull_request.draft",
    "pull_request.head.ref",
    "pull_request.head.repo",
    "pull_request.head.repo.clone_url",
    "pull_request.head.repo.id",
    "pull_request.head.sha",
    "pull_request.title",
    "pull_request.updated_at",
    "pull_request.user",
    "pull_request.user.login",
    "ref",
    "repository",
    "repository.clone_url",
    "repository.full_name",
    "repository.html_url",
    "repository.id",
    "review",
    "sender",
    "sender.login",
    "thread",
    "zen",
};

bool IsHost(absl::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == ':';
         });
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= 100 && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

// Takes wanted members one by one and remembers the first that was missing or
// not of its type; what it returns after that means nothing.
class MemberReader {
 public:
  explicit MemberReader(const JsonFields& fields) : fields_(fields) {}

  // Empty if every member so far was what it should be.
  const std::string& problem() const { return problem_; }

  void Refuse(absl::string_view path, absl::string_view problem) {
    if (problem_.empty()) problem_ = absl::StrCat(path, " ", problem);
  }

  std::string Text(absl::string_view path) {
    std::string text = Get<std::string>(path);
    if (text.size() > kMaxText) Refuse(path, "is too long");
    return text;
  }

  // A text for people, which may be cut.
  std::string Title(absl::string_view path) {
    std::string text = Get<std::string>(path);
    if (text.size() <= kMaxTitle) return text;
    size_t end = kMaxTitle;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
      --end;
    }
    text.resize(end);
    return text;
  }

  bool Bool(absl::string_view path) { return Get<bool>(path); }

  // A number that GitHub gave to something: never 0.
  int64_t Id(absl::string_view path) {
    const int64_t id = Get<int64_t>(path);
    if (id <= 0) Refuse(path, "is not a positive number");
    return id;
  }

  bool Has(absl::string_view path) const {
    return fields_.Find(path) != nullptr;
  }

  // Whether a member that must be there is an object, and not null.
  bool IsObject(absl::string_view path) {
    const JsonValue* const value = fields_.Find(path);
    if (value != nullptr && std::holds_alternative<JsonNull>(*value)) {
      return false;
    }
    Get<JsonObject>(path);
    return true;
  }

  // `login` of an account, which is null once the account is gone.
  std::string Login(absl::string_view account) {
    return IsObject(account) ? Text(absl::StrCat(account, ".login")) : "";
  }

  std::string Sha(absl::string_view path) {
    const std::string sha = Text(path);
    if ((sha.size() != 40 && sha.size() != 64) ||
        !std::all_of(sha.begin(), sha.end(), absl::ascii_isxdigit) ||
        sha.find_first_not_of('0') == std::string::npos) {
      Refuse(path, "is not a commit id");
    }
    return absl::AsciiStrToLower(sha);
  }

  absl::Time Time(absl::string_view path) {
    const std::string text = Text(path);
    absl::Time time;
    // absl also takes leading space and words such as infinite-future.
    if (text.size() < 5 || text[4] != '-' || !absl::ascii_isdigit(text[0]) ||
        !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
      Refuse(path, "is not a time");
      return absl::InfinitePast();
    }
    return time;
  }

  // `[HOST/]OWNER/NAME` of `repository`. Its page tells the host, and must be
  // the page of the repository that it is named as.
  std::string Repository() {
    const std::string full_name = Text("repository.full_name");
    const absl::string_view name = full_name;
    const size_t slash = name.find('/');
    if (slash == absl::string_view::npos || !IsName(name.substr(0, slash)) ||
        !IsName(name.substr(slash + 1))) {
      Refuse("repository.full_name", "is not OWNER/NAME");
    }
    const std::string html_url = Text("repository.html_url");
    absl::string_view page = html_url;
    if (!absl::ConsumePrefix(&page, "https://") &&
        !absl::ConsumePrefix(&page, "http://")) {
      Refuse("repository.html_url", "is not a web address");
    }
    const size_t path = page.find('/');
    if (path == absl::string_view::npos || !IsHost(page.substr(0, path)) ||
        !absl::EqualsIgnoreCase(page.substr(path + 1), full_name)) {
      Refuse("repository.html_url", "is not the page of the repository");
    }
    const std::string host = absl::AsciiStrToLower(page.substr(0, path));
    return host == "github.com" ? full_name
                                : absl::StrCat(host, "/", full_name);
  }

 private:
  template <typename T>
  T Get(absl::string_view path) {
    const JsonValue* const value = fields_.Find(path);
    if (value == nullptr) {
      Refuse(path, "is missing");
      return T();
    }
    const T* const typed = std::get_if<T>(value);
    if (typed == nullptr) {
      Refuse(path, "is not of its type");
      return T();
    }
    return *typed;
  }

  const JsonFields& fields_;
  std::string problem_;
};

HookResult ReadPullRequest(MemberReader& read) {
  HookCall call;
  call.repository = read.Repository();
  call.repository_id = read.Id("repository.id");
  call.sha = read.Sha("pull_request.head.sha");
  call.change.event = "pull_request";
  call.change.pull_request_number = read.Id("number");
  call.change.title = read.Title("pull_request.title");
  call.change.author = read.Login("pull_request.user");
  call.change.head_ref = read.Text("pull_request.head.ref");
  call.change.base_ref = read.Text("pull_request.base.ref");
  call.change.draft = read.Bool("pull_request.draft");
  call.change.updated_time = read.Time("pull_request.updated_at");
  const int64_t base_id = read.Id("pull_request.base.repo.id");
  call.change.fork = true;
  if (read.IsObject("pull_request.head.repo")) {
    call.change.fork = read.Id("pull_request.head.repo.id") != base_id;
    call.change.clone_url = read.Text("pull_request.head.repo.clone_url");
  }
  return call;
}

HookResult ReadPush(MemberReader& read) {
  HookCall call;
  call.repository = read.Repository();
  call.repository_id = read.Id("repository.id");
  call.change.event = "push";
  call.change.base_ref = read.Text("ref");
  call.change.clone_url = read.Text("repository.clone_url");
  const bool deleted = read.Bool("deleted");
  if (!read.IsObject("head_commit") || deleted) {
    return HookIgnored{"", "the ref shows no commit"};
  }
  call.sha = read.Sha("head_commit.id");
  // The queue tells of its commits by merge_group.
  if (absl::StartsWith(call.change.base_ref, "refs/heads/gh-readonly-queue/")) {
    return HookIgnored{"", "a merge queue's branch"};
  }
  if (!absl::StartsWith(call.change.base_ref, "refs/heads/") &&
      !absl::StartsWith(call.change.base_ref, "refs/tags/")) {
    return HookIgnored{"", "neither a branch nor a tag"};
  }
  if (read.Has("sender")) call.change.author = read.Login("sender");
  return call;
}

HookResult ReadPing(MemberReader& read) {
  read.Title("zen");
  return HookIgnored{"", "ping"};
}

// One kind of event that is used. The header with the event's name is not
// signed, so the body's members must bear it out.
struct EventRow {
  absl::string_view event;
  Names actions;  // The ones that are used; empty: the event has none.
  Names must_have;
  Names must_not_have;
  HookResult (*read)(MemberReader&);
};

const std::vector<EventRow>& Rows() {
  static const auto* const rows = new std::vector<EventRow>{
      {"ping", {}, {"zen"}, {"action", "ref", "pull_request"}, ReadPing},
      {"pull_request",
       {"opened", "synchronize", "reopened", "ready_for_review"},
       {"action", "number", "pull_request", "repository"},
       {"comment", "review", "thread", "ref", "head_commit"},
       ReadPullRequest},
      {"push",
       {},
       {"ref", "head_commit", "repository"},
       {"action", "pull_request"},
       ReadPush},
  };
  return *rows;
}

// Why the body is not one of this row's event; empty if it may be.
std::string Mismatch(const EventRow& row, const JsonFields& fields) {
  for (const absl::string_view name : row.must_have) {
    if (fields.Find(name) == nullptr) {
      return absl::StrCat(row.event, " without ", name);
    }
  }
  for (const absl::string_view name : row.must_not_have) {
    if (fields.Find(name) != nullptr) {
      return absl::StrCat(row.event, " with ", name);
    }
  }
  return "";
}

}  // namespace

HookResult ReadHook(absl::string_view event, absl::string_view json) {
  const absl::StatusOr<JsonFields> fields = JsonFields::Read(json, kWanted);
  if (!fields.ok())
    return HookMalformed{std::string(fields.status().message())};

  std::string action;
  if (const JsonValue* const value = fields->Find("action")) {
    if (const auto* const text = std::get_if<std::string>(value))
      action = *text;
  }
  bool known = false;
  for (const EventRow& row : Rows()) {
    if (row.event != event) continue;
    known = true;
    std::string mismatch = Mismatch(row, *fields);
    if (!mismatch.empty()) return HookMalformed{std::move(mismatch)};
    if (!row.actions.empty()) {
      if (action.empty()) return HookMalformed{"action is not a word"};
      if (std::find(row.actions.begin(), row.actions.end(), action) ==
          row.actions.end()) {
        continue;
      }
    }
    MemberReader reader(*fields);
    HookResult result = row.read(reader);
    if (!reader.problem().empty()) return HookMalformed{reader.problem()};
    if (auto* const call = std::get_if<HookCall>(&result)) {
      call->action = std::move(action);
    }
    return result;
  }
  return HookIgnored{std::move(action),
                     known ? "action not used" : "event not used"};
}

}  // namespace signalbox
