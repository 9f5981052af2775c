// Disks that are full, files that are damaged, gone or somebody else's, and
// addresses and directories that are taken, with the programs as people run
// them.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cpp/client.h"
#include "server/base/clock.h"
#include "server/outbox/sqlite.h"
#include "tests/integration/chaos/chaos_world.h"

namespace signalbox {
namespace {

using testing::HasSubstr;

constexpr char kRepository[] = "acme/app";
// For steps that take no time, on a machine that is slow.
constexpr absl::Duration kAtLast = absl::Seconds(30);
const std::string& Sha() {
  static const auto* const sha = new std::string(40, 'a');
  return *sha;
}

// A small separate disk, if this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(int mebibytes) {
    mkdir(path().c_str(), 0700);
    const std::string options = absl::StrCat("size=", mebibytes, "m");
    is_mounted_ =
        mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!is_mounted_) error_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(path().c_str(), MNT_DETACH);
  }

  bool is_mounted() const { return is_mounted_; }
  const std::string& error() const { return error_; }
  std::string path() const { return dir_.Path("disk"); }

  // Fills the disk until only `left` bytes are free.
  void FillUpTo(uintmax_t left) {
    // A caller that is started meanwhile must not keep the file when it is
    // removed.
    const int file = open((path() + "/filling").c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0) << std::strerror(errno);
    const std::string block(4096, 'x');
    while (std::filesystem::space(path()).available > left &&
           write(file, block.data(), block.size()) > 0) {
    }
    close(file);
  }
  void Empty() { std::filesystem::remove(path() + "/filling"); }

  void MakeReadOnly() {
    EXPECT_EQ(mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY,
                    nullptr),
              0)
        << std::strerror(errno);
  }

 private:
  TempDir dir_;
  bool is_mounted_ = false;
  std::string error_;
};

class DiskTest : public testing::Test {
 protected:
  // A client that makes a single try.
  static Client ClientOf(const ChaosWorld& world) {
    ClientOptions options;
    options.retry_for = absl::ZeroDuration();
    return *Client::Connect(world.server_address(), options);
  }

  static v1::ReportResultRequest Result(int64_t attempt) {
    v1::ReportResultRequest request;
    request.set_repository(kRepository);
    request.set_sha(Sha());
    request.set_attempt(attempt);
    request.set_result(v1::RESULT_SUCCESS);
    request.set_description(absl::StrCat("attempt ", attempt));
    return request;
  }

  absl::Status Report(int64_t attempt) {
    return ClientOf(world_).ReportResult(Result(attempt)).status();
  }

  // Waits until GitHub shows `attempt`.
  bool IsShown(int64_t attempt, absl::Duration limit) {
    const SteadyTime end = Clock::System()->Steady() + limit;
    httplib::Client github(world_.simulator_url());
    while (Clock::System()->Steady() < end) {
      const auto answer =
          github.Get(absl::StrCat("/_simulator/statuses?sha=", Sha(),
                                  "&repository=", kRepository)
                         .c_str());
      if (answer && answer->body.find(absl::StrCat(
                        "\"attempt ", attempt, "\"")) != std::string::npos) {
        return true;
      }
      absl::SleepFor(absl::Milliseconds(20));
    }
    return false;
  }

  int64_t RequestsToGitHub() {
    httplib::Client github(world_.simulator_url());
    const auto answer = github.Get("/_simulator/counters");
    return nlohmann::json::parse(answer->body)
        .value("request_count", int64_t{0});
  }

  // A server on this world's data must end without serving.
  void ExpectRefused(const std::vector<std::string>& more, int exit_code,
                     const std::string& said) {
    std::vector<std::string> arguments = {
        "--listen",         "127.0.0.1:0",         "--web-listen",
        "127.0.0.1:0",      "--data-dir",          world_.data_dir(),
        "--github-api-url", world_.simulator_url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto server =
        StartProgram("signalbox-server", arguments,
                     {.environment = {{"GITHUB_TOKEN", "token"}}});
    EXPECT_EQ(server->Wait(absl::Seconds(60)), exit_code);
    EXPECT_THAT(server->Errors(), HasSubstr(said));
  }

  // Stores some data, and stops the server.
  void FillAndStop(int64_t keys) {
    world_.StartServer(nullptr);
    world_.Fill(keys);
    world_.StopServer();
  }

  ChaosWorld world_{{}};
};

// Reports that were accepted before still go to GitHub: a part of the disk is
// reserved for that.
TEST_F(DiskTest, AFullDiskRefusesReportsAndPostsOn) {
  SmallDisk disk(48);
  if (!disk.is_mounted()) {
    GTEST_SKIP() << "a full disk was not tried, since none can be mounted: "
                 << disk.error();
  }
  ChaosWorld world({.data_dir = disk.path() + "/data"});
  world.StartServer(nullptr);
  history::History history;
  Load load(world.LoadOptions(ChaosSeed()), &history);
  ASSERT_TRUE(load.WaitForAcked(500));

  const Client client = ClientOf(world);
  int64_t attempt = 0;
  for (const uintmax_t left : {uintmax_t{2} << 20, uintmax_t{0}}) {
    history.Add(history::DiskTrouble{absl::Now(), false});
    disk.FillUpTo(left);
    EXPECT_EQ(client.ReportResult(Result(++attempt)).status().code(),
              absl::StatusCode::kResourceExhausted)
        << left << " bytes left";
    // Reads need no space.
    v1::GetCommitStatusRequest read;
    read.set_repository(load.commits()[0]->repository);
    read.set_sha(load.commits()[0]->sha);
    EXPECT_TRUE(client.GetCommitStatus(read).ok());
    if (left > 0) world.ExpectAllPosted(load, absl::Seconds(20));

    disk.Empty();
    history.Add(history::DiskTrouble{absl::Now(), true});
    const SteadyTime end = Clock::System()->Steady() + kAtLast;
    while (!client.ReportResult(Result(++attempt)).ok()) {
      ASSERT_LT(Clock::System()->Steady(), end);
      absl::SleepFor(absl::Milliseconds(10));
    }
    ASSERT_TRUE(load.WaitForAcked(200));
  }
  load.Stop();
  world.CheckEnd(load, &history);
  world.ExpectGoodConduct();
}

TEST_F(DiskTest, AReadOnlyDirectoryIsNamed) {
  SmallDisk disk(24);
  if (!disk.is_mounted()) {
    GTEST_SKIP()
        << "a read-only disk was not tried, since none can be mounted: "
        << disk.error();
  }
  mkdir((disk.path() + "/data").c_str(), 0700);
  disk.MakeReadOnly();
  ExpectRefused({"--data-dir", disk.path() + "/data"}, 2,
                disk.path() + "/data");
  ExpectRefused({"--data-dir", disk.path() + "/new"}, 2, disk.path() + "/new");
}

// Writes to a deleted file are lost with the process.
TEST_F(DiskTest, AServerWhoseDatabaseIsDeletedEnds) {
  world_.StartServer(nullptr);
  ASSERT_TRUE(Report(1).ok());
  ASSERT_TRUE(IsShown(1, absl::Seconds(20)));
  std::filesystem::remove(world_.database());
  EXPECT_FALSE(Report(2).ok());
  EXPECT_EQ(world_.server().Wait(kAtLast), 1);
  EXPECT_THAT(world_.server().Errors(), HasSubstr(world_.database()));
}

// The server ends even if the caller that meets it only passes the error on.
TEST_F(DiskTest, AServerWhoseDatabaseIsReplacedEndsAtAnEvent) {
  world_.StartServer(nullptr);
  ASSERT_TRUE(Report(1).ok());
  ASSERT_TRUE(IsShown(1, absl::Seconds(20)));
  std::filesystem::rename(world_.database(), world_.database() + ".old");
  std::ofstream(world_.database()) << "";
  v1::ReportEventRequest event;
  event.mutable_delivery()->set_id("an id");
  event.mutable_delivery()->set_event("repository");
  event.mutable_repository_archived()->set_repository(kRepository);
  event.mutable_repository_archived()->set_repository_id(7);
  event.mutable_repository_archived()->set_archived(true);
  grpc::ClientContext context;
  v1::ReportEventResponse response;
  EXPECT_FALSE(world_.NewStub()->ReportEvent(&context, event, &response).ok());
  EXPECT_EQ(world_.server().Wait(kAtLast), 1);
}

// The server refuses reports by then, or is gone. It never answers falsely.
TEST_F(DiskTest, DamageInTheMiddleIsFoundAndServedToNobody) {
  FillAndStop(3000);
  {
    // As if the server had not ended in order, so that the next one checks.
    auto connection = SqliteConnection::Open(world_.database(),
                                             SqliteConnection::Access::kWrite);
    ASSERT_TRUE(connection.ok());
    (*connection)->Run("UPDATE term SET epoch = epoch + 1");
    (*connection)->Run("PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_TRUE((*connection)->status().ok()) << (*connection)->status();
  }
  {
    std::fstream file(world_.database(),
                      std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(world_.database());
    ASSERT_GT(size, 100u * 4096);
    for (uintmax_t at = size / 4 / 4096 * 4096; at + 4096 < size / 2;
         at += 2 * 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file << std::string(4096, '\x5a');
    }
  }
  ExpectRefused({"--check"}, 1, world_.database());
  const auto server = StartProgram(
      "signalbox-server", {"--listen", world_.server_address(), "--web-listen",
                           "127.0.0.1:0", "--data-dir", world_.data_dir()});
  const int exit_code = server->Wait(absl::Seconds(30));
  EXPECT_TRUE(exit_code == 1 || exit_code == 2) << exit_code;
  EXPECT_THAT(server->Errors(), HasSubstr(world_.database()));
}

TEST_F(DiskTest, FilesThatAreNoneOfOursAreRefused) {
  FillAndStop(500);
  const std::string original = world_.database() + ".original";
  std::filesystem::copy_file(world_.database(), original);
  const auto size = std::filesystem::file_size(original);
  struct Case {
    const char* what;
    std::function<void()> spoil;
  };
  const auto overwrite = [&](const std::string& bytes) {
    std::ofstream(world_.database(), std::ios::binary) << bytes;
  };
  const auto tamper = [&](const char* statements) {
    auto connection = SqliteConnection::Open(world_.database(),
                                             SqliteConnection::Access::kCreate);
    ASSERT_TRUE(connection.ok());
    (*connection)->Run(statements);
    // The file that is copied back must not find a log beside it.
    (*connection)->Run("PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_TRUE((*connection)->status().ok()) << (*connection)->status();
  };
  const std::vector<Case> cases = {
      {"truncated in the middle",
       [&] { std::filesystem::resize_file(world_.database(), size / 2); }},
      {"truncated to a page",
       [&] { std::filesystem::resize_file(world_.database(), 4096); }},
      {"truncated to some bytes",
       [&] { std::filesystem::resize_file(world_.database(), 57); }},
      {"zeros", [&] { overwrite(std::string(size, '\0')); }},
      {"text", [&] { overwrite("This is not a database.\n"); }},
      {"a foreign database",
       [&] {
         std::filesystem::remove(world_.database());
         tamper("CREATE TABLE bookmarks (url TEXT)");
       }},
      {"a newer schema",
       [&] {
         tamper("UPDATE meta SET value = 1000 WHERE name = 'schema_version'");
       }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    std::filesystem::copy_file(
        original, world_.database(),
        std::filesystem::copy_options::overwrite_existing);
    one.spoil();
    const int64_t requests = RequestsToGitHub();
    ExpectRefused({}, 2, world_.data_dir());
    EXPECT_EQ(RequestsToGitHub(), requests);
  }
  std::filesystem::copy_file(original, world_.database(),
                             std::filesystem::copy_options::overwrite_existing);
  world_.StartServer(nullptr);
  world_.CheckFilled();
}

TEST_F(DiskTest, ASecondServerIsRefusedAndTheFirstGoesOn) {
  world_.StartServer(nullptr);
  ASSERT_TRUE(Report(1).ok());
  for (int i = 0; i < 3; ++i) ExpectRefused({}, 2, world_.data_dir());
  ASSERT_TRUE(Report(2).ok());
  EXPECT_TRUE(IsShown(2, absl::Seconds(20)));
  world_.StopServer();
}

// A server that cannot serve must not post either.
TEST_F(DiskTest, AServerWithoutItsAddressPostsNothing) {
  world_.StartServer(nullptr);
  httplib::Client github(world_.simulator_url());
  ASSERT_TRUE(github.Post("/_simulator/faults",
                          R"({"name": "server_error_json", "count": -1})",
                          "application/json"));
  ASSERT_TRUE(Report(1).ok());
  world_.KillServer(nullptr);
  ASSERT_TRUE(github.Delete("/_simulator/faults"));

  ChaosWorld other({});
  other.StartServer(nullptr);
  const int64_t requests = RequestsToGitHub();
  ExpectRefused({"--listen", other.server_address()}, 2,
                other.server_address());
  EXPECT_EQ(RequestsToGitHub(), requests);
  EXPECT_FALSE(IsShown(1, absl::Milliseconds(200)));
  world_.StartServer(nullptr);
  EXPECT_TRUE(IsShown(1, absl::Seconds(40)));
}

}  // namespace
}  // namespace signalbox
