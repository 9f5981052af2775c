#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_repositories.h"

namespace signalbox {

// What the writer keeps in memory between transactions.
struct SqliteWriterState {
  explicit SqliteWriterState(
      std::function<std::string(const Repository&)> lane_of)
      : repositories(std::move(lane_of)) {}

  SqliteRepositories repositories;
  // The last number given; one count for the whole server, in commit order.
  int64_t sequence = 0;

  // Behind which row the next batch of what is forgotten begins.
  struct {
    std::pair<int64_t, int64_t> commit = {-1, 0};  // Sequence, key.
    std::pair<int64_t, int64_t> pull_request = {0, 0};
  } retention;
};

// Accepts one submission within the open transaction of `connection`, as
// Outbox::Accept says. A submission that is refused leaves no trace.
Outcome AcceptSubmission(SqliteConnection* connection, SqliteWriterState* state,
                         const Submission& submission,
                         absl::Duration pending_settle,
                         absl::Time oldest_delivery, absl::Time now);

// Forgets some of the deliveries accepted before `oldest_delivery`: at most
// `limit`, those that came first.
void ForgetDeliveries(SqliteConnection* connection, absl::Time oldest_delivery,
                      int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
