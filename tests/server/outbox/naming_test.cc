#include "server/outbox/naming.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'700'000'000);

Repository Named(const std::string& name) {
  return *ParseRepository("acme/" + name);
}

NamedRepository Row(int64_t key, const std::string& name, int64_t number,
                    bool is_verified = true) {
  NamedRepository row;
  row.key = key;
  row.repository = Named(name);
  row.canonical = row.repository.Canonical();
  row.number = number;
  row.is_verified = is_verified;
  return row;
}

NameNews Renamed(const std::string& from, const std::string& to, int64_t number,
                 absl::Time time) {
  NameNews news;
  news.from = Named(from);
  news.to = Named(to);
  news.number = number;
  news.time = time;
  return news;
}

TEST(NamingTest, ANumberSaysMoreThanAName) {
  const NamedRepository seven = Row(1, "old", 7);
  const NamedRepository eight = Row(2, "app", 8);
  const NamedRepository unknown = Row(3, "app", 0);
  const NamedRepository doubtful = Row(3, "app", 8, /*is_verified=*/false);
  const std::optional<NamedRepository> none;
  const std::optional<KnownAlias> no_alias;

  EXPECT_EQ(WhoIsMeant(7, {seven, seven, no_alias}), Meant::kHolder);
  EXPECT_EQ(WhoIsMeant(7, {seven, eight, no_alias}), Meant::kOwn);
  EXPECT_EQ(WhoIsMeant(7, {seven, unknown, no_alias}), Meant::kOwn);
  EXPECT_EQ(WhoIsMeant(7, {seven, none, KnownAlias{seven, 7}}), Meant::kAlias);
  EXPECT_EQ(WhoIsMeant(7, {seven, none, KnownAlias{eight, 8}}), Meant::kOwn);
  EXPECT_EQ(WhoIsMeant(7, {seven, none, no_alias}), Meant::kNewName);

  EXPECT_EQ(WhoIsMeant(7, {none, eight, no_alias}), Meant::kNameless);
  EXPECT_EQ(WhoIsMeant(7, {none, unknown, no_alias}), Meant::kHolder);
  EXPECT_EQ(WhoIsMeant(7, {none, doubtful, no_alias}), Meant::kHolder);
  EXPECT_EQ(WhoIsMeant(7, {none, none, KnownAlias{eight, 0}}), Meant::kNew);
  EXPECT_EQ(WhoIsMeant(7, {none, none, KnownAlias{doubtful, 8}}), Meant::kNew);
  EXPECT_EQ(WhoIsMeant(7, {none, none, KnownAlias{unknown, 0}}), Meant::kAlias);
  EXPECT_EQ(WhoIsMeant(7, {none, none, no_alias}), Meant::kNew);

  // Without a number the name decides.
  EXPECT_EQ(WhoIsMeant(0, {none, eight, no_alias}), Meant::kHolder);
  EXPECT_EQ(WhoIsMeant(0, {none, none, KnownAlias{eight, 8}}), Meant::kAlias);
  EXPECT_EQ(WhoIsMeant(0, {none, none, no_alias}), Meant::kNew);
}

// Two different known numbers never become one, whatever the rows are.
TEST(NamingTest, TwoKnownNumbersNeverBecomeOne) {
  int cases = 0;
  for (const int64_t own_number : {0, 7}) {
    for (const int64_t holder_number : {0, 7, 8}) {
      for (const bool own_is_verified : {false, true}) {
        for (const bool holder_is_verified : {false, true}) {
          for (const int64_t number : {0, 7}) {
            for (const bool is_answer : {false, true}) {
              for (const int hours : {-1, 0, 1}) {
                Whereabouts found;
                found.own = Row(1, "old", own_number, own_is_verified);
                found.own->name_time = kNoon;
                found.holder = Row(2, "app", holder_number, holder_is_verified);
                NameNews news = Renamed("old", "app", number,
                                        kNoon + hours * absl::Hours(1));
                news.is_answer = is_answer;
                const int64_t own =
                    number != 0 ? number : found.own->KnownNumber();
                const int64_t holder = found.holder->KnownNumber();
                if (own == 0 || holder == 0 || own == holder) continue;
                ++cases;
                const NameStep step = StepFor(news, found);
                EXPECT_NE(step, NameStep::kMerge);
                // An event never takes a repository's name away.
                EXPECT_TRUE(is_answer || step != NameStep::kDisplace);
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(cases, 20);
}

TEST(NamingTest, EventsAreTakenInGitHubsOrder) {
  Whereabouts found;
  found.own = Row(1, "b", 7);
  found.own->name_time = kNoon;
  const auto step = [&](const std::string& from, absl::Time time) {
    return StepFor(Renamed(from, "c", 7, time), found);
  };
  EXPECT_EQ(step("a", kNoon - absl::Seconds(1)), NameStep::kNothing);
  EXPECT_EQ(step("b", kNoon - absl::Seconds(1)), NameStep::kNothing);
  EXPECT_EQ(step("a", kNoon), NameStep::kNothing);
  EXPECT_EQ(step("b", kNoon), NameStep::kTake);
  EXPECT_EQ(step("a", kNoon + absl::Seconds(1)), NameStep::kTake);
  EXPECT_EQ(step("b", absl::InfinitePast()), NameStep::kTake);
  EXPECT_EQ(step("a", absl::InfinitePast()), NameStep::kNothing);
  found.own->name_time = absl::UnixEpoch();
  EXPECT_EQ(step("a", absl::InfinitePast()), NameStep::kAsk);
  EXPECT_EQ(step("a", kNoon), NameStep::kTake);
}

// A row can be younger than its name, and GitHub's times are in whole seconds.
// But a row without a number can be of a newer repository: the next test.
TEST(NamingTest, AnEventFromBeforeARowIsBelievedOfTheNameThatItHas) {
  Whereabouts found;
  found.own = Row(1, "c", 7);
  found.own->added_time = kNoon + absl::Milliseconds(300);
  EXPECT_EQ(StepFor(Renamed("c", "d", 7, kNoon), found), NameStep::kTake);
  EXPECT_EQ(StepFor(Renamed("a", "b", 7, kNoon), found), NameStep::kAsk);
}

TEST(NamingTest, AnEventFromBeforeARowIsNotBelievedOfItsName) {
  Whereabouts found;
  found.own = Row(1, "app", 0);
  found.own->added_time = kNoon;
  EXPECT_EQ(
      StepFor(Renamed("app", "app-old", 7, kNoon - absl::Hours(1)), found),
      NameStep::kAsk);
  EXPECT_EQ(
      StepFor(Renamed("app", "app-old", 7, kNoon + absl::Hours(1)), found),
      NameStep::kTake);
}

int64_t RowKey(const std::optional<NamedRepository>& row) {
  return row.has_value() ? row->key : 0;
}

TEST(NamingTest, AnOldNameLeadsToWhatMayBeTheSameRepository) {
  const NamedRepository seven = Row(1, "new", 7);
  const NamedRepository eight = Row(2, "new", 8);
  const NamedRepository doubtful = Row(3, "old", 8, /*is_verified=*/false);
  const std::optional<NamedRepository> none;
  const struct {
    int64_t number;
    Whereabouts old;
    int64_t former;
  } kCases[] = {
      {7, {none, none, std::nullopt}, 0},
      {7, {none, none, KnownAlias{seven, 7}}, 1},
      {7, {none, none, KnownAlias{seven, 0}}, 1},
      {7, {none, none, KnownAlias{eight, 0}}, 0},
      {7, {none, none, KnownAlias{doubtful, 8}}, 0},
      {0, {none, none, KnownAlias{eight, 8}}, 2},
      {7, {none, seven, std::nullopt}, 1},
      {7, {none, eight, std::nullopt}, 0},
      {7, {none, doubtful, std::nullopt}, 3},
      {0, {none, eight, std::nullopt}, 2},
  };
  for (const auto& one : kCases) {
    const NameNews news = Renamed("old", "new", one.number, kNoon);
    EXPECT_EQ(RowKey(FormerOf(news, one.old)), one.former)
        << one.number << " " << one.former;
  }
}

TEST(NamingTest, WithoutARowOfTheNumberTheOldNameGoesFirst) {
  const NamedRepository old = Row(1, "old", 0);
  const NamedRepository eight = Row(2, "app", 8);
  const NamedRepository unknown = Row(3, "app", 0);
  const std::optional<NamedRepository> none;
  const NameNews news = Renamed("old", "app", 7, kNoon);
  const auto own = [&](const std::optional<NamedRepository>& holder,
                       const std::optional<KnownAlias>& alias,
                       const std::optional<NamedRepository>& former) {
    return RowKey(OwnByName(news, {std::nullopt, holder, alias}, former));
  };
  EXPECT_EQ(own(unknown, std::nullopt, old), 1);
  EXPECT_EQ(own(none, KnownAlias{unknown, 0}, none), 3);
  EXPECT_EQ(own(none, KnownAlias{unknown, 8}, none), 0);
  EXPECT_EQ(own(none, KnownAlias{eight, 0}, none), 0);
  EXPECT_EQ(own(unknown, std::nullopt, none), 3);
  EXPECT_EQ(own(eight, std::nullopt, none), 0);
  EXPECT_EQ(own(none, std::nullopt, none), 0);
}

// The row of the old name was taken for another repository.
TEST(NamingTest, TheRowOfTheOldNameIsMergedUnlessItMayBeOfAnother) {
  NameNews news = Renamed("old", "app", 7, kNoon);
  NamedRepository former = Row(2, "old", 0);
  EXPECT_EQ(StepForFormer(news, former, 1), NameStep::kMerge);
  EXPECT_EQ(StepForFormer(news, former, 2), NameStep::kNothing);
  EXPECT_EQ(StepForFormer(news, Row(2, "old", 7), 1), NameStep::kNothing);
  // The old name is only an alias of that row.
  EXPECT_EQ(StepForFormer(news, Row(2, "third", 0), 1), NameStep::kNothing);
  // Another repository may have got the name since.
  former.added_time = kNoon + absl::Seconds(1);
  EXPECT_EQ(StepForFormer(news, former, 1), NameStep::kAsk);
  news.time = absl::InfinitePast();
  EXPECT_EQ(StepForFormer(news, former, 1), NameStep::kMerge);
  news.time = kNoon;
  news.is_answer = true;
  EXPECT_EQ(StepForFormer(news, former, 1), NameStep::kMerge);
}

TEST(NamingTest, ANumberFromACallerWithoutARightIsAClaim) {
  const MayReport may_report = [](const std::string& caller,
                                  const Repository& repository,
                                  const std::string&) {
    return caller == "farm" && repository.name == "app";
  };
  NamedRepository row = Row(1, "old", 7);
  EXPECT_FALSE(IsClaim(row, Named("other"), may_report));  // It is GitHub's.
  row.number_by = "farm";
  EXPECT_FALSE(IsClaim(row, Named("app"), may_report));
  EXPECT_TRUE(IsClaim(row, Named("other"), may_report));
  EXPECT_FALSE(IsClaim(row, Named("other"), nullptr));
}

// A caller with a right to acme/sandbox sends a delivery with the number of
// acme/app. GitHub then answers that acme/app has the number.
TEST(NamingTest, AnAnswerMovesNoReportsByTheNumberAlone) {
  const MayReport nobody = [](const std::string&, const Repository&,
                              const std::string&) { return false; };
  Whereabouts found;
  found.own = Row(1, "sandbox", 7);
  found.own->number_by = "farm";
  NameNews news;
  news.to = Named("app");
  news.number = 7;
  news.is_answer = true;
  EXPECT_TRUE(ClaimsNumber(news, found, nobody));
  EXPECT_FALSE(ClaimsNumber(news, found, nullptr));
  // GitHub redirects the row's own name there.
  news.from = Named("sandbox");
  EXPECT_FALSE(ClaimsNumber(news, found, nobody));
  found.own->has_name = false;
  EXPECT_TRUE(ClaimsNumber(news, found, nobody));
  found.own = Row(1, "app", 7);
  found.own->number_by = "farm";
  EXPECT_FALSE(ClaimsNumber(news, found, nobody));
  // An event says nothing about this, and neither does a caller.
  found.own = Row(1, "other", 7);
  found.own->number_by = "farm";
  EXPECT_TRUE(ClaimsNumber(news, found, nobody));
  news.by = "farm";
  EXPECT_FALSE(ClaimsNumber(news, found, nobody));
  news.by.clear();
  news.is_answer = false;
  EXPECT_FALSE(ClaimsNumber(news, found, nobody));
  news.is_answer = true;
  found.own.reset();
  EXPECT_FALSE(ClaimsNumber(news, found, nobody));
}

}  // namespace
}  // namespace signalbox
