#include <grpcpp/grpcpp.h>
#include <httplib.h>
#include <sys/socket.h>

#include <cstdio>
#include <string>

#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/bench/calls/noop.h"

namespace signalbox {
namespace {

class Server : public httplib::Server {
 public:
  // The library lets five connections wait. A client whose connection is
  // dropped tries again after a second.
  void LetManyWait() { ::listen(svr_sock_, 1024); }
};

void Serve(Server* server, size_t threads) {
  server->new_task_queue = [threads] {
    return new httplib::ThreadPool(threads);
  };
  const int port = server->bind_to_any_port("127.0.0.1");
  server->LetManyWait();
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server->listen_after_bind();
}

std::string ReadAll(const httplib::ContentReader& read) {
  std::string body;
  read([&](const char* bytes, size_t count) {
    body.append(bytes, count);
    return true;
  });
  return body;
}

}  // namespace

void ServeNoopHttp() {
  Server server;
  // With a content reader, as in the shim: the packaged library refuses forms
  // that are read in any other way.
  server.Post("/event_handler", [](const httplib::Request&,
                                   httplib::Response& response,
                                   const httplib::ContentReader& read) {
    response.set_content(std::to_string(ReadAll(read).size()), "text/plain");
  });
  Serve(&server, 16);
}

void ServeNoopRest(const std::string& address) {
  const auto stub = v1::StatusService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  Server server;
  // A client may send as many requests as it likes on a connection. Without
  // the second option, the library waits 40 ms between the head and the body of
  // an answer.
  server.set_keep_alive_max_count(1'000'000'000);
  server.set_tcp_nodelay(true);
  server.Post(
      "/repos/.*", [&](const httplib::Request&, httplib::Response& response,
                       const httplib::ContentReader& read) {
        v1::ReportResultRequest report;
        report.set_description(ReadAll(read));
        v1::ReportResultResponse answer;
        grpc::ClientContext context;
        const bool ok = stub->ReportResult(&context, report, &answer).ok();
        response.status = ok ? 201 : 503;
        response.set_content(std::string(2000, ' '), "application/json");
      });
  Serve(&server, 64);  // A connection keeps its thread.
}

}  // namespace signalbox
