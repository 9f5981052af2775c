#ifndef SIGNALBOX_TESTS_SUPPORT_LASTING_ADDRESS_H_
#define SIGNALBOX_TESTS_SUPPORT_LASTING_ADDRESS_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace signalbox {

// A loopback address for a program that listens again after a restart. Nothing
// listens there now. The kernel gives its port to no connection of another
// process meanwhile, because it lies below the ephemeral ports.
inline std::string LastingAddress() {
  constexpr int kFirst = 10'000;
  constexpr int kCount = 20'000;
  static int used = 0;
  // Other processes begin elsewhere.
  const int begin = static_cast<int>(getpid()) * 97;
  for (int tries = 0; tries < kCount; ++tries) {
    const int port = kFirst + (begin + used++) % kCount;
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_free =
        bind(socket, reinterpret_cast<const sockaddr*>(&address),
             sizeof address) == 0;
    close(socket);
    if (is_free) return absl::StrCat("127.0.0.1:", port);
  }
  ADD_FAILURE() << "no port is free";
  return "127.0.0.1:0";
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_LASTING_ADDRESS_H_
