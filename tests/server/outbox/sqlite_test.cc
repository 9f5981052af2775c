#include "server/outbox/sqlite.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "common/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using Access = SqliteConnection::Access;
using Kind = SqliteTransaction::Kind;

enum class Colour { kRed = 1, kBlue = 2 };
constexpr Colour LastOf(Colour) { return Colour::kBlue; }

// SQLite reads a bound text until the query ends, so a temporary one may be
// bound only to a query that is a temporary, too.
template <typename Query, typename Value>
concept Binds = requires(Query query, Value value) {
  std::forward<Query>(query).Bind(std::forward<Value>(value));
};
static_assert(Binds<SqliteQuery&, std::string&>);
static_assert(Binds<SqliteQuery&, const CanonicalName&>);
static_assert(Binds<SqliteQuery&, absl::string_view>);
static_assert(Binds<SqliteQuery&, absl::Time>);
static_assert(!Binds<SqliteQuery&, std::string>);
static_assert(!Binds<SqliteQuery&, const std::string>);
static_assert(!Binds<SqliteQuery&, CanonicalName>);
static_assert(!Binds<SqliteQuery&, Sha>);
static_assert(!Binds<SqliteQuery&, std::optional<std::string>>);
static_assert(!Binds<SqliteQuery&, std::optional<Sha>>);
static_assert(Binds<SqliteQuery&&, std::string>);

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() : connection_(Open(Access::kCreate)) {
    connection_->Run(
        "PRAGMA journal_mode = WAL; CREATE TABLE t (a, b, c, d, e, f, g)");
  }

  std::unique_ptr<SqliteConnection> Open(Access access) {
    auto connection = SqliteConnection::Open(dir_.Path("t.db"), access);
    EXPECT_TRUE(connection.ok()) << connection.status();
    return *std::move(connection);
  }

  static int64_t Count(SqliteConnection* connection) {
    SqliteQuery query(connection, "SELECT COUNT(*) FROM t");
    int64_t count = -1;
    if (query.Next()) query.Read(&count);
    return count;
  }

  static void Insert(SqliteConnection* connection) {
    SqliteQuery(connection, "INSERT INTO t (a) VALUES (1)").Run();
  }

  // The value that `sql` reads; nothing if it counts as damage.
  template <typename Value>
  std::optional<Value> Read(const char* sql) {
    SqliteTransaction transaction(connection_.get(), Kind::kRead);
    Value value = Value();
    SqliteQuery query(connection_.get(), sql);
    EXPECT_TRUE(query.Next());
    query.Read(&value);
    const absl::Status& status = connection_->status();
    if (status.ok()) return value;
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_EQ(ReasonOf(status), "STORE_DAMAGED");
    EXPECT_FALSE(query.Next());
    return std::nullopt;
  }

  TempDir dir_;
  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(SqliteTest, ValuesComeBackAsTheyWere) {
  const std::string text("a\0'\xff", 4);
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  SqliteQuery(connection_.get(), "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)")
      .Bind(std::numeric_limits<int64_t>::min(), text, SqliteBlob{text}, time,
            Colour::kBlue, std::optional<absl::Time>(), true)
      .Run();
  SqliteQuery query(connection_.get(), "SELECT a, b, c, d, e, f, g FROM t");
  ASSERT_TRUE(query.Next());
  int64_t a = 0;
  std::string b;
  SqliteBytes c;
  std::optional<absl::Time> d;
  Colour e = Colour::kRed;
  std::optional<absl::Time> f = time;
  bool g = false;
  query.Read(&a, &b, &c, &d, &e, &f, &g);
  EXPECT_EQ(a, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(b, text);
  EXPECT_EQ(c.bytes, text);
  EXPECT_EQ(d, time);
  EXPECT_EQ(e, Colour::kBlue);
  EXPECT_EQ(f, std::nullopt);
  EXPECT_TRUE(g);
  EXPECT_FALSE(query.Next());
}

TEST_F(SqliteTest, AStatementInOneCallReadsWholeRows) {
  using Row = std::tuple<int64_t, Repository, bool>;
  const Repository widgets = {"github.com", "Acme", "Widgets"};
  constexpr char kList[] = "SELECT a, b, c, d, e FROM t WHERE a > ? ORDER BY a";
  EXPECT_FALSE(connection_->Finds(kList, 0));
  EXPECT_FALSE(connection_->First<Row>(kList, 0).has_value());
  EXPECT_THAT(connection_->All<Row>(kList, 0), testing::IsEmpty());
  for (const int a : {1, 2}) {
    connection_->Execute("INSERT INTO t (a, b, c, d, e) VALUES (?, ?, ?, ?, ?)",
                         a, widgets, true);
  }
  EXPECT_TRUE(connection_->Finds(kList, 1));
  EXPECT_EQ(connection_->First<int64_t>(kList, 0), 1);
  const std::vector<Row> rows = connection_->All<Row>(kList, 0);
  ASSERT_EQ(rows.size(), 2);
  const auto& [a, repository, e] = rows[1];
  EXPECT_EQ(a, 2);
  EXPECT_EQ(repository.Display(), widgets.Display());
  EXPECT_TRUE(e);
  // A row whose value is damaged is not the same as no row.
  EXPECT_TRUE(connection_->First<std::string>("SELECT a FROM t").has_value());
  EXPECT_EQ(ReasonOf(connection_->status()), "STORE_DAMAGED");
}

TEST_F(SqliteTest, EmptyTextsAreNotNull) {
  SqliteQuery(connection_.get(), "INSERT INTO t (a, b) VALUES (?, ?)")
      .Bind(absl::string_view(), SqliteBlob{absl::string_view()})
      .Run();
  SqliteQuery query(connection_.get(), "SELECT a, b FROM t");
  ASSERT_TRUE(query.Next());
  std::optional<std::string> a;
  std::optional<SqliteBytes> b;
  query.Read(&a, &b);
  EXPECT_EQ(a, "");
  ASSERT_TRUE(b.has_value());
  EXPECT_EQ(b->bytes, "");
}

TEST_F(SqliteTest, WhatIsNoTextIsDamage) {
  for (const char* sql : {"SELECT NULL", "SELECT 1", "SELECT x'31'"}) {
    EXPECT_EQ(Read<std::string>(sql), std::nullopt) << sql;
  }
  EXPECT_EQ(Read<std::optional<std::string>>("SELECT x'31'"), std::nullopt);
  for (const char* sql : {"SELECT NULL", "SELECT 1", "SELECT '1'"}) {
    EXPECT_FALSE(Read<SqliteBytes>(sql).has_value()) << sql;
  }
}

TEST_F(SqliteTest, TheEndsOfTimeComeBack) {
  for (const absl::Time time :
       {absl::InfiniteFuture(), absl::InfinitePast(), absl::UnixEpoch()}) {
    SqliteQuery query(connection_.get(), "SELECT ?");
    query.Bind(time);
    ASSERT_TRUE(query.Next());
    absl::Time back;
    query.Read(&back);
    EXPECT_EQ(back, time);
  }
}

// The schema rejects such values. Read as numbers they could show a state that
// nobody reported, or a time that never comes.
TEST_F(SqliteTest, WhatIsNoNumberIsDamage) {
  for (const char* sql : {"SELECT NULL", "SELECT 'soon'", "SELECT '1'",
                          "SELECT x'31'", "SELECT 1.0", "SELECT 0.5"}) {
    EXPECT_EQ(Read<int64_t>(sql), std::nullopt) << sql;
    EXPECT_EQ(Read<int>(sql), std::nullopt) << sql;
    EXPECT_EQ(Read<bool>(sql), std::nullopt) << sql;
    EXPECT_EQ(Read<absl::Time>(sql), std::nullopt) << sql;
    EXPECT_EQ(Read<Colour>(sql), std::nullopt) << sql;
  }
  const auto null = Read<std::optional<int64_t>>("SELECT NULL");
  ASSERT_TRUE(null.has_value());
  EXPECT_EQ(*null, std::nullopt);
  EXPECT_EQ(Read<std::optional<int64_t>>("SELECT 'soon'"), std::nullopt);
}

TEST_F(SqliteTest, ANumberThatItsVariableDoesNotHaveIsDamage) {
  EXPECT_EQ(Read<int64_t>("SELECT -9223372036854775808"),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Read<int>("SELECT 2147483647"), 2147483647);
  EXPECT_EQ(Read<int>("SELECT 0"), 0);
  EXPECT_EQ(Read<int>("SELECT -1"), std::nullopt);
  EXPECT_EQ(Read<int>("SELECT 2147483648"), std::nullopt);
  EXPECT_EQ(Read<bool>("SELECT 0"), false);
  EXPECT_EQ(Read<bool>("SELECT 2"), std::nullopt);
  EXPECT_EQ(Read<bool>("SELECT -1"), std::nullopt);
  EXPECT_EQ(Read<Colour>("SELECT 2"), Colour::kBlue);
  EXPECT_EQ(Read<Colour>("SELECT 0"), std::nullopt);
  EXPECT_EQ(Read<Colour>("SELECT 3"), std::nullopt);
  EXPECT_EQ(Read<Colour>("SELECT 4294967297"), std::nullopt);
}

TEST_F(SqliteTest, WhatIsNotCommittedIsRolledBack) {
  {
    SqliteTransaction transaction(connection_.get(), Kind::kWrite);
    Insert(connection_.get());
  }
  EXPECT_EQ(Count(connection_.get()), 0);
  {
    SqliteTransaction transaction(connection_.get(), Kind::kWrite);
    Insert(connection_.get());
    EXPECT_TRUE(transaction.Commit().ok());
  }
  EXPECT_EQ(Count(connection_.get()), 1);
}

// A decision that was made on a failed read must not become durable.
TEST_F(SqliteTest, AnErrorSticksUntilTheNextTransaction) {
  {
    SqliteTransaction transaction(connection_.get(), Kind::kWrite);
    Insert(connection_.get());
    SqliteQuery(connection_.get(), "SELECT nothing FROM nowhere").Run();
    EXPECT_FALSE(connection_->status().ok());
    Insert(connection_.get());
    EXPECT_EQ(Count(connection_.get()), -1);
    const absl::Status status = transaction.Commit();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(ReasonOf(status), "STORE_FAILED");
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("t.db"));
  }
  SqliteTransaction transaction(connection_.get(), Kind::kWrite);
  EXPECT_TRUE(connection_->status().ok());
  EXPECT_EQ(Count(connection_.get()), 0);
  EXPECT_TRUE(transaction.Commit().ok());
}

TEST_F(SqliteTest, AReadTransactionSeesOneState) {
  const auto reader = Open(Access::kRead);
  SqliteTransaction transaction(reader.get(), Kind::kRead);
  EXPECT_EQ(Count(reader.get()), 0);
  Insert(connection_.get());
  EXPECT_EQ(Count(reader.get()), 0);
  EXPECT_TRUE(transaction.Commit().ok());
  EXPECT_EQ(Count(reader.get()), 1);
}

TEST_F(SqliteTest, ABusyDatabaseIsUnavailable) {
  const auto other = Open(Access::kWrite);
  SqliteTransaction holder(other.get(), Kind::kWrite);
  SqliteTransaction transaction(connection_.get(), Kind::kWrite);
  EXPECT_EQ(connection_->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(transaction.Commit()), "STORE_BUSY");
}

TEST_F(SqliteTest, AFullDatabaseIsExhausted) {
  connection_->Run("PRAGMA max_page_count = 3");
  SqliteTransaction transaction(connection_.get(), Kind::kWrite);
  SqliteQuery(connection_.get(), "INSERT INTO t (a) VALUES (zeroblob(1000000))")
      .Run();
  const absl::Status status = transaction.Commit();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "DISK_FULL");
}

TEST_F(SqliteTest, AReaderCannotWrite) {
  const auto reader = Open(Access::kRead);
  Insert(reader.get());
  EXPECT_EQ(reader->status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(reader->ReadOnly());
  EXPECT_FALSE(connection_->ReadOnly());
}

TEST_F(SqliteTest, OnlyCreateMakesAFile) {
  EXPECT_FALSE(SqliteConnection::Open(dir_.Path("no.db"), Access::kWrite).ok());
  EXPECT_FALSE(SqliteConnection::Open(dir_.Path("no.db"), Access::kRead).ok());
}

TEST_F(SqliteTest, LongStatementsCanBeCancelled) {
  connection_->SetCancelled([] { return true; });
  SqliteQuery(connection_.get(),
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
              "LIMIT 100000) SELECT COUNT(*) FROM n")
      .Run();
  EXPECT_EQ(connection_->status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace signalbox
