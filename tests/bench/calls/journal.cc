#include "tests/bench/calls/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace signalbox {
namespace {

void Check(bool works, const char* what) {
  if (works) return;
  std::perror(what);
  std::_Exit(1);
}

}  // namespace

Journal::Journal(const std::string& path)
    : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
      thread_([this] { Write(); }) {
  Check(file_ >= 0, path.c_str());
}

Journal::~Journal() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
  close(file_);
}

void Journal::Append(const std::string& bytes, std::function<void()> done) {
  {
    MutexLock lock(&mu_);
    bytes_ += bytes;
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
  }
  changed_.NotifyOne();
}

void Journal::Write() {
  for (;;) {
    std::string bytes;
    std::vector<std::function<void()>> batch;
    {
      MutexLock lock(&mu_);
      while (waiting_.empty() && !stopping_) changed_.Wait(&mu_);
      if (waiting_.empty()) return;
      bytes.swap(bytes_);
      batch.swap(waiting_);
    }
    size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t more =
          write(file_, bytes.data() + written, bytes.size() - written);
      Check(more > 0, "write");
      written += static_cast<size_t>(more);
    }
    Check(fdatasync(file_) == 0, "fdatasync");
    for (const auto& done : batch) done();
  }
}

}  // namespace signalbox
