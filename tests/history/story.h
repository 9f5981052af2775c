#ifndef SIGNALBOX_TESTS_HISTORY_STORY_H_
#define SIGNALBOX_TESTS_HISTORY_STORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "tests/history/history.h"

namespace signalbox::history {

// Builds small histories of one status, for tests of CheckHistory. By default
// everything goes well: the server accepts calls, GitHub answers posts with
// 201, and at the end the newest report is held, posted and shown. A test adds
// what goes wrong. Each step takes a second.
class Story {
 public:
  using How = Answered::How;

  const StatusName& name() const { return name_; }
  absl::Time now() const { return now_; }
  int64_t last_exchange() const { return exchange_; }

  // Lets time pass without an event.
  Story& Pass(absl::Duration duration) {
    now_ += duration;
    return *this;
  }

  // Makes a caller's report with this description, but does not add it. Empty
  // `result`: a pending.
  Called Call(const std::string& description, int64_t attempt,
              const std::string& result = "") {
    Called call;
    call.call = ++call_;
    call.time = Tick();
    call.caller = "farm";
    call.name = name_;
    call.content = {result.empty() ? "pending" : result, description, ""};
    call.result = result;
    call.attempt = attempt;
    return call;
  }

  // Adds any event.
  Story& Add(Event event) {
    events_.push_back(std::move(event));
    return *this;
  }

  // The caller learns this outcome.
  Story& Answer(const Called& call, How how, int64_t sequence) {
    return Add(Answered{call.call, Tick(), how, sequence});
  }

  // Adds the call to the server's record at the end. If accepted, it is the
  // newest report, with the next sequence.
  Story& Record(const Called& call, How how = How::kAccepted) {
    Recorded row;
    row.name = call.name;
    row.sequence = how == How::kAccepted ? ++sequence_ : 0;
    row.time = now_;
    row.how = how;
    row.content = call.content;
    row.attempt = call.attempt;
    row.series = call.series;
    row.caller = call.caller;
    row.delivery_id = call.delivery_id;
    recorded_.push_back(row);
    if (how == How::kAccepted) newest_ = call.content;
    return *this;
  }

  // A whole call: added, recorded and answered with kAccepted.
  Story& Accept(const Called& call) {
    Add(call);
    Record(call);
    return Answer(call, How::kAccepted, sequence_);
  }
  // A whole call with a pending, or with a result.
  Story& Pending(const std::string& description, int64_t attempt) {
    return Accept(Call(description, attempt));
  }
  Story& Result(const std::string& description, int64_t attempt,
                const std::string& result = "success") {
    return Accept(Call(description, attempt, result));
  }

  // This process (see Began::server) begins the requests from now on.
  Story& By(const std::string& server) {
    server_ = server;
    return *this;
  }

  // The server begins to post `content`.
  Story& Begin(Content content) {
    return Add(Began{++exchange_, Tick(), std::move(content), name_, false,
                     "token", server_});
  }
  // The server begins to read what GitHub shows.
  Story& Ask() {
    return Add(Began{++exchange_, Tick(), std::nullopt, name_, false, "token",
                     server_});
  }
  // GitHub creates the status of the last request that began.
  Story& Apply(Content content) {
    return Add(Applied{exchange_, Tick(), name_, std::move(content)});
  }
  // Makes the end of the last request, but does not add it.
  Ended Ending(int http_status) {
    Ended end;
    end.exchange = exchange_;
    end.time = Tick();
    end.http_status = http_status;
    return end;
  }
  // The last request ends with this answer; `refusal` as in Ended.
  Story& End(int http_status, const std::string& refusal = "") {
    Ended end = Ending(http_status);
    end.refusal = refusal;
    return Add(end);
  }
  // The last request ends without an answer, so its effect is unknown.
  Story& EndInDoubt() {
    Ended end = Ending(0);
    end.in_doubt = true;
    return Add(end);
  }
  // A whole post of the newest report, or of another content.
  Story& Post() { return Post(newest_); }
  Story& Post(const Content& content) {
    return Begin(content).Apply(content).End(201);
  }

  Content newest() const { return newest_; }
  // The server's record at the end, which a test may change.
  std::vector<Recorded>& recorded() { return recorded_; }
  // These change the end: the state and reason of posting, what the server
  // holds, what GitHub shows, and that the server has forgotten the status.
  void Hold(const std::string& posting, const std::string& reason) {
    posting_ = posting;
    reason_ = reason;
  }
  void HoldContent(Content content) { newest_ = std::move(content); }
  void Show(Content content) { showed_ = std::move(content); }
  void ForgetAtTheEnd() { is_known_ = false; }

  // The history so far, then Calm, the record, and the end.
  std::vector<Event> Events() const {
    std::vector<Event> events = events_;
    events.push_back(Calm{now_});
    for (const Recorded& row : recorded_) events.push_back(row);
    if (!is_known_ || recorded_.empty()) return events;
    Held held;
    held.name = name_;
    held.content = newest_;
    held.posting = posting_;
    held.reason = reason_;
    events.push_back(held);
    const Content shown = showed_.value_or(newest_);
    if (!shown.state.empty()) events.push_back(Showed{name_, shown});
    return events;
  }

 private:
  absl::Time Tick() {
    now_ += absl::Seconds(1);
    return now_;
  }

  StatusName name_ = {"acme/app", std::string(40, 'a'), "ci/build"};
  absl::Time now_ = absl::FromUnixSeconds(1700000000);
  int64_t call_ = 0;
  int64_t exchange_ = 0;
  int64_t sequence_ = 0;
  std::vector<Event> events_;
  std::vector<Recorded> recorded_;
  Content newest_;
  std::string server_;
  std::string posting_ = "posted";
  std::string reason_;
  std::optional<Content> showed_;
  bool is_known_ = true;
};

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_STORY_H_
