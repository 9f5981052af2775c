#include <algorithm>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/webhook/event.h"
#include "common/webhook/form.h"
#include "nlohmann/json.hpp"
#include "server/report/status_key.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/json_reference.h"

namespace signalbox {
namespace {

constexpr absl::string_view kEvents[] = {"pull_request",
                                         "push",
                                         "merge_group",
                                         "check_run",
                                         "check_suite",
                                         "status",
                                         "issue_comment",
                                         "repository",
                                         "installation",
                                         "ping",
                                         "installation_repositories",
                                         "watch",
                                         "installation_target"};

// A text that protobuf and the log can take.
void CheckText(absl::string_view text, size_t most) {
  FUZZ_CHECK(text.size() <= most, "a text of ", text.size(), " bytes");
  FUZZ_CHECK(IsUtf8(text), "a text that is not UTF-8");
}

// `[HOST/]OWNER/NAME` by the shim's looser rule. The server refuses what breaks
// its own rule, and takes the rest as it is written.
void CheckRepository(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  FUZZ_CHECK(parts.size() == 2 || parts.size() == 3, text);
  FUZZ_CHECK(grammar::IsName(parts.back()), text);
  FUZZ_CHECK(grammar::IsName(parts[parts.size() - 2]), text);
  if (parts.size() == 3) {
    FUZZ_CHECK(parts[0] != "github.com" && !parts[0].empty(), text);
    FUZZ_CHECK(
        grammar::OnlyOf(parts[0], "abcdefghijklmnopqrstuvwxyz0123456789.-:"),
        text);
  }
  const absl::StatusOr<Repository> parsed = ParseRepository(text);
  FUZZ_CHECK(!parsed.ok() || parsed->Display() == text,
             "the server reads it as another: ", text);
}

void CheckSha(const std::string& sha) {
  FUZZ_CHECK(grammar::IsLowerSha(sha), sha);
  const absl::StatusOr<Sha> parsed = ParseSha(sha);
  FUZZ_CHECK(parsed.ok() && parsed->Hex() == sha, "the server refuses ", sha);
}

void CheckContexts(const std::vector<std::string>& contexts) {
  FUZZ_CHECK(contexts.size() <= 100, "more contexts than a call may have");
  for (const std::string& context : contexts) {
    FUZZ_CHECK(grammar::IsContext(context), context);
    FUZZ_CHECK(ParseContext(context).ok(), "the server refuses ", context);
  }
}

std::string Describe(const HookChange& change) {
  FUZZ_CHECK(change.event == "pull_request" || change.event == "push" ||
                 change.event == "merge_group",
             change.event);
  for (const std::string& text : {change.title, change.author, change.head_ref,
                                  change.base_ref, change.clone_url}) {
    CheckText(text, 1024);
  }
  FUZZ_CHECK(
      (change.event == "pull_request") == (change.pull_request_number > 0),
      "a number of ", change.pull_request_number);
  FUZZ_CHECK(change.updated_time < absl::InfiniteFuture(), "no time");
  return absl::StrCat(change.event, change.pull_request_number, change.title,
                      change.author, change.head_ref, change.base_ref,
                      change.draft, change.fork, change.clone_url,
                      absl::FormatTime(change.updated_time));
}

std::string Describe(const HookObserved& observed) {
  FUZZ_CHECK(observed.status_id > 0, observed.status_id);
  CheckText(observed.creator_login, 1024);
  return absl::StrCat(observed.status_id, observed.creator_login);
}

std::string Describe(const HookReport& report) {
  CheckRepository(report.repository);
  CheckSha(report.sha);
  FUZZ_CHECK(report.repository_id > 0, report.repository_id);
  if (report.observed.has_value()) {
    FUZZ_CHECK(report.contexts.size() == 1, report.contexts.size());
    FUZZ_CHECK(!report.contexts[0].empty(),
               "the server would take the default");
    CheckText(report.contexts[0], 1024);
  } else {
    CheckContexts(report.contexts);
    FUZZ_CHECK(!report.result.has_value(), "a result of nobody");
  }
  CheckText(report.description, 1024);
  CheckText(report.target_url, 2048);
  return absl::StrCat(
      report.repository, report.repository_id, report.sha,
      absl::StrJoin(report.contexts, ","), report.rerun,
      static_cast<int>(report.result.value_or(Result())), report.description,
      report.target_url,
      report.change.has_value() ? Describe(*report.change) : "",
      report.observed.has_value() ? Describe(*report.observed) : "");
}

std::string Describe(const HookRetest& retest) {
  CheckRepository(retest.repository);
  CheckContexts(retest.contexts);
  FUZZ_CHECK(retest.pull_request_number > 0, retest.pull_request_number);
  FUZZ_CHECK(!retest.login.empty(), "nobody asks");
  CheckText(retest.login, 1024);
  CheckText(retest.author_association, 1024);
  std::vector<std::string> folded = retest.contexts;
  for (std::string& context : folded) context = grammar::Lower(context);
  std::sort(folded.begin(), folded.end());
  FUZZ_CHECK(std::adjacent_find(folded.begin(), folded.end()) == folded.end(),
             "a context is named twice");
  return absl::StrCat(retest.repository, retest.pull_request_number,
                      absl::StrJoin(retest.contexts, ","), retest.login,
                      retest.author_association);
}

std::string HostOf(absl::string_view repository) {
  const std::vector<std::string> parts = absl::StrSplit(repository, '/');
  return parts.size() == 3 ? parts[0] : "";
}

std::string Describe(const HookRename& rename) {
  CheckRepository(rename.repository);
  CheckRepository(rename.old_repository);
  FUZZ_CHECK(rename.repository_id > 0, rename.repository_id);
  FUZZ_CHECK(HostOf(rename.repository) == HostOf(rename.old_repository),
             "moved to another host");
  return absl::StrCat(rename.repository, rename.old_repository,
                      rename.repository_id, rename.transferred);
}

std::string Describe(const HookArchive& archive) {
  CheckRepository(archive.repository);
  FUZZ_CHECK(archive.repository_id > 0, archive.repository_id);
  return absl::StrCat(archive.repository, archive.repository_id,
                      archive.archived);
}

std::string Describe(const HookInstallation& installation) {
  CheckRepository(absl::StrCat(installation.account, "/any"));
  FUZZ_CHECK(installation.installation_id > 0, installation.installation_id);
  FUZZ_CHECK(installation.app_id >= 0, installation.app_id);
  return absl::StrCat(installation.installation_id, installation.account,
                      installation.app_id);
}

// The names must be those in the right places of the body, as another reader
// finds them.
void CheckNames(const HookCall& call, absl::string_view json) {
  absl::ConsumePrefix(&json, "\xEF\xBB\xBF");
  const auto body = nlohmann::json::parse(json.begin(), json.end());
  const auto text = [&body](const char* pointer) {
    const nlohmann::json::json_pointer path(pointer);
    return body.contains(path) && body[path].is_string()
               ? body[path].get<std::string>()
               : std::string();
  };
  std::visit(
      [&](const auto& request) {
        if constexpr (requires { request.repository; }) {
          const std::string name = text("/repository/full_name");
          FUZZ_CHECK(request.repository == name ||
                         absl::EndsWith(request.repository, "/" + name),
                     request.repository, " instead of ", name);
        }
        if constexpr (requires { request.sha; }) {
          bool found = false;
          for (const char* place :
               {"/pull_request/head/sha", "/head_commit/id",
                "/merge_group/head_sha", "/check_run/head_sha",
                "/check_suite/head_sha", "/sha"}) {
            found = found || grammar::Lower(text(place)) == request.sha;
          }
          FUZZ_CHECK(found, request.sha, " stands nowhere");
        }
        if constexpr (requires { request.account; }) {
          const std::string login = text("/installation/account/login");
          FUZZ_CHECK(request.account == login ||
                         absl::EndsWith(request.account, "/" + login),
                     request.account, " instead of ", login);
        }
      },
      call.request);
}

// Checks a result and writes all of it as a text.
std::string Describe(absl::string_view event, const HookResult& result) {
  if (const auto* const malformed = std::get_if<HookMalformed>(&result)) {
    // Only our names of members may be here: the log would show a value.
    FUZZ_CHECK(
        grammar::IsOneLine(malformed->why) && malformed->why.size() < 128,
        malformed->why);
    return absl::StrCat("malformed: ", malformed->why);
  }
  if (const auto* const ignored = std::get_if<HookIgnored>(&result)) {
    FUZZ_CHECK(!ignored->why.empty(), "nobody can see why");
    FUZZ_CHECK(IsUtf8(ignored->action), "not UTF-8");
    return absl::StrCat("ignored: ", ignored->action, " ", ignored->why);
  }
  const auto& call = std::get<HookCall>(result);
  FUZZ_CHECK(UsesEvent(event, call.action), event, " ", call.action);
  return absl::StrCat(
      "call ", call.request.index(), ": ", call.action, " ",
      std::visit([](const auto& request) { return Describe(request); },
                 call.request));
}

}  // namespace

// Input: which event (or 0xff and its name), a seed for the pieces, the body.
FUZZ_TARGET(event) {
  FuzzInput in(input);
  const uint8_t chosen = in.Byte();
  const absl::string_view event =
      chosen == 0xff ? in.Text() : kEvents[chosen % std::size(kEvents)];
  const uint8_t seed = in.Byte();
  const absl::string_view json = in.Rest();

  const HookResult result = ReadHook(event, json);
  const std::string described = Describe(event, result);
  if (std::find(std::begin(kEvents), std::end(kEvents), event) ==
      std::end(kEvents)) {
    // Such an event's own JSON may have any depth, and repeat names.
    FUZZ_CHECK(!JsonReference::IsDelivery(json) ||
                   std::holds_alternative<HookIgnored>(result),
               "an event that is not used: ", described);
    FUZZ_CHECK(!std::holds_alternative<HookCall>(result),
               "an event that is not used became a call: ", described);
  } else {
    FUZZ_CHECK(JsonReference::IsDelivery(json) ||
                   std::holds_alternative<HookMalformed>(result),
               "taken, and is not JSON: ", described);
  }
  if (const auto* const call = std::get_if<HookCall>(&result)) {
    CheckNames(*call, json);
  }
  if ((seed & 3) != 0) return;
  FUZZ_CHECK(Describe(event, ReadHook(event, json)) == described,
             "the same delivery means something else the second time");

  // Sent as a form, in pieces, it is the same delivery.
  std::string form = "payload=";
  for (const char c : json) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    form += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  FormDecoder decoder(json.size());
  InPieces(form, seed, [&](absl::string_view piece) {
    FUZZ_CHECK(decoder.Update(piece).ok(), "a good form is refused");
  });
  const absl::StatusOr<std::string> payload = decoder.Finish();
  FUZZ_CHECK(payload.ok() && *payload == json, "a form is another body");
}

}  // namespace signalbox
