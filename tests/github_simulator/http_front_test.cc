#include "tests/github_simulator/http_front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class HttpFrontTest : public ::testing::Test {
 protected:
  explicit HttpFrontTest(std::unique_ptr<TlsContext> tls = nullptr) {
    front_ = *HttpFront::Bind({.host = "127.0.0.1", .port = 0}, std::move(tls));
    const auto answer = [this](const SimulatedRequest& request) {
      MutexLock lock(&mu_);
      is_asked_ = true;
      changed_.NotifyAll();
      return Answer(request);
    };
    serving_ = std::thread([this, answer] {
      front_->Serve(answer, [this](int64_t exchange, bool is_answered) {
        MutexLock lock(&mu_);
        ends_.push_back({exchange, is_answered});
        changed_.NotifyAll();
      });
    });
    client_ = std::make_unique<httplib::Client>("127.0.0.1", front_->port());
    client_->set_keep_alive(true);
  }

  ~HttpFrontTest() override {
    front_->Stop();
    serving_.join();
  }

  // Answers with a description of the request.
  static SimulatedResponse Answer(const SimulatedRequest& request) {
    SimulatedResponse response;
    response.exchange = 7;
    response.reset_connection = request.target == "/reset";
    if (request.target == "/slow") response.delay = absl::Milliseconds(20);
    if (request.target == "/never") response.delay = absl::Hours(24);
    response.status = 201;
    response.headers = {{"content-type", "text/plain"}, {"x-one", "1"}};
    response.body = request.method + " " + request.target + " " +
                    std::to_string(request.body.size());
    for (const auto& [name, value] : request.headers) {
      if (name == "X-Seen") response.body += " " + value;
      if (name.find("_ADDR") != std::string::npos) response.body += name;
    }
    return response;
  }

  // How the exchange at place `count` ended: "7 answered".
  std::string End(size_t count) {
    MutexLock lock(&mu_);
    while (ends_.size() < count) changed_.Wait(&mu_);
    return absl::StrCat(ends_[count - 1].first,
                        ends_[count - 1].second ? " answered" : " lost");
  }

  void WaitUntilAsked() {
    MutexLock lock(&mu_);
    while (!is_asked_) changed_.Wait(&mu_);
  }

  Mutex mu_;
  CondVar changed_;
  bool is_asked_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::pair<int64_t, bool>> ends_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<HttpFront> front_;
  std::thread serving_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(HttpFrontTest, HandsOverRequestsAsTheyAre) {
  const auto get = client_->Get("/a%2Fb/%41?c=%20", {{"X-Seen", "yes"}});
  ASSERT_TRUE(get);
  EXPECT_EQ(get->status, 201);
  EXPECT_EQ(get->body, "GET /a%2Fb/%41?c=%20 0 yes");
  EXPECT_EQ(get->get_header_value("x-one"), "1");
  EXPECT_EQ(get->get_header_value("content-type"), "text/plain");
  EXPECT_EQ(client_->Post("/p", "12345", "application/json")->body,
            "POST /p 5");
  EXPECT_EQ(client_->Put("/p", "123", "application/json")->body, "PUT /p 3");
  EXPECT_EQ(client_->Patch("/p", "12", "application/json")->body, "PATCH /p 2");
  EXPECT_EQ(client_->Delete("/p")->body, "DELETE /p 0");
  EXPECT_EQ(client_->Options("/p")->body, "OPTIONS /p 0");
}

// httplib refuses a form of more than 8 KiB unless its body is read by hand.
TEST_F(HttpFrontTest, TakesAnyContentTypeUpToAMegabyte) {
  for (const char* type :
       {"application/json", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(client_->Post("/p", std::string(1 << 20, 'x'), type)->body,
              "POST /p 1048576");
    EXPECT_EQ(
        client_->Post("/p", std::string((1 << 20) + 1, 'x'), type)->status,
        413);
  }
}

TEST_F(HttpFrontTest, ResetsAConnection) {
  const auto answer = client_->Post("/reset", "x", "text/plain");
  EXPECT_FALSE(answer);
  EXPECT_EQ(client_->Get("/next")->body, "GET /next 0");
}

TEST_F(HttpFrontTest, TellsHowExchangesEnd) {
  EXPECT_TRUE(client_->Get("/slow"));
  EXPECT_EQ(End(1), "7 answered");
  EXPECT_FALSE(client_->Get("/reset"));
  EXPECT_EQ(End(2), "7 lost");
}

// The front notices at once that a client stopped waiting.
TEST_F(HttpFrontTest, NoticesAClientThatGaveUp) {
  client_->set_read_timeout(0, 20'000);
  EXPECT_FALSE(client_->Get("/never"));
  EXPECT_EQ(End(1), "7 lost");
}

TEST_F(HttpFrontTest, StoppingCutsDelaysShort) {
  std::thread stopping([this] {
    WaitUntilAsked();
    front_->Stop();
  });
  EXPECT_TRUE(client_->Get("/never"));
  stopping.join();
  EXPECT_EQ(End(1), "7 answered");
}

TEST_F(HttpFrontTest, RefusesLongPaths) {
  const auto answer = client_->Get(("/" + std::string(4000, 'a')).c_str());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(client_->Get("/next")->body, "GET /next 0");
}

TEST_F(HttpFrontTest, APortIsHadOnce) {
  const auto second =
      HttpFront::Bind({.host = "127.0.0.1", .port = front_->port()});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

// An idle connection must not delay Stop.
TEST_F(HttpFrontTest, StopsBesideAnIdleConnection) {
  EXPECT_TRUE(client_->Get("/"));
}

TEST(HttpFrontStopTest, MayStopBeforeItServes) {
  auto front = *HttpFront::Bind({.host = "127.0.0.1", .port = 0});
  std::thread stopping([&] { front->Stop(); });
  front->Serve([](const SimulatedRequest&) { return SimulatedResponse(); },
               [](int64_t, bool) {});
  stopping.join();
}

// ---- TLS

// A key and a self-signed certificate for 127.0.0.1, in files.
struct Certificate {
  explicit Certificate(const std::string& name)
      : certificate_file(dir.path() + "/" + name + ".crt"),
        key_file(dir.path() + "/" + name + ".key") {
    WriteCertificate(certificate_file, key_file, "IP:127.0.0.1");
  }

  const TempDir dir;
  const std::string certificate_file;
  const std::string key_file;
};

const Certificate& ServersCertificate() {
  static const Certificate certificate("server");
  return certificate;
}

class HttpsFrontTest : public HttpFrontTest {
 protected:
  HttpsFrontTest()
      : HttpFrontTest(*TlsContext::Load(ServersCertificate().certificate_file,
                                        ServersCertificate().key_file)),
        https_("127.0.0.1", front_->port()) {
    https_.set_ca_cert_path(ServersCertificate().certificate_file.c_str());
    https_.enable_server_certificate_verification(true);
    https_.set_keep_alive(true);
  }

  httplib::SSLClient https_;
};

TEST_F(HttpsFrontTest, SpeaksHttps) {
  EXPECT_EQ(https_.Get("/a")->body, "GET /a 0");
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(https_.Post("/p", large, "text/plain")->body, "POST /p 1048576");
  EXPECT_EQ(https_.Get("/b")->body, "GET /b 0");
}

TEST_F(HttpsFrontTest, ResetsAndNotices) {
  EXPECT_FALSE(https_.Get("/reset"));
  EXPECT_EQ(End(1), "7 lost");
  EXPECT_EQ(https_.Get("/slow")->body, "GET /slow 0");
  EXPECT_EQ(End(2), "7 answered");
  https_.set_read_timeout(0, 20'000);
  EXPECT_FALSE(https_.Get("/never"));
  EXPECT_EQ(End(3), "7 lost");
}

// A client that does not trust the certificate sends nothing.
TEST_F(HttpsFrontTest, IsNotTrustedWithoutItsCertificate) {
  const Certificate other("other");
  httplib::SSLClient stranger("127.0.0.1", front_->port());
  stranger.set_ca_cert_path(other.certificate_file.c_str());
  stranger.enable_server_certificate_verification(true);
  EXPECT_FALSE(stranger.Get("/a"));
  EXPECT_FALSE(client_->Get("/plain"));
  EXPECT_EQ(https_.Get("/a")->body, "GET /a 0");
}

TEST_F(HttpsFrontTest, RefusesTlsBefore12) {
  httplib::SSLClient old("127.0.0.1", front_->port());
  old.enable_server_certificate_verification(false);
  SSL_CTX_set_min_proto_version(old.ssl_context(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(old.ssl_context(), TLS1_1_VERSION);
  // Otherwise OpenSSL itself would refuse the old version.
  SSL_CTX_set_security_level(old.ssl_context(), 0);
  EXPECT_FALSE(old.Get("/a"));
  SSL_CTX_set_max_proto_version(old.ssl_context(), TLS1_2_VERSION);
  EXPECT_TRUE(old.Get("/a"));
}

TEST(TlsContextTest, SaysWhichFileIsWrong) {
  const Certificate& good = ServersCertificate();
  const Certificate other("other");
  const auto load = [](const std::string& certificate, const std::string& key) {
    return std::string(TlsContext::Load(certificate, key).status().message());
  };
  EXPECT_EQ(load(good.certificate_file, good.key_file), "");
  EXPECT_THAT(load("/nonexistent", good.key_file),
              testing::HasSubstr("/nonexistent"));
  EXPECT_THAT(load(good.key_file, good.key_file),
              testing::HasSubstr(good.key_file));
  EXPECT_THAT(load(good.certificate_file, "/nonexistent"),
              testing::HasSubstr("/nonexistent"));
  EXPECT_THAT(load(good.certificate_file, other.key_file),
              testing::HasSubstr(other.key_file));
}

}  // namespace
}  // namespace signalbox
