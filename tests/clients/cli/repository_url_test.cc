#include "clients/cli/repository_url.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(RepositoryUrlTest, ReadsEveryFormThatGitTakes) {
  for (const char* url : {
           "https://github.com/acme/widgets",
           "https://github.com/acme/widgets.git",
           "https://github.com/acme/widgets/",
           "https://github.com/acme/widgets.git/",
           "http://github.com/acme/widgets.git",
           "HTTPS://GitHub.com/acme/widgets.git",
           "https://www.github.com/acme/widgets",
           "https://github.com:443/acme/widgets.git",
           "https://octocat@github.com/acme/widgets.git",
           "https://octocat:gh@p_token@github.com/acme/widgets.git",
           "https://x-access-token:ghs_abc@github.com/acme/widgets",
           "git://github.com/acme/widgets.git",
           "git://github.com:9418/acme/widgets.git",
           "ssh://git@github.com/acme/widgets.git",
           "ssh://git@github.com:22/acme/widgets.git",
           "ssh://git@ssh.github.com:443/acme/widgets.git",
           "git+ssh://git@github.com/acme/widgets.git",
           "git@github.com:acme/widgets.git",
           "git@github.com:acme/widgets",
           "git@github.com:/acme/widgets.git",
           "github.com:acme/widgets.git",
           "org-123@github.com:acme/widgets.git",
           " git@github.com:acme/widgets.git\n",
       }) {
    EXPECT_EQ(RepositoryFromUrl(url), "acme/widgets") << url;
  }
}

TEST(RepositoryUrlTest, KeepsAHostThatIsNotGitHubs) {
  for (const char* url : {
           "https://github.example.com/acme/widgets.git",
           "https://user:password@GitHub.Example.com/acme/widgets",
           "ssh://git@github.example.com:2222/acme/widgets.git",
           "git@github.example.com:acme/widgets.git",
       }) {
    EXPECT_EQ(RepositoryFromUrl(url), "github.example.com/acme/widgets") << url;
  }
}

TEST(RepositoryUrlTest, KeepsAPortOfTheWebOnly) {
  EXPECT_EQ(RepositoryFromUrl("https://ghe.example.com:8443/acme/widgets.git"),
            "ghe.example.com:8443/acme/widgets");
  EXPECT_EQ(RepositoryFromUrl("https://ghe.example.com:443/acme/widgets.git"),
            "ghe.example.com/acme/widgets");
  EXPECT_EQ(RepositoryFromUrl("http://ghe.example.com:80/acme/widgets.git"),
            "ghe.example.com/acme/widgets");
}

TEST(RepositoryUrlTest, KeepsUnusualNames) {
  EXPECT_EQ(RepositoryFromUrl("git@github.com:a-b_c/d.e_f-g.js.git"),
            "a-b_c/d.e_f-g.js");
  EXPECT_EQ(RepositoryFromUrl("https://github.com/acme/.github"),
            "acme/.github");
}

TEST(RepositoryUrlTest, WhatNamesNoRepositoryIsEmpty) {
  for (const char* url : {
           "",
           "widgets",
           "acme/widgets",
           "/srv/git/acme/widgets.git",
           "./widgets",
           "../a:b/c",
           "file:///srv/git/acme/widgets.git",
           "https://github.com",
           "https://github.com/",
           "https:///acme/widgets",
           "https://github.com/acme",
           "https://github.com/acme/",
           "https://github.com/acme/widgets/pull/5",
           "https://gitlab.com/group/subgroup/widgets.git",
           "git@gitlab.com:group/subgroup/widgets.git",
           "https://github.com//widgets",
           "https://github.com/acme/.git",
           "https://github.com/acme/..",
           "https://github.com/ac me/widgets",
           "https://github.com/acme/widgets?x=1",
           "https://git\x1bhub.com/a/b",
           "ftp://github.com/acme/widgets",
           "git@:acme/widgets",
           "https://[::1]:8443/acme/widgets",
           "://a/b",
           "@:/",
           ":",
           "https://user:ghp_token@",
           "s3://bucket/acme/widgets",
       }) {
    EXPECT_EQ(RepositoryFromUrl(url), "") << url;
  }
}

TEST(RepositoryUrlTest, PutsTheHostInFrontUnlessItIsGitHubs) {
  EXPECT_EQ(RepositoryOn("", "acme/widgets"), "acme/widgets");
  EXPECT_EQ(RepositoryOn("GitHub.com", "acme/widgets"), "acme/widgets");
  EXPECT_EQ(RepositoryOn("ghe.example.com", "acme/widgets"),
            "ghe.example.com/acme/widgets");
  EXPECT_EQ(RepositoryOn("", "acme"), "");
  EXPECT_EQ(RepositoryOn("", "a/b/c"), "");
}

TEST(RepositoryUrlTest, NoNameEndsAsCloneUrlsDo) {
  EXPECT_EQ(RepositoryOn("", "acme/widgets.git"), "acme/widgets");
  EXPECT_EQ(RepositoryOn("", "acme/widgets.GIT"), "acme/widgets");
  EXPECT_EQ(WithoutGit("ghes.example.com/acme/widgets.git"),
            "ghes.example.com/acme/widgets");
  EXPECT_EQ(WithoutGit("acme/git"), "acme/git");
  EXPECT_EQ(WithoutGit("acme/.git"), "acme/.git");
  EXPECT_EQ(WithoutGit(""), "");
}

}  // namespace
}  // namespace signalbox
