#include "tests/bench/calls/contestants.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "tests/bench/our_programs.h"

namespace signalbox {
namespace {

constexpr absl::Duration kQuietLimit = absl::Seconds(2);
// In this time a quiet program uses less than two ticks of CPU time.
constexpr std::chrono::milliseconds kQuietStep(50);

Contestant Serving(std::unique_ptr<Process> program) {
  Contestant contestant;
  contestant.program = std::move(program);
  contestant.address = contestant.program->found();
  contestant.stubs = Connect(contestant.address);
  return contestant;
}

}  // namespace

DeadAddress::DeadAddress() {
  // Bound, so that nobody else gets it, and not listening.
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (socket_ < 0 || bind(socket_, generic, size) != 0 ||
      getsockname(socket_, generic, &size) != 0) {
    GiveUp("no loopback port is free");
  }
  text_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

DeadAddress::~DeadAddress() { close(socket_); }

Contestant StartNoop() {
  return Serving(StartMeasured("noop",
                               {OurProgram("signalbox-bench-noop"), "grpc"}, {},
                               "listening on "));
}

Contestant StartDurable(const std::string& directory) {
  return Serving(StartMeasured("durable",
                               {OurProgram("signalbox-bench-noop"), "durable",
                                absl::StrCat(directory, "/journal")},
                               {}, "listening on "));
}

Contestant StartServer(const std::string& data_dir, const DeadAddress& github) {
  return Serving(
      StartOurServer(absl::StrCat("http://", github.text()), data_dir));
}

absl::Duration CpuOf(const Process& program,
                     const std::function<void()>& work) {
  const absl::Duration before = program.CpuTime();
  work();
  const SteadyTime limit = Clock::System()->Steady() + kQuietLimit;
  absl::Duration now = program.CpuTime();
  for (;;) {
    std::this_thread::sleep_for(kQuietStep);
    const absl::Duration earlier = std::exchange(now, program.CpuTime());
    if (now - earlier < absl::Milliseconds(20) ||
        Clock::System()->Steady() > limit) {
      return now - before;
    }
  }
}

std::string FileSystemOf(const std::string& path) {
  struct statfs found = {};
  if (statfs(path.c_str(), &found) != 0)
    GiveUp(absl::StrCat("cannot find the file system of ", path));
  static const auto* const names = new std::map<uint64_t, std::string>{
      {0xef53, "ext4"},      {0x58465342, "xfs"},   {0x9123683e, "btrfs"},
      {0x01021994, "tmpfs"}, {0x858458f6, "ramfs"}, {0x794c7630, "overlayfs"},
      {0x6969, "nfs"},       {0x2fc12fc1, "zfs"},   {0xf2f52010, "f2fs"},
      {0x65735546, "fuse"},  {0x01021997, "9p"}};
  const auto type = static_cast<uint64_t>(found.f_type) & 0xffffffff;
  const auto name = names->find(type);
  return name != names->end() ? name->second
                              : absl::StrCat("0x", absl::Hex(type));
}

bool IsInMemory(absl::string_view file_system) {
  return file_system == "tmpfs" || file_system == "ramfs";
}

}  // namespace signalbox
