#include <dirent.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzz.h"

// Replays inputs through a target, as a test:
//
//   fuzz_replay TARGET FOLDER MUTATIONS [SEED]
//
// First every file in FOLDER/corpus/TARGET and FOLDER/regressions/TARGET, then
// MUTATIONS changes of them, drawn from SEED. The same seed draws the same.
// Without one, the program draws a seed and prints it.
//
//   fuzz_replay TARGET FILE...
//
// Only these files. The program writes an input that breaks something to the
// working directory.

namespace signalbox {
namespace {

constexpr size_t kMostBytes = 8192;

// The current input, for when it ends the process.
std::string current;
std::string current_file;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool IsFile(const std::string& path) {
  return std::ifstream(path, std::ios::binary).peek() !=
             std::char_traits<char>::eof() ||
         std::ifstream(path).good();
}

// The files in a folder, in the order of their names.
std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  DIR* const open = opendir(folder.c_str());
  if (open == nullptr) return files;
  while (const dirent* const entry = readdir(open)) {
    if (entry->d_name[0] != '.') {
      files.push_back(absl::StrCat(folder, "/", entry->d_name));
    }
  }
  closedir(open);
  std::sort(files.begin(), files.end());
  return files;
}

void KeepCurrent(int signal) {
  std::ofstream(current_file, std::ios::binary) << current;
  std::fprintf(stderr, "the input is in %s\n", current_file.c_str());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// Draws changes of inputs.
class Mutator {
 public:
  Mutator(uint32_t seed, const std::vector<std::string>* inputs)
      : random_(seed), inputs_(*inputs) {}

  std::string Draw() {
    std::string input = inputs_[Below(inputs_.size())];
    const size_t changes = 1 + Below(4);
    for (size_t i = 0; i < changes; ++i) Change(input);
    if (input.size() > kMostBytes) input.resize(kMostBytes);
    return input;
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }

  // A position for an insertion.
  size_t Place(const std::string& input) { return Below(input.size() + 1); }

  std::string Part(const std::string& input) {
    const size_t begin = Place(input);
    return input.substr(begin, Below(64));
  }

  void Change(std::string& input) {
    constexpr char kTelling[] = {'\0', '\n',   '"',    '%',    '&',
                                 '[',  '{',    '\x7f', '\x80', '\xc3',
                                 '-',  '\xf0', '\xff', '9',    ' '};
    switch (Below(7)) {
      case 0:  // Flip a bit.
        if (input.empty()) return;
        input[Below(input.size())] ^= static_cast<char>(1 << Below(8));
        return;
      case 1:  // Another byte.
        if (input.empty()) return;
        input[Below(input.size())] = kTelling[Below(std::size(kTelling))];
        return;
      case 2:  // Insert a byte.
        input.insert(Place(input), 1, static_cast<char>(random_()));
        return;
      case 3:  // Take something out.
        input.erase(Place(input), 1 + Below(16));
        return;
      case 4:  // Something a second time.
        input.insert(Place(input), Part(input));
        return;
      case 5:  // A part of another input.
        input.insert(Place(input), Part(inputs_[Below(inputs_.size())]));
        return;
      default: {  // The end of another input.
        const std::string& other = inputs_[Below(inputs_.size())];
        input = input.substr(0, Place(input)) + other.substr(Place(other));
      }
    }
  }

  std::mt19937 random_;
  const std::vector<std::string>& inputs_;
};

int Usage() {
  std::fprintf(stderr,
               "usage: fuzz_replay TARGET FOLDER MUTATIONS [SEED]\n"
               "       fuzz_replay TARGET FILE...\ntargets:");
  for (const auto& [name, run] : FuzzTargets()) {
    std::fprintf(stderr, " %s", std::string(name).c_str());
  }
  std::fprintf(stderr, "\n");
  return 2;
}

int ReplayFiles(FuzzFunction run, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (!IsFile(file)) {
      std::fprintf(stderr, "%s cannot be read\n", file.c_str());
      return 2;
    }
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    run(ReadFile(file));
  }
  return 0;
}

int Replay(absl::string_view target, FuzzFunction run,
           const std::string& folder, int mutations, uint32_t seed) {
  std::vector<std::string> inputs;
  for (const char* kind : {"corpus", "regressions"}) {
    for (const std::string& file :
         FilesIn(absl::StrCat(folder, "/", kind, "/", target))) {
      current_file = file;
      current = ReadFile(file);
      inputs.push_back(current);
      run(current);
    }
  }
  if (inputs.empty()) {
    std::fprintf(stderr, "no inputs below %s\n", folder.c_str());
    return 2;
  }
  std::printf("%zu inputs; %d changes of them, seed %u\n", inputs.size(),
              mutations, seed);
  std::fflush(stdout);
  current_file = absl::StrCat("crash-", target);
  Mutator mutator(seed, &inputs);
  for (int i = 0; i < mutations; ++i) {
    current = mutator.Draw();
    run(current);
  }
  return 0;
}

int Main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2) return Usage();
  const auto found = FuzzTargets().find(words[0]);
  if (found == FuzzTargets().end()) return Usage();
  int mutations = 0;
  uint32_t seed = std::random_device()();
  if (words.size() == 2 || !absl::SimpleAtoi(words[2], &mutations)) {
    return ReplayFiles(found->second, {words.begin() + 1, words.end()});
  }
  if (words.size() > 3 && !absl::SimpleAtoi(words[3], &seed)) return Usage();
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE}) {
    std::signal(signal, KeepCurrent);
  }
  return Replay(found->first, found->second, words[1], mutations, seed);
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) { return signalbox::Main(argc, argv); }
