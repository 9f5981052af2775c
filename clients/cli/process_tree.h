#ifndef SIGNALBOX_CLIENTS_CLI_PROCESS_TREE_H_
#define SIGNALBOX_CLIENTS_CLI_PROCESS_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace signalbox {

// ProcessTree is a list of one process and all its descendants, as /proc shows
// them when the list is made. A descendant whose parent has ended by then is
// missing. `signalbox run` uses the list to end a command after its timeout.
//
// The system reuses the numbers of ended processes. So ProcessTree identifies a
// process by its number and its start time.
class ProcessTree {
 public:
  // The list is empty if there is no process `root`.
  explicit ProcessTree(pid_t root);

  // Sends `signal` to all processes of the list that have not ended.
  void Signal(int signal) const;

  // Whether all processes of the list have ended. A process that has ended and
  // was not waited for yet counts as ended.
  bool HasEnded() const;

 private:
  struct Member {
    pid_t pid;
    uint64_t start_time;  // In clock ticks since the boot.
  };

  std::vector<Member> members_;  // Parents before their children.
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_PROCESS_TREE_H_
