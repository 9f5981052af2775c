#ifndef SIGNALBOX_TESTS_CLIENTS_CLI_PROCESS_H_
#define SIGNALBOX_TESTS_CLIENTS_CLI_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace signalbox {

// A directory that goes away with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

  // Creates a file, and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

// A program that runs beside the test, with the given environment and the
// test's PATH only.
class Process {
 public:
  struct Options {
    std::map<std::string, std::string> environment;
    std::string directory;  // Empty: the test's.
    // Written to its standard input, which then ends.
    std::string input;
    // Ignore this signal in the program from the beginning; 0: none.
    int ignore_signal = 0;
    // In its own process group, as a shell starts it, so that it can stop.
    bool own_group = false;
  };

  Process(const std::vector<std::string>& command, const Options& options);
  ~Process();

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;

  // Blocks until the program has stopped.
  void WaitForStop() const;

  // Blocks until the program's standard output has this many lines.
  std::vector<std::string> WaitForLines(size_t count);

  // Blocks until the program ends, and returns its exit code, or minus the
  // signal that killed it.
  int Wait();

  // All that was written. After Wait.
  std::string output() const;
  std::string errors() const;

 private:
  TemporaryDirectory directory_;
  int output_fd_ = -1;
  std::string output_;
  pid_t pid_ = -1;
};

// A program on its own terminal, with the environment of `options` and the
// test's PATH. Its output includes the terminal's echo.
class Terminal {
 public:
  Terminal(const std::vector<std::string>& command,
           const Process::Options& options);
  ~Terminal();

  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void Type(const std::string& keys) const;
  void Signal(int signal) const;
  void WaitForStop() const;

  // Blocks until `text` has come, and returns everything unread up to its end.
  // An empty `text`: up to the end of the program.
  std::string ReadUntil(const std::string& text) const;

  // As Process::Wait.
  int Wait();

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
};

// Blocks until another process, which need not be a child, has ended.
void WaitForEndOf(pid_t pid);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_CLIENTS_CLI_PROCESS_H_
