#ifndef SIGNALBOX_COMMON_RPC_CONNECTION_FAILURE_H_
#define SIGNALBOX_COMMON_RPC_CONNECTION_FAILURE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/rpc/channel.h"

namespace signalbox {

// Finds out why a channel cannot connect, if the cause is that client and
// server disagree about TLS. gRPC's own words do not tell that: the server just
// ends the connection. No repeat helps then.
//
// `error` is the text of gRPC's UNAVAILABLE, `server` the address of the
// channel, and `tls` what the channel was opened with. If `error` names an
// address that took the connection, this connects to it, too, begins a TLS
// handshake, and looks how the server reacts. That takes up to some 4 s, and
// sends nothing else. It does not check the server's certificate, because it
// relies on nothing that the server says.
//
// OK: it finds nothing. UNAVAILABLE, with a sentence for people:
//   reason TLS_NEEDED          the server speaks TLS, and the channel does not.
//   reason CERTIFICATE_NEEDED  the channel has no client certificate, and the
//                              server ends such connections.
//
// Thread-safe. Blocks.
absl::Status ExplainConnectionFailure(absl::string_view error,
                                      absl::string_view server,
                                      const ChannelTls& tls);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RPC_CONNECTION_FAILURE_H_
