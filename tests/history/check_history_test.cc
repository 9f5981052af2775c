#include "tests/history/check_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/history/story.h"

namespace signalbox::history {
namespace {

using How = Answered::How;
using ::testing::HasSubstr;

std::string LinesOf(const std::vector<Event>& events) {
  std::string lines;
  for (const Event& event : events)
    absl::StrAppend(&lines, LineOf(event), "\n");
  return lines;
}

void ExpectGood(const std::vector<Event>& events) {
  for (const Violation& violation : CheckHistory(events).violations) {
    ADD_FAILURE() << violation.invariant << " " << TextOf(violation.name)
                  << ": " << violation.what << "\n"
                  << LinesOf(events);
  }
}
void ExpectGood(const Story& story) { ExpectGood(story.Events()); }

// Expects exactly one violation.
void ExpectBad(const std::vector<Event>& events, const std::string& invariant,
               const std::string& what) {
  const std::vector<Violation> found = CheckHistory(events).violations;
  std::string all;
  for (const Violation& violation : found) {
    absl::StrAppend(&all, violation.invariant, " ", violation.what, "\n");
  }
  ASSERT_EQ(found.size(), 1u) << all << LinesOf(events);
  EXPECT_EQ(found[0].invariant, invariant) << all;
  EXPECT_THAT(found[0].what, HasSubstr(what));
}
void ExpectBad(const Story& story, const std::string& invariant,
               const std::string& what) {
  ExpectBad(story.Events(), invariant, what);
}

// The story from an observer who cannot see requests begin and end.
std::vector<Event> WithoutBegins(const Story& story) {
  std::vector<Event> events;
  for (const Event& event : story.Events()) {
    if (std::holds_alternative<Began>(event)) continue;
    if (std::holds_alternative<Ended>(event)) continue;
    events.push_back(event);
  }
  return events;
}

class CheckHistoryTest : public ::testing::Test {
 protected:
  CheckHistoryTest() {
    story_.Add(Granted{"farm", "acme/*", "ci/*"});
    story_.Add(Started{story_.now()});
  }

  Story story_;
};

TEST_F(CheckHistoryTest, AGoodHistoryHasNoViolationsAndIsCounted) {
  story_.Pending("p1", 1).Post().Result("r1", 1).Post();
  ExpectGood(story_);
  ExpectGood(WithoutBegins(story_));

  const Checked checked = CheckHistory(story_.Events()).checked;
  EXPECT_EQ(checked.acked, 2);
  EXPECT_EQ(checked.recorded, 2);
  EXPECT_EQ(checked.statuses, 1);
  EXPECT_EQ(checked.posts, 2);
  EXPECT_EQ(checked.crashes, 0);
  EXPECT_EQ(CheckHistory(WithoutBegins(story_)).checked.posts, 2);

  Checked sum = checked;
  sum += checked;
  EXPECT_EQ(sum.acked, 4);
  EXPECT_EQ(sum.posts, 4);
}

TEST_F(CheckHistoryTest, NothingIsAGoodHistory) {
  ExpectGood(std::vector<Event>());
  EXPECT_EQ(CheckHistory({}).checked.acked, 0);
}

// I1: no acked report is lost, and the record has no unreported one.

TEST_F(CheckHistoryTest, AnAckedReportThatIsNotRecordedIsLost) {
  story_.Pending("p1", 1).Post();
  const Called lost = story_.Call("r1", 1, "success");
  story_.Add(lost).Answer(lost, How::kAccepted, 2);
  ExpectBad(story_, "I1", "acked, but the record does not have it");
}

TEST_F(CheckHistoryTest, AnAckedReportWhoseSequenceIsAnothersIsLost) {
  story_.Pending("p1", 1).Post();
  const Called lost = story_.Call("r1", 1, "success");
  story_.Add(lost).Answer(lost, How::kAccepted, 1);
  ExpectBad(story_, "I1", "acked, but the record does not have it");
}

TEST_F(CheckHistoryTest, AReportWithoutAnAnswerMayBeRecordedOrNot) {
  story_.Pending("p1", 1);
  const Called unrecorded = story_.Call("x1", 1, "success");
  story_.Add(unrecorded).Answer(unrecorded, How::kUnknown, 0);
  const Called recorded = story_.Call("r1", 1, "failure");
  story_.Add(recorded).Record(recorded).Post();
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, WhatARepetitionEqualsMustBeRecorded) {
  story_.Pending("p1", 1).Post();
  const Called again = story_.Call("p1", 1);
  story_.Add(again).Answer(again, How::kUnchanged, 7);
  ExpectBad(story_, "I1",
            "the answer names a report that the record does not have");
}

TEST_F(CheckHistoryTest, WhatSupersedesMustBeRecorded) {
  story_.Result("r2", 2).Post();
  const Called late = story_.Call("p1", 1);
  story_.Add(late).Record(late, How::kSuperseded);
  story_.Answer(late, How::kSuperseded, 7);
  ExpectBad(story_, "I1",
            "the answer names a report that the record does not have");
}

TEST_F(CheckHistoryTest, NothingIsRecordedThatNobodySaid) {
  story_.Pending("p1", 1).Post();
  Recorded row = story_.recorded()[0];
  row.how = How::kSuperseded;
  row.sequence = 0;
  for (const auto change : {0, 1, 2, 3, 4, 5}) {
    SCOPED_TRACE(change);
    Story story = story_;
    Recorded invented = row;
    if (change == 0) invented.content.description = "p9";
    if (change == 1) invented.content.target_url = "https://elsewhere/";
    if (change == 2) invented.content.state = "error";
    if (change == 3) invented.attempt = 2;
    if (change == 4) invented.caller = "another";
    if (change == 5) invented.delivery_id = "d-1";
    story.recorded().push_back(invented);
    ExpectBad(story, "I1", "recorded what no caller reported");
  }
}

TEST_F(CheckHistoryTest, AStatusMayNotBeForgotten) {
  story_.Pending("p1", 1).Post();
  story_.ForgetAtTheEnd();
  ExpectBad(story_, "I1", "does not know the status any more");
}

TEST_F(CheckHistoryTest, WhatIsHeldIsWhatWasRecordedLast) {
  story_.Pending("p1", 1).Post().Result("r1", 1).Post();
  const Content newest = story_.newest();
  story_.HoldContent({"pending", "p1", ""});
  story_.Show(newest);
  ExpectBad(story_, "I1", "the entry holds");
}

// I3 and I10: the ordering rule.

TEST_F(CheckHistoryTest, SequencesRise) {
  story_.Pending("p1", 1).Result("r1", 1).Post();
  story_.recorded()[0].sequence = 3;
  // The ack also names another sequence than the record.
  std::vector<std::string> found;
  for (const Violation& violation : CheckHistory(story_.Events()).violations) {
    found.push_back(violation.invariant + " " + violation.what);
  }
  EXPECT_THAT(found, testing::Contains(HasSubstr("I3 sequence 2 follows 3")));

  Story unanswered;
  const Called first = unanswered.Call("p1", 1);
  const Called second = unanswered.Call("r1", 1, "success");
  unanswered.Add(first).Add(second).Record(first).Record(second);
  unanswered.Post();
  unanswered.recorded()[0].sequence = unanswered.recorded()[1].sequence;
  ExpectBad(unanswered, "I3", "sequence 2 follows 2");
}

// Sequences are in the server's order, across all statuses.
TEST_F(CheckHistoryTest, WhatIsSaidLaterHasALargerNumber) {
  const Called early = story_.Call("p1", 1);
  const Called late = story_.Call("r1", 1, "success");
  story_.Record(early).Record(late);
  Story overlapping = story_;
  overlapping.Add(early).Add(late);
  overlapping.Answer(late, How::kAccepted, 2);
  overlapping.Answer(early, How::kAccepted, 1).Post();
  ExpectGood(overlapping);
  story_.Add(late).Answer(late, How::kAccepted, 2);
  story_.Add(early).Answer(early, How::kAccepted, 1).Post();
  ExpectBad(story_, "I3",
            "accepted as 1 when 2 was acked before the call began");

  Story other;
  Called elsewhere = other.Call("e1", 1);
  elsewhere.name.context = "ci/other";
  const Called here = other.Call("p1", 1);
  other.Add(here).Record(here).Answer(here, How::kAccepted, 1).Post();
  other.recorded().front().sequence = 5;
  std::vector<Event> events = other.Events();
  std::get<Answered>(events[1]).sequence = 5;
  ExpectGood(events);
  events.insert(events.begin() + 2, elsewhere);
  events.insert(events.begin() + 3,
                Answered{elsewhere.call, other.now(), How::kAccepted, 4});
  Recorded row;
  row.name = elsewhere.name;
  row.sequence = 4;
  row.content = elsewhere.content;
  row.attempt = 1;
  row.caller = elsewhere.caller;
  events.push_back(row);
  events.push_back(Held{elsewhere.name, elsewhere.content, 1, "posted", ""});
  events.push_back(Showed{elsewhere.name, elsewhere.content});
  ExpectBad(events, "I3", "accepted as 4 when 5 was acked");
}

TEST_F(CheckHistoryTest, ARepetitionIsNotAcceptedAgain) {
  story_.Pending("p1", 1).Post();
  const Called again = story_.Call("p1", 1);
  story_.Add(again).Record(again);
  ExpectBad(story_, "I3",
            "the recorded outcome differs from the ordering rule");
}

TEST_F(CheckHistoryTest, AnOlderAttemptIsSuperseded) {
  story_.Pending("p2", 2);
  const Called late = story_.Call("r1", 1, "success");
  Story wrong = story_;
  wrong.Accept(late).Post();
  ExpectBad(wrong, "I3", "the recorded outcome differs");

  story_.Add(late).Record(late, How::kSuperseded);
  story_.Answer(late, How::kSuperseded, 1).Post();
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, ANewReportIsNotSuperseded) {
  story_.Pending("p1", 1).Post();
  const Called newer = story_.Call("p2", 2);
  story_.Add(newer).Record(newer, How::kSuperseded);
  ExpectBad(story_, "I3", "the recorded outcome differs");
}

TEST_F(CheckHistoryTest, ANumberedResultOnlyGetsWorse) {
  story_.Result("r1", 1, "error");
  Story wrong = story_;
  wrong.Accept(story_.Call("x1", 1, "success")).Post();
  ExpectBad(wrong, "I10", "the recorded outcome differs");

  Story hidden = story_;
  const Called worse = hidden.Call("x2", 1, "failure");
  hidden.Add(worse).Record(worse, How::kSuperseded).Post();
  ExpectBad(hidden, "I10", "the recorded outcome differs");

  Called failure = story_.Call("x3", 1, "failure");
  const Called better = story_.Call("x4", 1, "success");
  story_.Accept(failure).Post().Add(better).Record(better, How::kSuperseded);
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, NumbersOfTwoSeriesAreNotCompared) {
  Called other = story_.Call("x1", 12, "failure");
  other.series = "nightly";
  Story wrong = story_;
  wrong.Result("r1", 300).Add(other).Record(other, How::kSuperseded).Post();
  ExpectBad(wrong, "I10", "the recorded outcome differs");

  story_.Result("r1", 300).Accept(other).Post();
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, ALatePendingDoesNotReplaceAResult) {
  story_.Result("r1", 1).Accept(story_.Call("p1", 1)).Post();
  ExpectBad(story_, "I10", "the recorded outcome differs");
}

TEST_F(CheckHistoryTest, OnlyAPendingExpires) {
  const Content error = {"error", "No result within 6h", ""};
  Recorded expiry;
  expiry.name = story_.name();
  expiry.sequence = 2;
  expiry.content = error;
  expiry.time = story_.now() + absl::Hours(7);

  Story good;
  good.Pending("p1", 1).Post();
  good.recorded().push_back(expiry);
  good.HoldContent(error);
  good.Post(error);
  ExpectGood(good);

  Story bad;
  bad.Result("r1", 0).Post();
  bad.recorded().push_back(expiry);
  bad.HoldContent(error);
  bad.Post(error);
  ExpectBad(bad, "I3", "the recorded outcome differs");
}

TEST_F(CheckHistoryTest, APendingExpiresInItsTimeAndNotSoonAfterAStart) {
  const Content error = {"error", "No result within 6h", ""};
  story_.Pending("p1", 1).Post();
  Recorded expiry = story_.recorded()[0];
  expiry.sequence = 2;
  expiry.content = error;
  const absl::Time due = expiry.time + absl::Hours(6);
  const auto told = [&](absl::Time when) {
    Story story = story_;
    expiry.time = when;
    story.recorded().push_back(expiry);
    story.HoldContent(error);
    story.Post(error);
    return story;
  };
  ExpectGood(told(due));
  ExpectBad(told(due - absl::Seconds(1)), "I3", "expired too early");
  Story set = told(due - absl::Seconds(1));
  set.Add(ClockSet{story_.now(), absl::Hours(1)});
  ExpectGood(set);
  Story started = told(due);
  started.Add(Started{due - absl::Minutes(9)});
  ExpectBad(started, "I3", "so soon after a start");
}

TEST_F(CheckHistoryTest, ARenewalCanBringAnExpiryForward) {
  const Content error = {"error", "No result within 5 min", ""};
  story_.Pending("p1", 1).Post();
  Called again = story_.Call("p1", 1);
  again.expires_after = absl::Minutes(15);
  story_.Add(again).Answer(again, How::kUnchanged, 1);
  Recorded expiry = story_.recorded()[0];
  expiry.sequence = 2;
  expiry.content = error;
  expiry.time = again.time + absl::Minutes(15);
  story_.recorded().push_back(expiry);
  story_.HoldContent(error);
  story_.Post(error);
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, ADeliveryTakesEffectOnce) {
  Called first = story_.Call("d1", 0);
  first.delivery_id = "d-1";
  first.rerun = true;
  story_.Add(first).Record(first).Answer(first, How::kAccepted, 1).Post();
  story_.Result("r1", 0).Post();
  story_.Add(first).Record(first).Answer(first, How::kAccepted, 3).Post();
  ExpectBad(story_, "I22", "took effect twice");
}

TEST_F(CheckHistoryTest, AnAnswerSaysWhatTheRuleSays) {
  story_.Pending("p1", 1).Post();
  const Called newer = story_.Call("p2", 2);
  story_.Add(newer);
  for (const How how : {How::kUnchanged, How::kSuperseded}) {
    Story wrong = story_;
    wrong.Answer(newer, how, 1);
    ExpectBad(wrong, "I3", "the answer differs from the ordering rule");
  }
}

TEST_F(CheckHistoryTest, ARepetitionIsUnchanged) {
  story_.Pending("p1", 1).Post();
  const Called again = story_.Call("p1", 1);
  story_.Add(again).Answer(again, How::kUnchanged, 1);
  ExpectGood(story_);
}

// The answer tells of the held report, which may be newer than the delivery.
TEST_F(CheckHistoryTest, ADeliveryThatCameAgainTellsWhatIsHeld) {
  Called first = story_.Call("Waiting", 0);
  first.delivery_id = "d-1";
  story_.Accept(first).Post();
  story_.Pending("p2", 2).Post();
  Called again = first;
  again.call = 77;
  story_.Add(again).Answer(again, How::kUnchanged, 2);
  ExpectGood(story_);

  Called another = again;
  another.call = 78;
  another.delivery_id = "d-2";
  story_.Add(another).Answer(another, How::kUnchanged, 2);
  ExpectBad(story_, "I3", "the answer differs from the ordering rule");
}

TEST_F(CheckHistoryTest, ARefusalMeansNothing) {
  story_.Pending("p1", 1).Post();
  const Called refused = story_.Call("p2", 2);
  story_.Add(refused).Answer(refused, How::kRefused, 0);
  ExpectGood(story_);
}

// I4: callers hear of success only with an ack.

TEST_F(CheckHistoryTest, WhatWasPromisedIsRecorded) {
  story_.Pending("p1", 1);
  const Called promised = story_.Call("r1", 1, "success");
  story_.Add(promised).Answer(promised, How::kPromised, 0);
  Story lost = story_;
  lost.Post();
  ExpectBad(lost, "I4", "answered OK, but the record does not have it");

  story_.Record(promised).Post();
  ExpectGood(story_);
  EXPECT_EQ(CheckHistory(story_.Events()).checked.acked, 2);
}

TEST_F(CheckHistoryTest, APromiseIsKeptByWhatSaysTheSameOrMore) {
  story_.Result("r2", 2).Post();
  for (const char* result : {"", "success"}) {
    const Called late = story_.Call("late", 1, result);
    story_.Add(late).Answer(late, How::kPromised, 0);
    const Called same = story_.Call("same", 2, "success");
    story_.Add(same).Answer(same, How::kPromised, 0);
  }
  ExpectGood(story_);
}

// I6: at the end GitHub shows the newest report.

TEST_F(CheckHistoryTest, NothingIsStillToDoAtTheEnd) {
  for (const char* posting : {"due", "waiting", "observed", ""}) {
    Story story;
    story.Pending("p1", 1).Post();
    story.Hold(posting, "");
    ExpectBad(story, "I6", absl::StrCat("still ", posting));
  }
}

TEST_F(CheckHistoryTest, GitHubShowsTheNewestAtTheEnd) {
  story_.Pending("p1", 1).Post();
  for (const Content& shown :
       std::vector<Content>{{"pending", "p0", ""},
                            {"success", "p1", ""},
                            {"pending", "p1", "https://elsewhere/"}}) {
    Story story = story_;
    story.Show(shown);
    ExpectBad(story, "I6", "GitHub shows");
  }
  Story nothing = story_;
  nothing.Show({});
  ExpectBad(nothing, "I6", "GitHub shows nothing");
}

// I7: versions rise.

TEST_F(CheckHistoryTest, NothingOlderIsPostedAfterwards) {
  const Called pending = story_.Call("p1", 1);
  const Called result = story_.Call("r1", 1, "success");
  story_.Add(pending).Record(pending).Add(result).Record(result);
  story_.Post(result.content);
  Story good = story_;
  ExpectGood(good);
  story_.Post(pending.content);
  ExpectBad(story_, "I7", "posted sequence 1 after 2");
  ExpectBad(WithoutBegins(story_), "I7", "posted sequence 1 after 2");
}

// If a farm repeats a report after another one, it is posted again.
TEST_F(CheckHistoryTest, WhatIsSaidTwiceMayBePostedTwice) {
  story_.Pending("p1", 0).Post().Result("r1", 0).Post().Pending("p1", 0);
  story_.Post();
  ExpectGood(story_);
  ExpectGood(WithoutBegins(story_));
}

// If the observer cannot see requests, GitHub's list comes last in the log.
TEST_F(CheckHistoryTest, WhatIsSaidTwiceMayBeListedLater) {
  story_.Result("r1", 0);
  const Content first = story_.newest();
  story_.Result("r2", 0, "failure");
  const Content second = story_.newest();
  story_.Result("r1", 0).Pending("p1", 0);
  story_.Apply(first).Apply(second).Apply(first).Apply(story_.newest());
  ExpectGood(story_);
  story_.Apply(second);
  story_.Show(story_.newest());
  ExpectBad(story_, "I7", "posted sequence 2 after 4");
}

TEST_F(CheckHistoryTest, WhatIsSaidTwiceIsNotPostedAThirdTime) {
  story_.Pending("p1", 0).Result("r1", 0).Pending("p1", 0).Result("r2", 0);
  const Content pending = {"pending", "p1", ""};
  story_.Post().Post(pending);
  ExpectBad(WithoutBegins(story_), "I7", "posted sequence 3 after 4");
}

TEST_F(CheckHistoryTest, WhatIsPostedIsInTheRecord) {
  const Called said = story_.Call("p1", 1);
  story_.Add(said).Post(said.content);
  ExpectBad(story_, "I7", "posted what is not in the record");
  ExpectBad(WithoutBegins(story_), "I7", "posted what is not in the record");
}

TEST_F(CheckHistoryTest, WhatIsOvertakenIsNotBegun) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  story_.Result("r1", 1);
  const Content result = story_.newest();
  Story late = story_;
  late.Post(pending).Post(result);
  ExpectBad(late, "I7", "began to post 1 when 2 was acked already");
}

// A post may begin until the newer report is acked.
TEST_F(CheckHistoryTest, WhatIsAboutToBeOvertakenMayBegin) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  const Called result = story_.Call("r1", 1, "success");
  story_.Add(result).Record(result).Begin(pending);
  story_.Answer(result, How::kAccepted, 2);
  story_.Apply(pending).End(201).Post(result.content);
  ExpectGood(story_);
}

// I8: ambiguous posts.

TEST_F(CheckHistoryTest, APostInDoubtIsReadBackAfterTwelveSeconds) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  story_.Begin(pending).EndInDoubt().Pass(absl::Seconds(10));
  Story good = story_;
  good.Ask().End(200).Post();
  ExpectGood(good);

  // A read without information does not count.
  for (const int http_status : {0, 301, 401, 408, 429, 502}) {
    Story unread = story_;
    unread.Ask().End(http_status).Post();
    ExpectBad(unread, "I8", "did not read back in time");
  }
  Story silenced = story_;
  silenced.Ask();
  Ended limited = silenced.Ending(403);
  limited.silent_until = limited.time + absl::Milliseconds(1);
  silenced.Add(limited).Post();
  ExpectBad(silenced, "I8", "did not read back in time");
  // "There is no such commit" is an answer.
  Story gone = story_;
  gone.Ask().End(404).Post();
  ExpectGood(gone);
  Story hasty = story_;
  hasty.Post();
  ExpectBad(hasty, "I8", "did not read back in time");
}

// A read of a commit shows all its statuses, and none of another commit.
TEST_F(CheckHistoryTest, AReadEndsTheDoubtsOfItsCommit) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest()).EndInDoubt().Pass(absl::Seconds(12));
  Story sibling = story_;
  Began read = {90, story_.now(), std::nullopt, story_.name(), false, "token"};
  Ended end;
  end.exchange = 90;
  end.time = story_.now();
  end.http_status = 200;
  read.name->context = "zz/another";
  sibling.Add(read).Add(end).Post();
  ExpectGood(sibling);
  for (const bool other_sha : {false, true}) {
    Story foreign = story_;
    read.name = story_.name();
    (other_sha ? read.name->sha : read.name->repository).back() = 'b';
    foreign.Add(read).Add(end).Post();
    ExpectBad(foreign, "I8", "did not read back in time");
  }
}

TEST_F(CheckHistoryTest, AReadTooEarlyEndsNoDoubt) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest()).EndInDoubt().Pass(absl::Seconds(9));
  story_.Ask().End(200).Post();
  // The read began 11 s after the post.
  ExpectBad(story_, "I8", "posted 13s after an ambiguous post");
}

TEST_F(CheckHistoryTest, AProcessThatDiesLeavesItsPostsInDoubt) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest());
  story_.Add(Crashed{story_.now()}).Add(Started{story_.now()});
  Story good = story_;
  good.Pass(absl::Seconds(12)).Ask().End(200).Post();
  ExpectGood(good);
  EXPECT_EQ(CheckHistory(good.Events()).checked.crashes, 1);

  Story unread = story_;
  unread.Pass(absl::Seconds(12)).Post();
  ExpectBad(unread, "I8", "did not read back in time");
  Story early = story_;
  early.Pass(absl::Seconds(8)).Ask().End(200).Post();
  ExpectBad(early, "I8", "posted 11s after");
}

TEST_F(CheckHistoryTest, AProcessThatDiesWhileItAsksLeavesNoDoubt) {
  story_.Pending("p1", 1).Ask();
  story_.Add(Crashed{story_.now()}).Add(Started{story_.now()});
  story_.Post();
  ExpectGood(story_);
}

// A running process uses a steady clock. A new one has only wall-clock times
// from disk, which do not measure twelve seconds after a jump.
TEST_F(CheckHistoryTest, AfterTheClockWasSetTheNextProcessReadsBackAtAnyTime) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest()).EndInDoubt();
  story_.Add(ClockSet{story_.now(), absl::Hours(1)});
  Story early = story_;
  early.Ask().End(200).Post();
  ExpectBad(early, "I8", "posted 4s after");
  story_.Add(Crashed{story_.now()}).Add(Started{story_.now()});
  Story good = story_;
  good.Ask().End(200).Post();
  ExpectGood(good);
  story_.Post();
  ExpectBad(story_, "I8", "did not read back in time");
}

// Another process cannot know what becomes of them.
TEST_F(CheckHistoryTest, AFrozenProcessLeavesItsPostsInDoubt) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  story_.Begin(pending);
  const int64_t late = story_.last_exchange();
  story_.Add(Frozen{story_.now(), ""}).Add(TermBegan{story_.now(), "other"});
  story_.By("other").Result("r1", 1).Pass(absl::Seconds(12));
  Story unread = story_;
  unread.Post();
  ExpectBad(unread, "I8", "did not read back in time");
  story_.Ask().End(200).Post();
  ExpectGood(story_);

  // It goes on, and what it sends hides the newer report.
  Ended end = story_.Ending(201);
  end.exchange = late;
  story_.Add(Applied{0, story_.now(), story_.name(), pending}).Add(end);
  Story repaired = story_;
  repaired.Pass(absl::Seconds(12)).Ask().End(200).Post();
  ExpectGood(repaired);
  story_.Show(pending);
  ExpectBad(story_, "I6", "GitHub shows pending");
}

TEST_F(CheckHistoryTest, AFrozenProcessCanLearnTheEndLater) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest());
  story_.Add(Frozen{story_.now(), ""}).Pass(absl::Minutes(1));
  Story lost = story_;
  lost.EndInDoubt().Result("r1", 1).Post();
  ExpectBad(lost, "I8", "did not read back in time");
  story_.End(201).Result("r1", 1).Post();
  ExpectGood(story_);
}

// I26: one process has the term.

TEST_F(CheckHistoryTest, AProcessBeginsLittleAfterAnothersTermBegan) {
  story_.Pending("p1", 1).Add(TermBegan{story_.now(), "other"});
  Story soon = story_;
  soon.Pass(absl::Seconds(28)).Post();
  ExpectGood(soon);
  story_.Pass(absl::Seconds(30));
  Story late = story_;
  late.Post();
  ExpectBad(late, "I26", "began 31s after another process got the term");
  Story other = story_;
  other.By("other").Post();
  ExpectGood(other);
  // They share the machine.
  story_.Add(Crashed{story_.now()}).Add(Started{story_.now()}).Post();
  ExpectGood(story_);
}

// I9: one post at a time.

TEST_F(CheckHistoryTest, OneRequestOfAStatusIsInFlight) {
  story_.Pending("p1", 1);
  const Content content = story_.newest();
  story_.Begin(content).Begin(content);
  Ended first = story_.Ending(201);
  first.exchange = 1;
  story_.Add(first);
  // The first has ended above; this ends the second.
  const std::vector<Event> events = [&] {
    Story story = story_;
    story.End(201);
    return story.Events();
  }();
  ExpectBad(events, "I9", "began while ^1 was in flight");
}

TEST_F(CheckHistoryTest, RequestsOfTwoStatusesOverlap) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest());
  Began other = {90, story_.now(), std::nullopt, story_.name(), false, "token"};
  other.name->context = "ci/other";
  story_.Add(other);
  Began nameless = {91,           story_.now(), std::nullopt,
                    std::nullopt, false,        "token"};
  story_.Add(nameless).End(201);
  ExpectGood(story_);
}

// I11: no identical posts, no pendings near GitHub's limit.

TEST_F(CheckHistoryTest, WhatGitHubShowsIsNotPostedAgain) {
  story_.Pending("p1", 1).Post().Post();
  ExpectBad(story_, "I11", "posted what GitHub shows");
}

TEST_F(CheckHistoryTest, ARefusedPostIsRepeated) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest()).End(422, "no_commit").Post();
  ExpectGood(story_);
}

// The answer was lost, and the read showed another content, so the report must
// be posted again.
TEST_F(CheckHistoryTest, WhatMayHaveBeenReplacedIsPostedAgain) {
  const Called older = story_.Call("p1", 1);
  story_.Add(older).Record(older);
  story_.Begin(older.content).EndInDoubt();
  story_.Answer(older, How::kAccepted, 1);
  story_.Pass(absl::Seconds(12)).Ask().End(200).Post();
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, PendingsStopAt950) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  for (int i = 0; i < 949; ++i) story_.Apply({"success", "foreign", ""});
  Story good = story_;
  good.Post();
  ExpectGood(good);
  story_.Apply({"success", "foreign", ""});
  Story result = story_;
  result.Result("r1", 1).Post();
  ExpectGood(result);
  story_.Post();
  ExpectBad(story_, "I11", "posted a pending after 950");
}

TEST_F(CheckHistoryTest, PendingsStopAt950WithoutBegins) {
  for (int64_t i = 1; i <= 475; ++i) {
    story_.Pending(absl::StrCat("p", i), i).Post();
    story_.Result(absl::StrCat("r", i), i).Post();
  }
  Story result = story_;
  result.Result("r476", 476).Post();
  ExpectGood(WithoutBegins(result));
  story_.Pending("p476", 476).Post();
  ExpectBad(WithoutBegins(story_), "I11", "posted a pending after 950");
}

// GitHub refuses `times` posts, because it does not have the commit.
void Refuse(int times, const Content& posted, Story* story) {
  for (int i = 0; i < times; ++i) story->Begin(posted).End(422, "no_commit");
}

// I12: refused posts.

TEST_F(CheckHistoryTest, WhatIsAbandonedWasRefusedAndSaysWhy) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  Story refused = story_;
  refused.Begin(pending).End(422, "other");
  refused.Show({});
  refused.Hold("abandoned", "INVALID");
  ExpectGood(refused);
  refused.Hold("abandoned", "");
  ExpectBad(refused, "I12", "abandoned without a reason");

  story_.Post().Hold("abandoned", "INVALID");
  ExpectBad(story_, "I12", "abandoned, but GitHub never refused it");
  // This observer cannot see refusals.
  ExpectGood(WithoutBegins(story_));
}

TEST_F(CheckHistoryTest, AFullStatusIsAbandonedUnasked) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest()).EndInDoubt();
  for (int i = 0; i < 949; ++i) story_.Apply({"success", "foreign", ""});
  story_.Hold("abandoned", "STATUS_LIMIT");
  ExpectBad(story_, "I12", "abandoned, but GitHub never refused it");
  story_.Apply({"success", "foreign", ""});
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, RefusedTriesAreFew) {
  for (const auto& [refusal, most] : std::vector<std::pair<std::string, int>>{
           {"other", 4}, {"no_commit", 6}}) {
    Story story;
    story.Pending("p1", 1);
    const Content pending = story.newest();
    for (int i = 0; i < most; ++i) story.Begin(pending).End(422, refusal);
    story.Show({});
    story.Hold("abandoned", "REFUSED");
    ExpectGood(story);

    Story revived = story;
    revived.Add(Revived{revived.now(), revived.name()});
    revived.Begin(pending).End(422, refusal);
    ExpectGood(revived);

    Story heard = story;
    heard.Pass(absl::Seconds(10)).Add(Heard{1, heard.now()});
    heard.Begin(pending).End(422, refusal);
    ExpectGood(heard);

    Story newer = story;
    newer.Pending("p2", 2);
    newer.Begin(newer.newest()).End(422, refusal);
    ExpectGood(newer);

    // The process can forget its last try.
    Story killed = story;
    killed.Add(Crashed{killed.now()});
    killed.Begin(pending).End(422, refusal);
    ExpectGood(killed);
    killed.Begin(pending).End(422, refusal);
    ExpectBad(killed, "I12", absl::StrCat("refused ", most + 2, " times"));

    story.Begin(pending).End(422, refusal);
    ExpectBad(story, "I12", absl::StrCat("refused ", most + 1, " times"));
  }
}

TEST_F(CheckHistoryTest, ARedirectThatLeadsNowhereIsAnotherRefusal) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  Refuse(6, pending, &story_);
  story_.Begin(pending).End(307, "redirect");
  Story sent_on = story_;
  Ended end;
  end.exchange = 90;
  end.time = sent_on.now();
  end.http_status = 422;
  end.refusal = "no_commit";
  sent_on.Add(
      Began{90, sent_on.now(), pending, sent_on.name(), false, "token"});
  sent_on.Add(end);
  ExpectBad(sent_on, "I12", "refused 7 times");
  story_.Begin(pending).End(422, "no_commit");
  story_.Show({});
  story_.Hold("abandoned", "REFUSED");
  ExpectGood(story_);
}

// GitHub would refuse the other posts, too.
TEST_F(CheckHistoryTest, ARefusedRepositoryIsProbedNowAndThen) {
  story_.Pending("p1", 1);
  story_.Begin(story_.newest()).End(404, "repository");
  Story patient = story_;
  patient.Pass(absl::Seconds(10)).Post();
  ExpectGood(patient);
  for (int i = 0; i < 20; ++i) {
    patient.Pass(absl::Seconds(10));
    patient.Pending(absl::StrCat("p", 2 + i), 2 + i);
    patient.Begin(patient.newest()).End(404, "repository");
  }
  patient.Pass(absl::Seconds(10)).Post();
  ExpectGood(patient);

  // One was leased before.
  Story under_way = story_;
  under_way.Begin(under_way.newest()).End(404, "repository");
  Story hasty = under_way;
  under_way.Pass(absl::Seconds(10)).Post();
  ExpectGood(under_way);
  hasty.Post();
  ExpectBad(hasty, "I12", "after GitHub refused the repository");
  Story died = story_;
  died.Add(Crashed{died.now()}).Add(Started{died.now()}).Post();
  ExpectGood(died);

  story_.Hold("abandoned", "REPOSITORY_NOT_FOUND");
  story_.Show({});
  ExpectBad(story_, "I12", "abandoned too early");
}

TEST_F(CheckHistoryTest, WhatIsTakenOrReadFreesTheRepository) {
  for (const int http_status : {201, 422}) {
    Story story;
    story.Pending("p1", 1);
    const Content pending = story.newest();
    story.Begin(pending).End(404, "repository").Pass(absl::Seconds(10));
    story.Begin(pending);
    if (http_status == 201) story.Apply(pending);
    story.End(http_status, http_status == 422 ? "other" : "");
    story.Result("r1", 1).Post();
    ExpectGood(story);
  }
}

// Each delivery can revive the status, or restart the wait for the commit.
TEST_F(CheckHistoryTest, EachDeliveryOfACommitIsANewChance) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  Called delivery = story_.Call("p2", 1);
  delivery.name.context = "ci/other";
  delivery.delivery_id = "delivery";
  Refuse(6, pending, &story_);
  delivery.time = story_.now();
  story_.Add(delivery);
  Refuse(6, pending, &story_);
  story_.Add(Heard{delivery.call, story_.now()});
  Refuse(6, pending, &story_);
  Story story = story_;
  story.Show({});
  story.Hold("abandoned", "REFUSED");
  ExpectGood(story);
  story_.Begin(pending).End(422, "no_commit");
  ExpectBad(story_, "I12", "refused 19 times");
}

// A report soon after another does not count.
TEST_F(CheckHistoryTest, ReportsAreNewChancesNowAndThen) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  Refuse(6, pending, &story_);
  story_.Add(Heard{1, story_.now()});
  for (int i = 0; i < 4; ++i) story_.Add(Heard{1, story_.now()});
  Refuse(6, pending, &story_);
  Story story = story_;
  story.Show({});
  story.Hold("abandoned", "REFUSED");
  ExpectGood(story);
  story_.Begin(pending).End(422, "no_commit");
  ExpectBad(story_, "I12", "refused 13 times");
}

TEST_F(CheckHistoryTest, ARepeatedReportIsANewChance) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  for (int i = 0; i < 4; ++i) story_.Begin(pending).End(422, "other");
  const Called again = story_.Call("p1", 1);
  story_.Pass(absl::Seconds(10));
  Called later = again;
  later.time = story_.now();
  story_.Add(later).Answer(later, How::kUnchanged, 1);
  story_.Begin(pending).End(422, "other");
  story_.Show({});
  story_.Hold("abandoned", "REFUSED");
  ExpectGood(story_);
}

TEST_F(CheckHistoryTest, ARedirectIsNoRefusalToCount) {
  story_.Pending("p1", 1);
  for (int i = 0; i < 8; ++i)
    story_.Begin(story_.newest()).End(301, "redirect");
  story_.Show({});
  story_.Hold("abandoned", "REDIRECTED");
  ExpectGood(story_);
}

// A post that began in time is forwarded to the repository's new place.
TEST_F(CheckHistoryTest, ARedirectIsFollowedAtOnce) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  const Called result = story_.Call("r1", 1, "success");
  story_.Add(result).Record(result).Begin(pending);
  story_.Answer(result, How::kAccepted, 2).End(301, "redirect");
  const Began on = {90, story_.now(), pending, story_.name(), false, "token"};
  Ended end;
  end.exchange = 90;
  end.time = story_.now();
  end.http_status = 201;
  Story good = story_;
  good.Add(on).Apply(pending).Add(end).Post(result.content);
  ExpectGood(good);
  Began late = on;
  late.time += absl::Milliseconds(51);
  story_.Add(late).Apply(pending).Add(end).Post(result.content);
  ExpectBad(story_, "I7", "began to post 1 when 2 was acked already");
}

// After a clock jump the server can believe that it lost a lease.
TEST_F(CheckHistoryTest, ASetClockExcusesOneMoreRefusal) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  story_.Add(ClockSet{story_.now(), absl::Hours(1)});
  for (int i = 0; i < 5; ++i) story_.Begin(pending).End(422, "other");
  story_.Show({});
  story_.Hold("abandoned", "REFUSED");
  ExpectGood(story_);
  story_.Begin(pending).End(422, "other");
  ExpectBad(story_, "I12", "refused 6 times");
}

TEST_F(CheckHistoryTest, TriesAreNotHot) {
  const auto told = [](int count, absl::Duration apart) {
    Story story;
    story.Pending("p1", 1);
    for (int i = 0; i < count; ++i) {
      story.Begin(story.newest()).End(500);
      story.Pass(apart - absl::Seconds(2));
    }
    story.Begin(story.newest()).End(201);
    return story;
  };
  ExpectGood(told(29, absl::Milliseconds(1900)));
  ExpectBad(told(30, absl::Milliseconds(1900)), "I12", "more than 30 tries");
  ExpectGood(told(100, absl::Seconds(2)));
}

// I13: GitHub's limits.

TEST_F(CheckHistoryTest, NothingIsSentWhileGitHubWantsSilence) {
  story_.Pending("p1", 1);
  const Content pending = story_.newest();
  story_.Begin(pending);
  Ended end = story_.Ending(429);
  end.silent_until = end.time + absl::Seconds(60);
  story_.Add(end);

  Story patient = story_;
  patient.Pass(absl::Seconds(59)).Post();
  ExpectGood(patient);
  Story hasty = story_;
  hasty.Pass(absl::Seconds(58)).Post();
  ExpectBad(hasty, "I13", "although GitHub asked for a pause");

  // Another credential is free.
  Began other = {90,           story_.now(), std::nullopt,
                 std::nullopt, false,        "another"};
  Story elsewhere = story_;
  elsewhere.Add(other).Pass(absl::Seconds(59)).Post();
  ExpectGood(elsewhere);
  // A request for the budget is allowed.
  Began budget = {91, story_.now(), std::nullopt, std::nullopt, true, "token"};
  Story asking = story_;
  asking.Add(budget).Pass(absl::Seconds(59)).Post();
  ExpectGood(asking);
  budget.is_budget = false;
  asking = story_;
  asking.Add(budget).Pass(absl::Seconds(59)).Post();
  ExpectBad(asking, "I13", "although GitHub asked for a pause");
}

TEST_F(CheckHistoryTest, AShorterSilenceDoesNotEndALonger) {
  Began ask = {90, story_.now(), std::nullopt, std::nullopt, false, "token"};
  Began second = ask;
  second.exchange = 91;
  story_.Add(ask).Add(second);
  Ended end;
  end.time = story_.now();
  end.exchange = 90;
  end.silent_until = end.time + absl::Hours(1);
  story_.Add(end);
  end.exchange = 91;
  end.silent_until = end.time + absl::Seconds(2);
  story_.Add(end).Pending("p1", 1).Post();
  ExpectBad(story_, "I13", "although GitHub asked for a pause");
}

// What GitHub said is on disk by then, unless it was said just before.
TEST_F(CheckHistoryTest, SilenceOutlivesTheProcess) {
  struct Case {
    const char* what;
    bool remembered;
  };
  for (const Case& c : std::vector<Case>{{"plain", true},
                                         {"at once", false},
                                         {"disk trouble", false},
                                         {"disk trouble before", true},
                                         {"disk trouble over", false},
                                         {"clock", false},
                                         {"clock before", true}}) {
    SCOPED_TRACE(c.what);
    const std::string what = c.what;
    Story story;
    story.Pending("p1", 1);
    if (what == "disk trouble before") {
      story.Add(DiskTrouble{story.now(), false});
      story.Add(DiskTrouble{story.now(), true});
    }
    if (what == "clock before") {
      story.Add(ClockSet{story.now(), absl::Hours(1)});
    }
    story.Begin(story.newest());
    Ended end = story.Ending(429);
    end.silent_until = end.time + absl::Hours(1);
    story.Add(end);
    if (what != "at once") story.Pass(absl::Milliseconds(1101));
    if (what == "disk trouble" || what == "disk trouble over") {
      story.Add(DiskTrouble{story.now(), false});
    }
    if (what == "disk trouble over") {
      story.Add(DiskTrouble{story.now(), true});
    }
    if (what == "clock") story.Add(ClockSet{story.now(), absl::Hours(1)});
    story.Add(Crashed{story.now()}).Add(Started{story.now()}).Post();
    if (c.remembered) {
      ExpectBad(story, "I13", "although GitHub asked for a pause");
    } else {
      ExpectGood(story);
    }
  }
}

TEST_F(CheckHistoryTest, PendingsLeaveATenthOfTheBudgetForResults) {
  const auto told = [](int remaining, absl::Duration reset_after,
                       const std::string& result, bool crash) {
    Story story;
    story.Pending("p1", 1).Begin(story.newest()).Apply(story.newest());
    Ended end = story.Ending(201);
    end.remaining = remaining;
    end.limit = 5000;
    end.reset_time = end.time + reset_after;
    story.Add(end);
    if (crash) story.Add(Crashed{story.now()});
    if (result.empty()) {
      story.Pending("p2", 2);
    } else {
      story.Result("r2", 2, result);
    }
    return story.Post();
  };
  ExpectBad(told(499, absl::Hours(1), "", false), "I13",
            "a pending used the reserve for results (499 of 5000)");
  ExpectBad(told(0, absl::Hours(1), "", false), "I13", "(0 of 5000)");
  ExpectGood(told(500, absl::Hours(1), "", false));
  ExpectGood(told(499, absl::Hours(1), "success", false));
  ExpectGood(told(499, absl::Seconds(1), "", false));
  // After a restart, the server must learn the budget again.
  ExpectGood(told(499, absl::Hours(1), "", true));
}

// I20: only what a caller was allowed to report.

TEST_F(CheckHistoryTest, OnlyWhatIsGrantedIsAcked) {
  Called foreign = story_.Call("p1", 1);
  foreign.caller = "stranger";
  story_.Add(foreign).Answer(foreign, How::kSuperseded, 0);
  const std::vector<Violation> found = CheckHistory(story_.Events()).violations;
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].invariant, "I20");
  EXPECT_THAT(found[0].what, HasSubstr("acked what stranger may not report"));

  Story refused;
  refused.Add(Granted{"farm", "acme/*", "ci/*"});
  Called call = refused.Call("p1", 1);
  call.caller = "stranger";
  refused.Add(call).Answer(call, How::kRefused, 0);
  ExpectGood(refused);
}

TEST_F(CheckHistoryTest, OnlyWhatIsGrantedIsRecordedAndPosted) {
  Called foreign = story_.Call("p1", 1);
  foreign.caller = "stranger";
  story_.Add(foreign).Record(foreign);
  Story posted = story_;
  posted.Post();
  std::vector<std::string> whats;
  for (const Violation& violation : CheckHistory(posted.Events()).violations) {
    EXPECT_EQ(violation.invariant, "I20");
    whats.push_back(violation.what);
  }
  EXPECT_THAT(whats,
              testing::UnorderedElementsAre(
                  HasSubstr("recorded what stranger may not report"),
                  HasSubstr("posted what no caller was allowed to report")));

  story_.Hold("abandoned", "WHY");
  ExpectBad(WithoutBegins(story_), "I20", "recorded what stranger may not");
}

TEST_F(CheckHistoryTest, GrantsArePatterns) {
  struct Case {
    const char* repository;
    const char* context;
    bool fits;
  };
  for (const Case& c :
       {Case{"acme/app", "ci/build", true}, Case{"acme/*", "*", true},
        Case{"*", "ci/*", true}, Case{"acme/ap", "ci/build", false},
        Case{"acme/app", "ci/buil", false}, Case{"other/*", "ci/*", false},
        Case{"acme/*", "lint/*", false}}) {
    SCOPED_TRACE(absl::StrCat(c.repository, " ", c.context));
    Story story;
    story.Add(Granted{"farm", c.repository, c.context});
    const Called call = story.Call("p1", 1);
    story.Add(call).Record(call);
    story.Hold("abandoned", "WHY");
    if (c.fits) {
      ExpectGood(story);
    } else {
      ExpectBad(story, "I20", "recorded what farm may not report");
    }
  }
}

TEST_F(CheckHistoryTest, NothingIsPostedThatNobodySaid) {
  story_.Pending("p1", 1).Post();
  for (const Content& invented :
       std::vector<Content>{{"success", "p1", ""},
                            {"pending", "p1", "https://elsewhere/"},
                            {"error", "Something else", ""}}) {
    Story story = story_;
    story.Post(invented);
    for (const std::vector<Event>& events :
         {story.Events(), WithoutBegins(story)}) {
      const std::vector<Violation> found = CheckHistory(events).violations;
      // It is not in the record, either.
      ASSERT_EQ(found.size(), 2u);
      EXPECT_EQ(found[0].invariant, "I20");
      EXPECT_EQ(found[1].invariant, "I7");
    }
  }
}

// Only equal events have equal lines: logs are compared by them.
TEST_F(CheckHistoryTest, LinesTellEventsApart) {
  const Called call = story_.Call("p1", 1);
  std::vector<Event> events = {call};
  Called other = call;
  other.content.target_url = "https://ci/";
  events.push_back(other);
  other = call;
  other.rerun = true;
  events.push_back(other);
  other = call;
  other.result = "success";
  events.push_back(other);
  events.push_back(Answered{1, story_.now(), How::kAccepted, 1});
  events.push_back(Answered{1, story_.now(), How::kPromised, 1});
  events.push_back(Answered{1, story_.now(), How::kAccepted, 2});
  events.push_back(
      Began{1, story_.now(), std::nullopt, std::nullopt, false, "token"});
  events.push_back(
      Began{1, story_.now(), std::nullopt, std::nullopt, true, "token"});
  events.push_back(
      Began{1, story_.now(), call.content, story_.name(), false, "token"});
  events.push_back(Began{1, story_.now(), call.content, story_.name(), false,
                         "token", "other"});
  for (const char* server : {"", "other"}) {
    events.push_back(Frozen{story_.now(), server});
    events.push_back(TermBegan{story_.now(), server});
  }
  events.push_back(Showed{story_.name(), call.content});
  events.push_back(Applied{1, story_.now(), story_.name(), call.content});
  events.push_back(DiskTrouble{story_.now(), false});
  events.push_back(DiskTrouble{story_.now(), true});
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(LineOf(events[i]), LineOf(Event(events[i])));
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(LineOf(events[i]), LineOf(events[j]));
    }
  }
}

}  // namespace
}  // namespace signalbox::history
