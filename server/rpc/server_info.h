#ifndef SIGNALBOX_SERVER_RPC_SERVER_INFO_H_
#define SIGNALBOX_SERVER_RPC_SERVER_INFO_H_

#include <string>
#include <utility>
#include <vector>

#include "server/rpc/authorizer.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What a server tells about itself.
struct ServerInfo {
  std::string version;
  std::string revision;
  // The name and API address of each GitHub host.
  std::vector<std::pair<std::string, std::string>> hosts;
  // Features that not every server of this version has.
  std::vector<std::string> features;
};

// Pure.
v1::GetServerInfoResponse ToProto(const ServerInfo& info, const Caller& grants);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_SERVER_INFO_H_
