#ifndef SIGNALBOX_TESTS_SUPPORT_TEMP_DIR_H_
#define SIGNALBOX_TESTS_SUPPORT_TEMP_DIR_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace signalbox {

// A directory for one test. The destructor removes it with its contents.
class TempDir {
 public:
  TempDir() : TempDir(std::filesystem::temp_directory_path()) {}
  // The same within `parent`, which must exist.
  explicit TempDir(const std::filesystem::path& parent) {
    std::string pattern = (parent / "signalbox-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) abort();
    path_ = pattern;
  }

  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

  // The path of a file or directory in it. Does not create it.
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // Creates a file in it, and returns its path.
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

 private:
  std::string path_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_TEMP_DIR_H_
