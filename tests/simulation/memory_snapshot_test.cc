#include "tests/simulation/memory_snapshot.h"

#include <sqlite3.h>
#include <stdlib.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/shared_search.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

int global = 1;
thread_local int thread_local_value = 1;

int CountRows(sqlite3* database) {
  sqlite3_stmt* query = nullptr;
  sqlite3_prepare_v2(database, "SELECT COUNT(*) FROM t", -1, &query, nullptr);
  sqlite3_step(query);
  const int count = sqlite3_column_int(query, 0);
  sqlite3_finalize(query);
  return count;
}

void Execute(sqlite3* database, const char* sql) {
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
}

TEST(MemorySnapshotTest, BringsBackTheHeap) {
  auto text = std::make_unique<std::string>("before, and too long for itself");
  auto numbers = std::make_unique<std::map<int, std::string>>();
  for (int i = 0; i < 100; ++i) (*numbers)[i] = absl::StrCat("number ", i);
  const MemorySnapshot here;
  for (int round = 0; round < 3; ++round) {
    const int result = here.Undone([&] {
      *text = std::string(100'000, 'x');
      for (int i = 0; i < 10'000; ++i)
        (*numbers)[i] = std::string(i % 300, 'y');
      for (int i = 0; i < 50; ++i) numbers->erase(i);
      return static_cast<int>(numbers->size());
    });
    EXPECT_EQ(result, 9950);
    EXPECT_EQ(*text, "before, and too long for itself");
    ASSERT_EQ(numbers->size(), 100u);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(numbers->at(i), absl::StrCat("number ", i));
    }
  }
}

TEST(MemorySnapshotTest, BringsBackWhatWasFreed) {
  auto freed = std::make_unique<std::vector<std::unique_ptr<std::string>>>();
  for (int i = 0; i < 1000; ++i) {
    freed->push_back(std::make_unique<std::string>(i, 'a'));
  }
  {
    const MemorySnapshot here;
    here.Undone([&] {
      freed->clear();
      return 0;
    });
  }
  ASSERT_EQ(freed->size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(*(*freed)[i], std::string(i, 'a'));
}

TEST(MemorySnapshotTest, BringsBackGlobalsOfProgramThreadAndLibraries) {
  global = 2;
  thread_local_value = 2;
  srand(7);
  const int drawn = rand();
  srand(7);
  const MemorySnapshot here;
  here.Undone([&] {
    global = 3;
    thread_local_value = 3;
    return rand();
  });
  EXPECT_EQ(global, 2);
  EXPECT_EQ(thread_local_value, 2);
  EXPECT_EQ(rand(), drawn);
}

TEST(MemorySnapshotTest, BringsBackADatabaseInMemory) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &database), SQLITE_OK);
  Execute(database, "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
  {
    const MemorySnapshot here;
    const int inside = here.Undone([&] {
      Execute(database,
              "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n "
              "LIMIT 5000) INSERT INTO t SELECT x FROM n");
      return CountRows(database);
    });
    EXPECT_EQ(inside, 5002);
  }
  EXPECT_EQ(CountRows(database), 2);
  Execute(database, "INSERT INTO t VALUES (3)");
  EXPECT_EQ(CountRows(database), 3);
  EXPECT_EQ(sqlite3_close(database), SQLITE_OK);
}

TEST(MemorySnapshotTest, BringsBackEachOfThoseThatAreNested) {
  auto steps = std::make_unique<std::vector<int>>();
  const MemorySnapshot outer;
  outer.Undone([&] {
    steps->push_back(1);
    {
      const MemorySnapshot inner;
      inner.Undone([&] {
        steps->push_back(2);
        return 0;
      });
      EXPECT_THAT(*steps, ElementsAre(1));
    }
    steps->push_back(3);
    return 0;
  });
  EXPECT_TRUE(steps->empty());
  // Storage of destroyed snapshots is used again.
  const MemorySnapshot next;
  next.Undone([&] {
    steps->push_back(4);
    return 0;
  });
  EXPECT_TRUE(steps->empty());
}

TEST(MemoryArenaTest, GivesBlocksAsMallocDoes) {
  for (const size_t size :
       {0, 1, 16, 17, 1024, 1025, 4096, 100'000, 5'000'000}) {
    auto* const block = static_cast<char*>(malloc(size));
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 16, 0u);
    std::memset(block, 'a', size);
    auto* const longer = static_cast<char*>(realloc(block, size * 2 + 1));
    ASSERT_NE(longer, nullptr);
    EXPECT_EQ(std::string(longer, size), std::string(size, 'a'));
    std::memset(longer, 'b', size * 2 + 1);
    free(longer);
    auto* const zeroes = static_cast<char*>(calloc(1, size * 2 + 1));
    ASSERT_NE(zeroes, nullptr);
    EXPECT_EQ(std::string(zeroes, size), std::string(size, '\0'));
    free(zeroes);
  }
}

TEST(MemoryArenaTest, AlignsBlocks) {
  for (const size_t alignment : {16, 64, 4096, 65'536}) {
    void* block = nullptr;
    ASSERT_EQ(posix_memalign(&block, alignment, 100), 0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
    std::memset(block, 'a', 100);
    block = realloc(block, 300);
    EXPECT_EQ(std::string(static_cast<char*>(block), 100),
              std::string(100, 'a'));
    free(block);
  }
}

// A tree with `kBranches` branches at each level and `kDepth` levels.
class SharedSearchTest : public ::testing::Test {
 protected:
  static constexpr int kBranches = 3;
  static constexpr int kDepth = 5;
  static constexpr int kStates = 364;  // 3^0 + ... + 3^5.
  static constexpr int kLeaves = 243;

  void GoThrough(std::string* path) {
    search_->Enter(std::hash<std::string>()(*path), {});
    if (static_cast<int>(path->size()) == kDepth) return search_->CountEnd();
    SharedSearch::Level level(search_);
    const MemorySnapshot here;
    for (int i = 0; i < kBranches; ++i) {
      if (!level.TakesBranch(i + 1 == kBranches)) return;
      here.Undone([&] {
        path->push_back(static_cast<char>('a' + i));
        search_->CountTransition(static_cast<int>(path->size()));
        if (*path == dies_at_) abort();
        GoThrough(path);
        return 0;
      });
    }
  }

  void Run(SharedSearch* search) {
    search_ = search;
    search->Run([&] { GoThrough(std::make_unique<std::string>().get()); });
  }

  SharedSearch* search_ = nullptr;
  std::string dies_at_ = "nowhere";
};

TEST_F(SharedSearchTest, GoesThroughEachStateOnce) {
  for (const int jobs : {1, 2, 5}) {
    SharedSearch search(jobs, 100'000);
    Run(&search);
    EXPECT_EQ(search.violation(), "");
    EXPECT_EQ(search.states(), kStates);
    EXPECT_EQ(search.transitions(), kStates - 1);
    EXPECT_EQ(search.ends(), kLeaves);
    EXPECT_EQ(search.longest_path(), kDepth);
  }
}

TEST_F(SharedSearchTest, SaysThatAProcessDied) {
  dies_at_ = "cab";
  for (const int jobs : {1, 3}) {
    SharedSearch search(jobs, 100'000);
    Run(&search);
    EXPECT_THAT(search.violation(), HasSubstr("died"));
  }
}

}  // namespace
}  // namespace signalbox
