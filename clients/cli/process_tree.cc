#include "clients/cli/process_tree.h"

#include <dirent.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signalbox {
namespace {

struct Process {
  pid_t parent = 0;
  uint64_t start_time = 0;
};

// Nothing if the process has ended or never existed.
std::optional<Process> Read(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  std::getline(file, text, '\0');
  // The second field is the program's name in parentheses, which can hold
  // spaces and parentheses itself.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<absl::string_view> fields = absl::StrSplit(
      absl::string_view(text).substr(name_end + 1), ' ', absl::SkipEmpty());
  // proc(5): 3 is the state, 4 the parent, 22 the start.
  constexpr size_t kState = 0, kParent = 1, kStartTime = 19;
  Process process;
  if (fields.size() <= kStartTime || fields[kState] == "Z" ||
      !absl::SimpleAtoi(fields[kParent], &process.parent) ||
      !absl::SimpleAtoi(fields[kStartTime], &process.start_time)) {
    return std::nullopt;
  }
  return process;
}

std::map<pid_t, Process> ReadAll() {
  std::map<pid_t, Process> all;
  DIR* const directory = opendir("/proc");
  if (directory == nullptr) return all;
  while (const dirent* const entry = readdir(directory)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    if (const std::optional<Process> process = Read(pid)) all[pid] = *process;
  }
  closedir(directory);
  return all;
}

}  // namespace

ProcessTree::ProcessTree(pid_t root) {
  const std::map<pid_t, Process> all = ReadAll();
  std::multimap<pid_t, pid_t> children;
  for (const auto& [pid, process] : all) children.emplace(process.parent, pid);
  std::vector<pid_t> found = {root};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto process = all.find(found[i]);
    if (process == all.end()) continue;
    members_.push_back({process->first, process->second.start_time});
    const auto range = children.equal_range(found[i]);
    for (auto child = range.first; child != range.second; ++child) {
      found.push_back(child->second);
    }
  }
}

void ProcessTree::Signal(int signal) const {
  for (const Member& member : members_) {
    const std::optional<Process> process = Read(member.pid);
    if (process && process->start_time == member.start_time) {
      kill(member.pid, signal);
    }
  }
}

bool ProcessTree::HasEnded() const {
  for (const Member& member : members_) {
    const std::optional<Process> process = Read(member.pid);
    if (process && process->start_time == member.start_time) return false;
  }
  return true;
}

}  // namespace signalbox
