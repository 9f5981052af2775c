#ifndef SIGNALBOX_TESTS_BENCH_CALLS_JOURNAL_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_JOURNAL_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/mutex.h"

namespace signalbox {

// A file to which texts are appended durably, with one fdatasync for all that
// wait. It is the least that a durable server must do, and ServeDurableGrpc
// uses it as a reference for signalbox-server.
//
// Thread-safe.
class Journal {
 public:
  // Ends the process if the file cannot be written.
  explicit Journal(const std::string& path);
  ~Journal();

  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Calls `done` on the journal's thread once `bytes` are on disk.
  void Append(const std::string& bytes, std::function<void()> done);

 private:
  void Write();

  int file_ = -1;
  Mutex mu_;
  CondVar changed_;
  std::string bytes_ ABSL_GUARDED_BY(mu_);
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_JOURNAL_H_
