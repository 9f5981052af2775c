#include "tests/simulation/workers.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <vector>

namespace signalbox {
namespace {

// Large enough to be worth a process, small enough to show progress.
constexpr int kBatch = 8;

struct Batch {
  int next = 0;  // The first one whose result has not come.
  int end = 0;
};

struct Worker {
  pid_t pid = 0;
  Batch batch;
  std::string unread;
};

void WriteAll(int descriptor, const std::string& bytes) {
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t count =
        write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count <= 0) _exit(1);
    written += count;
  }
}

std::string Framed(const std::string& result) {
  const uint64_t size = result.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) +
         result;
}

// Removes the first frame. False: it is not complete.
bool TakeFrame(std::string* unread, std::string* result) {
  uint64_t size = 0;
  if (unread->size() < sizeof size) return false;
  std::copy_n(unread->data(), sizeof size, reinterpret_cast<char*>(&size));
  if (unread->size() < sizeof size + size) return false;
  *result = unread->substr(sizeof size, size);
  unread->erase(0, sizeof size + size);
  return true;
}

}  // namespace

void RunInProcesses(int count, int jobs,
                    const std::function<std::string(int)>& work,
                    const std::function<bool(int, const std::string&)>& done) {
  std::map<int, Worker> workers;  // By the descriptor of their pipe.
  const int batch = std::clamp(count / (4 * jobs), 1, kBatch);
  // What no process works on yet.
  std::deque<Batch> batches;
  for (int next = 0; next < count; next += batch) {
    batches.push_back({next, std::min(next + batch, count)});
  }
  bool goes_on = true;
  while (goes_on && (!batches.empty() || !workers.empty())) {
    while (!batches.empty() && static_cast<int>(workers.size()) < jobs) {
      int ends[2];
      if (pipe(ends) != 0) std::abort();
      const Batch own = batches.front();
      batches.pop_front();
      std::fflush(nullptr);
      const pid_t pid = fork();
      if (pid == 0) {
        for (int i = own.next; i < own.end; ++i) {
          WriteAll(ends[1], Framed(work(i)));
        }
        _exit(0);
      }
      close(ends[1]);
      workers[ends[0]] = {pid, own, ""};
    }
    std::vector<pollfd> waits;
    for (const auto& [descriptor, worker] : workers) {
      waits.push_back({descriptor, POLLIN, 0});
    }
    poll(waits.data(), waits.size(), -1);
    for (const pollfd& wait : waits) {
      if (wait.revents == 0) continue;
      Worker& worker = workers[wait.fd];
      char bytes[65536];
      const ssize_t got = read(wait.fd, bytes, sizeof bytes);
      if (got > 0) worker.unread.append(bytes, got);
      std::string result;
      while (goes_on && TakeFrame(&worker.unread, &result)) {
        goes_on = done(worker.batch.next++, result);
      }
      if (got > 0) continue;
      close(wait.fd);
      waitpid(worker.pid, nullptr, 0);
      if (goes_on && worker.batch.next < worker.batch.end) {
        goes_on = done(worker.batch.next++, "died");
        if (worker.batch.next < worker.batch.end) {
          batches.push_front(worker.batch);
        }
      }
      workers.erase(wait.fd);
    }
  }
  for (const auto& [descriptor, worker] : workers) {
    kill(worker.pid, SIGKILL);
    close(descriptor);
    waitpid(worker.pid, nullptr, 0);
  }
}

}  // namespace signalbox
