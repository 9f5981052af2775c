#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/rpc/server_connection.h"
#include "shim/server_call.h"
#include "tests/shim/fake_server.h"

namespace signalbox {
namespace {

TEST(TokenCheckTest, LearnsWhatTheServerSays) {
  FakeServer server;
  server.Start();
  const auto stub = *ConnectToServer(absl::StrCat("127.0.0.1:", server.port()));
  for (const grpc::StatusCode code :
       {grpc::StatusCode::OK, grpc::StatusCode::UNAUTHENTICATED,
        grpc::StatusCode::PERMISSION_DENIED}) {
    server.Answer(grpc::Status(code, "so"));
    TokenCheck check(Secret("token"), stub.get());
    EXPECT_EQ(check.Wait(), code);
  }
}

// The shim may be started before its server.
TEST(TokenCheckTest, WaitsForAServerThatIsNotThereYet) {
  FakeServer server;
  server.Start();
  const int port = server.port();
  server.Stop();
  const auto stub = *ConnectToServer(absl::StrCat("127.0.0.1:", port));
  TokenCheck check(Secret("token"), stub.get());
  server.Answer(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "who?"));
  server.Start(port);
  EXPECT_EQ(check.Wait(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(TokenCheckTest, AShimThatStopsWaitsForNobody) {
  FakeServer server;
  server.Start();
  const int port = server.port();
  server.Stop();
  const auto stub = *ConnectToServer(absl::StrCat("127.0.0.1:", port));
  const TokenCheck check(Secret("token"), stub.get());
}

}  // namespace
}  // namespace signalbox
