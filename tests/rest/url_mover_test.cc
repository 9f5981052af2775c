#include "rest/url_mover.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

const UrlMover& Mover() {
  static const auto* const mover =
      new UrlMover("https://api.github.com", "http://box:8090/api/v3");
  return *mover;
}

using Texts = std::vector<std::pair<std::string, std::string>>;

TEST(UrlMoverTest, MovesLinks) {
  for (
      const auto& [value, moved] : Texts{
          {R"(<https://api.github.com/repositories/1/pulls?page=2>; rel="next", )"
           R"(<https://api.github.com/repositories/1/pulls?page=9>; rel="last")",
           R"(<http://box:8090/api/v3/repositories/1/pulls?page=2>; rel="next", )"
           R"(<http://box:8090/api/v3/repositories/1/pulls?page=9>; rel="last")"},
          {"<https://api.github.com>", "<http://box:8090/api/v3>"},
          {"<https://api.github.com.evil.example/>; rel=next",
           "<https://api.github.com.evil.example/>; rel=next"},
          {"<https://docs.github.com/a>", "<https://docs.github.com/a>"},
          {"https://api.github.com/a", "https://api.github.com/a"},
          {"<https://api.github.com/a", "<https://api.github.com/a"},
          {"><", "><"},
          {"", ""}}) {
    EXPECT_EQ(Mover().Link(value), moved);
  }
}

TEST(UrlMoverTest, MovesLocations) {
  for (const auto& [value, moved] :
       Texts{{"https://api.github.com/repositories/1?a=b",
              "http://box:8090/api/v3/repositories/1?a=b"},
             {"/repositories/1", "http://box:8090/api/v3/repositories/1"},
             {"//api.github.com/user", "http://box:8090/api/v3/user"},
             {"https://codeload.github.com/a", "https://codeload.github.com/a"},
             {"//codeload.github.com/a", "https://codeload.github.com/a"},
             {"https://api.github.community/", "https://api.github.community/"},
             {"https://api.github.com@evil.example/",
              "https://api.github.com@evil.example/"},
             {"", ""}}) {
    EXPECT_EQ(Mover().Location(value), moved) << value;
  }
  // The login page of a GitHub Enterprise Server is not below its API.
  const UrlMover mover("https://ghe.example/api/v3", "http://box");
  EXPECT_EQ(mover.Location("/login"), "https://ghe.example/login");
  EXPECT_EQ(mover.Location("/api/v3/user"), "http://box/user");
  EXPECT_EQ(mover.Location("/api/v34"), "https://ghe.example/api/v34");
}

TEST(UrlMoverTest, MovesUrlsInJson) {
  for (const auto& [body, moved] :
       Texts{{R"({"url":"https://api.github.com/user"})",
              R"({"url":"http://box:8090/api/v3/user"})"},
             {R"([{ "url" : "https://api.github.com" , "a_url":"x"}, 1])",
              R"([{ "url" : "http://box:8090/api/v3" , "a_url":"x"}, 1])"},
             {R"({"statuses_url":"https://api.github.com/a/{sha}","n":1})",
              R"({"statuses_url":"http://box:8090/api/v3/a/{sha}","n":1})"},
             {R"({"a_url":"https://api.github.com{/sha}"})",
              R"({"a_url":"http://box:8090/api/v3{/sha}"})"},
             // Escapes stay as they are behind the address.
             {R"({"url":"https:\/\/api.github.com\/user\/\u00e9"})",
              R"({"url":"http://box:8090/api/v3\/user\/\u00e9"})"},
             {R"({"url":"https:\u002f\u002Fapi.github.com/user"})",
              R"({"url":"http://box:8090/api/v3/user"})"},
             {R"({"\u0075rl":"https://api.github.com/user"})",
              R"({"\u0075rl":"http://box:8090/api/v3/user"})"},
             {R"({"a":{"url":"https://api.github.com/a"},
               "b":[{"b_url":"https://api.github.com/b"}]})",
              R"({"a":{"url":"http://box:8090/api/v3/a"},
               "b":[{"b_url":"http://box:8090/api/v3/b"}]})"}}) {
    EXPECT_EQ(Mover().Json(body), moved);
  }
}

TEST(UrlMoverTest, LeavesOtherJsonAsItIs) {
  for (const std::string& body : std::vector<std::string>{
           "",
           "null",
           "\"https://api.github.com/user\"",
           R"({"body":"https://api.github.com/user"})",
           R"({"urls":"https://api.github.com/user"})",
           R"({"URL":"https://api.github.com/user"})",
           R"({"html_url":"https://github.com/acme"})",
           R"({"url":"see https://api.github.com/user"})",
           R"({"url":"https://api.github.com.evil.example/"})",
           R"({"url":"https://api.github.com\\/user"})",
           R"({"url":"https://api.github.com\u0000/user"})",
           R"({"url":["https://api.github.com/user"]})",
           R"({"url":{"a":"https://api.github.com/user"}})",
           R"({"url":null,"a":"https://api.github.com/user"})",
           R"(["url","https://api.github.com/user"])",
           // A text that looks like a member.
           R"({"a":"\"url\":\"https://api.github.com/user\""})",
           R"({"a":"url\\", "b":"https://api.github.com/user"})",
       }) {
    EXPECT_EQ(Mover().Json(body), body);
  }
}

// In broken JSON it is not certain which text is the value of a member.
TEST(UrlMoverTest, LeavesWhatIsNoJsonAsItIs) {
  const std::string url = R"("url":"https://api.github.com/user")";
  for (const std::string& body : std::vector<std::string>{
           absl::StrCat("{", url), absl::StrCat("{", url, "}}"),
           absl::StrCat("{", url, ",}"), absl::StrCat("{", url, ",\"a"),
           absl::StrCat("{", url, ",\"\xff\":1}"), url, "{\"url\":",
           "{\"url\":\"https://api.github.com/user", "{\"url\":\"\\"}) {
    EXPECT_EQ(Mover().Json(body), body);
  }
}

TEST(UrlMoverTest, DeepJsonIsNoDanger) {
  const std::string deep(500'000, '[');
  EXPECT_EQ(Mover().Json(deep), deep);
  const std::string body = absl::StrCat(
      deep, R"({"url":"https://api.github.com/a"})", std::string(500'000, ']'));
  EXPECT_EQ(Mover().Json(body),
            absl::StrCat(deep, R"({"url":"http://box:8090/api/v3/a"})",
                         std::string(500'000, ']')));
}

}  // namespace
}  // namespace signalbox
