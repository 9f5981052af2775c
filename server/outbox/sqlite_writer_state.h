#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/base/recent_map.h"
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

  // When each hook was last noted, by host and number. Nobody has more; what
  // is made up fills no memory.
  RecentMap<std::pair<std::string, int64_t>, absl::Time> hooks{10'000};

  // Behind which row the next batch of what is forgotten begins.
  struct {
    std::pair<int64_t, int64_t> commit = {-1, 0};  // Sequence, key.
    std::pair<int64_t, int64_t> pull_request = {0, 0};
  } retention;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_
