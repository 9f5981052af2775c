#include "tests/github_simulator/faults.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "common/names.h"
#include "tests/github_simulator/answers.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::Duration kSlowAnswer = absl::Seconds(11);
// How long a connection without an answer stays open.
constexpr absl::Duration kSilence = absl::Seconds(30);
// Marks the addresses of a redirect loop and counts them.
constexpr absl::string_view kLoopMark = "simulated_redirects=";

constexpr absl::string_view kNames[] = {
    "abuse_limit",
    "answer",
    "apply_late",
    "bad_json",
    "forbidden",
    "hang",
    "primary_limit_403",
    "primary_limit_429",
    "redirect_elsewhere",
    "redirect_loop",
    "reset_after_apply",
    "reset_before_apply",
    "secondary_limit",
    "secondary_limit_bare",
    "server_error_html",
    "server_error_json",
    "slow",
    "unauthorized",
};

bool IsLimit(absl::string_view name) {
  return absl::StrContains(name, "_limit");
}

bool IsWebUrl(absl::string_view url) {
  return (absl::ConsumePrefix(&url, "http://") ||
          absl::ConsumePrefix(&url, "https://")) &&
         IsHost(url.substr(0, url.find_first_of("/?#"))) &&
         std::all_of(url.begin(), url.end(), absl::ascii_isgraph);
}

SimulatedResponse Silence() {
  SimulatedResponse response;
  response.reset_connection = true;
  response.delay = kSilence;
  return response;
}

SimulatedResponse AsOrdered(const Fault& fault) {
  SimulatedResponse response = {
      .status = fault.status, .headers = fault.headers, .body = fault.body};
  if (!fault.message.empty()) {
    response.body =
        Failure(fault.status, fault.message, kDocs,
                fault.errors.empty() ? Json() : Json::parse(fault.errors))
            .body;
  }
  if (!fault.location.empty()) {
    response.headers.emplace_back("location", fault.location);
  }
  if (fault.status == 204 || fault.status == 304) {
    response.body.clear();
  } else {
    response.headers.emplace_back("content-type",
                                  fault.content_type.empty()
                                      ? "application/json; charset=utf-8"
                                      : fault.content_type);
  }
  return response;
}

SimulatedResponse LoopTo(absl::string_view path, int64_t hop,
                         absl::string_view base_url) {
  return MovedAnswer(307, absl::StrCat(base_url, path, "?", kLoopMark, hop));
}

}  // namespace

bool IsFaultName(absl::string_view name) {
  return std::find(std::begin(kNames), std::end(kNames), name) !=
         std::end(kNames);
}

std::string ComplaintAboutFault(const Fault& fault) {
  if (!IsFaultName(fault.name)) {
    return absl::StrCat("name ", Quoted(fault.name), " is not one of ",
                        absl::StrJoin(kNames, ", "));
  }
  if (fault.name == "redirect_elsewhere" && !IsWebUrl(fault.location)) {
    return absl::StrCat("location: ", Quoted(fault.location),
                        " is not an http:// or https:// URL");
  }
  if (fault.name != "answer") return "";
  if (fault.status < 200 || fault.status > 599) {
    return absl::StrCat("status ", fault.status, " is not from 200 to 599");
  }
  if (!fault.errors.empty() &&
      !Json::parse(fault.errors, nullptr, /*allow_exceptions=*/false)
           .is_array()) {
    return "errors is not a JSON list";
  }
  if (fault.message.empty() && !fault.errors.empty()) {
    return "errors is set without message; set both";
  }
  if (!fault.message.empty() && !fault.body.empty()) {
    return "body and message are both set; set one of them";
  }
  return "";
}

void Faults::Add(Fault fault) {
  if (fault.count != 0) faults_.push_back(std::move(fault));
}

std::optional<Fault> Faults::Take(absl::string_view target) {
  const auto it =
      std::find_if(faults_.begin(), faults_.end(), [target](const Fault& f) {
        return absl::StrContains(target, f.target_contains);
      });
  if (it == faults_.end()) return std::nullopt;
  Fault fault = *it;
  if (it->count > 0 && --it->count == 0) faults_.erase(it);
  return fault;
}

FaultEffect EffectOf(const Fault& fault, absl::string_view target,
                     absl::string_view base_url) {
  FaultEffect effect;
  effect.is_limit = IsLimit(fault.name);
  effect.is_applied_late = fault.name == "apply_late";
  if (fault.name == "answer") {
    effect.answer = AsOrdered(fault);
  } else if (fault.name == "apply_late" || fault.name == "hang") {
    effect.answer = Silence();
  } else if (fault.name == "server_error_html") {
    effect.answer =
        HtmlAnswer(502,
                   "<!DOCTYPE html><html><head><title>Unicorn! &middot; "
                   "GitHub</title></head><body><h1>This page is taking too "
                   "long to load.</h1></body></html>\n");
  } else if (fault.name == "server_error_json") {
    effect.answer = Failure(500, "Server Error", kDocs);
  } else if (fault.name == "unauthorized") {
    effect.answer = Failure(401, "Bad credentials", kDocs);
  } else if (fault.name == "forbidden") {
    effect.answer = Failure(403, "Resource not accessible by integration",
                            kCreateStatusDocs);
    effect.answer->headers.emplace_back("x-accepted-github-permissions",
                                        "statuses=write");
  } else if (fault.name == "redirect_elsewhere") {
    const size_t host = fault.location.find("://") + 3;
    const bool has_path = fault.location.find('/', host) != std::string::npos;
    effect.answer = MovedAnswer(
        307, has_path ? fault.location : absl::StrCat(fault.location, target));
  } else if (fault.name == "redirect_loop") {
    effect.answer = LoopTo(target.substr(0, target.find('?')), 1, base_url);
  } else if (fault.name == "reset_before_apply") {
    effect.answer.emplace().reset_connection = true;
  }
  return effect;
}

void Spoil(const Fault& fault, SimulatedResponse* answer) {
  if (fault.name == "reset_after_apply") answer->reset_connection = true;
  if (fault.name == "slow") answer->delay = kSlowAnswer;
  if (fault.name == "bad_json" && answer->status == 201) {
    answer->body = answer->body.substr(0, answer->body.size() / 2);
  }
}

std::optional<SimulatedResponse> LoopOn(absl::string_view target,
                                        absl::string_view base_url) {
  const size_t query = target.find('?');
  if (query == absl::string_view::npos) return std::nullopt;
  absl::string_view number = target.substr(query + 1);
  int64_t hop = 0;
  if (!absl::StartsWith(number, kLoopMark) ||
      !absl::SimpleAtoi(number.substr(kLoopMark.size()), &hop)) {
    return std::nullopt;
  }
  return LoopTo(target.substr(0, query), hop + 1, base_url);
}

}  // namespace signalbox
