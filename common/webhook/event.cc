#include "common/webhook/event.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/webhook/event_row.h"
#include "common/webhook/json_fields.h"
#include "common/webhook/member_reader.h"

namespace signalbox {
namespace {

using Names = EventRow::Names;

// The person who sets up a hook reads this in the log. No member of the ping,
// however odd, may be a reason to refuse a good hook.
HookResult ReadPing(MemberReader& read) {
  read.Title("zen");
  std::string why = "the hook works";
  const int64_t id = read.LooseNumber("hook_id");
  if (id != 0) absl::StrAppend(&why, "; id ", id);
  const std::string type = read.LooseText("hook.type");
  if (!type.empty()) absl::StrAppend(&why, "; of type ", type);
  const std::vector<std::string> events = read.LooseTexts("hook.events[]");
  if (!events.empty()) {
    absl::StrAppend(&why, "; sends ", absl::StrJoin(events, " "));
  }
  return HookIgnored{"", std::move(why)};
}

std::vector<EventRow> AllRows() {
  std::vector<EventRow> all = {
      {.event = "ping",
       .actions = {},
       .must_have = {"zen"},
       .must_not_have = {"action", "ref", "pull_request"},
       .wanted = {"hook.events[]", "hook.type", "hook_id"},
       .read = ReadPing}};
  for (const std::vector<EventRow>& rows :
       {ChangeEvents(), CheckEvents(), CommentEvents(), AccountEvents()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

// Null if the event is not used.
const EventRow* FindRow(absl::string_view event) {
  static const auto* const rows = new std::vector<EventRow>(AllRows());
  const auto found = std::ranges::find(*rows, event, &EventRow::event);
  return found == rows->end() ? nullptr : &*found;
}

Names MembersOf(const EventRow& row) {
  Names members = {"action"};
  for (const Names& more : {row.must_have, row.must_not_have, row.wanted}) {
    members.insert(members.end(), more.begin(), more.end());
  }
  return members;
}

// Why the body cannot be this row's event; empty if it can.
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

bool UsesAction(const EventRow& row, absl::string_view action) {
  return row.actions.empty() ||
         std::ranges::find(row.actions, action) != row.actions.end();
}

}  // namespace

HookReport ReadReport(MemberReader& read, absl::string_view sha) {
  HookReport report;
  report.repository = read.Repository();
  report.repository_id = read.Id("repository.id");
  report.sha = read.Sha(sha);
  return report;
}

bool UsesEvent(absl::string_view event, absl::string_view action) {
  const EventRow* const row = FindRow(event);
  return row != nullptr && event != "ping" && UsesAction(*row, action);
}

HookResult ReadHook(absl::string_view event, absl::string_view json) {
  const EventRow* const row = FindRow(event);
  if (row == nullptr) {
    // An unused event may contain any JSON that its sender chose.
    absl::StatusOr<std::string> action = JsonFields::ReadText(json, "action");
    if (!action.ok())
      return HookMalformed{std::string(action.status().message())};
    return HookIgnored{*std::move(action), "Signalbox does not use this event"};
  }
  const absl::StatusOr<JsonFields> fields =
      JsonFields::Read(json, MembersOf(*row));
  if (!fields.ok()) {
    return HookMalformed{std::string(fields.status().message())};
  }
  MemberReader reader(*fields);
  std::string action = reader.LooseText("action");
  std::string mismatch = Mismatch(*row, *fields);
  if (!mismatch.empty()) return HookMalformed{std::move(mismatch)};
  if (!row->actions.empty()) {
    if (action.empty()) return HookMalformed{"action is not a word"};
    if (!UsesAction(*row, action)) {
      return HookIgnored{std::move(action),
                         "Signalbox does not use this action"};
    }
  }
  HookResult result = row->read(reader);
  if (!reader.problem().empty()) return HookMalformed{reader.problem()};
  std::visit(
      [&](auto& outcome) {
        if constexpr (requires { outcome.action; }) {
          outcome.action = std::move(action);
        }
      },
      result);
  return result;
}

}  // namespace signalbox
