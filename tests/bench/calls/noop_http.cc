#include <httplib.h>
#include <sys/socket.h>

#include <cstdio>

#include "tests/bench/calls/noop.h"

namespace signalbox {
namespace {

class Server : public httplib::Server {
 public:
  // The library lets five connections wait. A client whose connection is
  // dropped tries again after a second.
  void LetManyWait() { ::listen(svr_sock_, 1024); }
};

}  // namespace

void ServeNoopHttp() {
  Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(16); };
  // With a content reader, as in the shim: the packaged library refuses forms
  // that are read in any other way.
  server.Post("/event_handler",
              [](const httplib::Request&, httplib::Response& response,
                 const httplib::ContentReader& read) {
                size_t size = 0;
                read([&](const char*, size_t count) {
                  size += count;
                  return true;
                });
                response.set_content(std::to_string(size), "text/plain");
              });
  const int port = server.bind_to_any_port("127.0.0.1");
  server.LetManyWait();
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server.listen_after_bind();
}

}  // namespace signalbox
