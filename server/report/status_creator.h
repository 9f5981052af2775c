#ifndef SIGNALBOX_SERVER_REPORT_STATUS_CREATOR_H_
#define SIGNALBOX_SERVER_REPORT_STATUS_CREATOR_H_

#include <cstdint>
#include <string>

namespace signalbox {

// The GitHub user that set a commit status: the user behind a token, or the bot
// of an App. GitHub names it in the answer to each post.
struct StatusCreator {
  std::string login;  // 1 to 100 visible ASCII characters; empty: not known.
  int64_t id = 0;     // GitHub's number; 0: not known.
  std::string type;   // GitHub's word, such as "User" or "Bot".

  friend bool operator==(const StatusCreator&, const StatusCreator&) = default;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_STATUS_CREATOR_H_
