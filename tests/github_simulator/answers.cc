#include "tests/github_simulator/answers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace signalbox {

using Json = nlohmann::ordered_json;

SimulatedResponse JsonAnswer(int status, const Json& json) {
  return {.status = status,
          .headers = {{"content-type", "application/json; charset=utf-8"}},
          .body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

SimulatedResponse HtmlAnswer(int status, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "text/html; charset=utf-8"}},
          .body = std::move(body)};
}

SimulatedResponse Failure(int status, absl::string_view message,
                          absl::string_view documentation_url,
                          const Json& errors) {
  Json json = {{"message", message}};
  if (!errors.is_null()) json["errors"] = errors;
  json["documentation_url"] = documentation_url;
  json["status"] = absl::StrCat(status);
  return JsonAnswer(status, json);
}

SimulatedResponse NotFound() { return Failure(404, "Not Found", kDocs); }

SimulatedResponse InvalidField(absl::string_view resource,
                               absl::string_view field,
                               absl::string_view documentation_url) {
  return Failure(
      422, "Validation Failed", documentation_url,
      Json::array(
          {{{"resource", resource}, {"code", "invalid"}, {"field", field}}}));
}

SimulatedResponse NoContent() { return {.status = 204}; }

SimulatedResponse MovedAnswer(int status, const std::string& url) {
  SimulatedResponse response = JsonAnswer(
      status, {{"message", "Moved Permanently"},
               {"url", url},
               {"documentation_url",
                absl::StrCat(kDocs,
                             "/guides/best-practices-for-using-the-rest-api"
                             "#http-redirects")}});
  response.headers.emplace_back("location", url);
  return response;
}

namespace {

int NumberOf(const RequestTarget& target, absl::string_view name,
             int fallback) {
  int value = 0;
  return absl::SimpleAtoi(target.Query(name), &value) && value > 0 ? value
                                                                   : fallback;
}

}  // namespace

size_t PageSize(const RequestTarget& target) {
  constexpr int kDefaultSize = 30;
  constexpr int kMaxSize = 100;
  return std::min(NumberOf(target, "per_page", kDefaultSize), kMaxSize);
}

Page PageOf(const RequestTarget& target, size_t count, const std::string& url) {
  const size_t size = PageSize(target);
  const size_t page = NumberOf(target, "page", 1);
  const std::string rest = target.RawQueryWithout({"per_page", "page"});
  const size_t last = std::max<size_t>(1, (count + size - 1) / size);

  Page result;
  result.begin = std::min(count, (page - 1) * size);
  result.end = std::min(count, result.begin + size);
  const auto add = [&](size_t to, absl::string_view relation) {
    absl::StrAppend(&result.link, result.link.empty() ? "" : ", ", "<", url,
                    "?", rest, "per_page=", size, "&page=", to, ">; rel=\"",
                    relation, "\"");
  };
  if (page > 1) add(std::min(page - 1, last), "prev");
  if (page < last) {
    add(page + 1, "next");
    add(last, "last");
  }
  if (page > 1) add(1, "first");
  return result;
}

}  // namespace signalbox
