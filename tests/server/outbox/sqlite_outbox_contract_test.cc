#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_damage.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/outbox/sqlite_writer_state.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class SqliteHarness : public OutboxHarness {
 public:
  explicit SqliteHarness(const PostingLimits& limits) : limits_(limits) {
    Open();
  }

  // The store must not take its own rows for damage.
  ~SqliteHarness() override {
    outbox_.reset();
    LookForDamage();
  }

  Outbox* outbox() override { return outbox_.get(); }

  void Reopen() override {
    outbox_.reset();
    Open();
  }

 protected:
  // As after kill -9: what the process does now is lost, and the next one finds
  // the files as they are.
  void Kill() {
    const TempDir copies;
    const std::vector<std::string> names = {"signalbox.db", "signalbox.db-wal"};
    for (const std::string& name : names) {
      std::filesystem::copy(dir_.Path(name), copies.Path(name));
    }
    outbox_.reset();
    for (const std::string& name : names) {
      std::filesystem::copy(copies.Path(name), dir_.Path(name),
                            std::filesystem::copy_options::overwrite_existing);
    }
    Open();
  }

 private:
  void LookForDamage() {
    auto connection = SqliteConnection::Open(dir_.Path("signalbox.db"),
                                             SqliteConnection::Access::kWrite);
    ASSERT_TRUE(connection.ok()) << connection.status();
    SqliteTransaction transaction(connection->get(),
                                  SqliteTransaction::Kind::kWrite);
    SqliteWriterState state(limits_, ContractCredential);
    for (const std::string& what : RepairDamage(connection->get(), &state)) {
      ADD_FAILURE() << what;
    }
    EXPECT_TRUE((*connection)->status().ok()) << (*connection)->status();
  }

  void Open() {
    SqliteOutboxOptions options(limits_);
    options.data_dir = dir_.path();
    options.pending_settle = kSettle;
    options.delivery_memory = kDeliveryMemory;
    options.credential_of = ContractCredential;
    absl::StatusOr<std::unique_ptr<Outbox>> outbox =
        OpenSqliteOutbox(std::move(options));
    ASSERT_TRUE(outbox.ok()) << outbox.status();
    outbox_ = *std::move(outbox);
  }

  const PostingLimits limits_;
  TempDir dir_;
  std::unique_ptr<Outbox> outbox_;
};

// Its processes never end in order. So each one finds in the journal what the
// former one has accepted last.
class KilledSqliteHarness : public SqliteHarness {
 public:
  using SqliteHarness::SqliteHarness;
  void Reopen() override { Kill(); }
};

OutboxHarnessFactory MakeKilledHarness() {
  return [](const PostingLimits& limits) {
    return std::make_unique<KilledSqliteHarness>(limits);
  };
}

OutboxHarnessFactory MakeHarness() {
  return [](const PostingLimits& limits) {
    return std::make_unique<SqliteHarness>(limits);
  };
}

auto Stores() {
  return testing::Combine(testing::Values(MakeHarness()), testing::Bool());
}

std::string NameOf(
    const testing::TestParamInfo<OutboxContract::ParamType>& info) {
  return std::get<1>(info.param) ? "ReopenedBeforeEveryCall" : "KeptOpen";
}

INSTANTIATE_TEST_SUITE_P(Sqlite, OutboxContract, Stores(), NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, ParkingContract, Stores(), NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, ConfessionContract, Stores(), NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, LimitsContract, Stores(), NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, ListingContract, Stores(), NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, StandingContract,
                         testing::Combine(testing::Values(MakeHarness()),
                                          testing::Values(false)),
                         NameOf);

auto KilledStores() {
  return testing::Combine(testing::Values(MakeKilledHarness()),
                          testing::Values(true));
}

std::string NameOfKilled(
    const testing::TestParamInfo<OutboxContract::ParamType>&) {
  return "KilledBeforeEveryCall";
}

INSTANTIATE_TEST_SUITE_P(SqliteKilled, OutboxContract, KilledStores(),
                         NameOfKilled);
INSTANTIATE_TEST_SUITE_P(SqliteKilled, ParkingContract, KilledStores(),
                         NameOfKilled);
INSTANTIATE_TEST_SUITE_P(SqliteKilled, ConfessionContract, KilledStores(),
                         NameOfKilled);
INSTANTIATE_TEST_SUITE_P(SqliteKilled, LimitsContract, KilledStores(),
                         NameOfKilled);

}  // namespace
}  // namespace signalbox
