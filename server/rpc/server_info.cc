#include "server/rpc/server_info.h"

namespace signalbox {

v1::GetServerInfoResponse ToProto(const ServerInfo& info,
                                  const Caller& grants) {
  v1::GetServerInfoResponse proto;
  proto.set_version(info.version);
  proto.set_revision(info.revision);
  for (const auto& [name, api_url] : info.hosts) {
    v1::Host& host = *proto.add_hosts();
    host.set_name(name);
    host.set_api_url(api_url);
  }
  for (const char* const feature : {"bookmarks", "if_sequence"}) {
    proto.add_features(feature);
  }
  for (const std::string& feature : info.features) {
    proto.add_features(feature);
  }
  v1::Grants& granted = *proto.mutable_grants();
  granted.set_caller(grants.name);
  for (const Right right : grants.rights) {
    granted.add_rights(std::string(NameOf(right)));
  }
  for (const std::string& pattern : grants.repositories) {
    granted.add_repositories(pattern);
  }
  for (const std::string& pattern : grants.contexts) {
    granted.add_contexts(pattern);
  }
  return proto;
}

}  // namespace signalbox
