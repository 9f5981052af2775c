#ifndef SIGNALBOX_CLIENTS_CLI_PROCESS_TREE_H_
#define SIGNALBOX_CLIENTS_CLI_PROCESS_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace signalbox {

// ProcessTree is a process and all its descendants, as /proc shows them at
// construction. A process whose parent had ended before is none of them.
//
// The system uses the numbers of ended processes again, so a process is
// identified by its number and its start.
class ProcessTree {
 public:
  explicit ProcessTree(pid_t root);

  // Sends `signal` to those that have not ended.
  void Signal(int signal) const;

  // Whether all have ended.
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
