#include "server/rpc/error_details.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

using google::protobuf::internal::WireFormatLite;

constexpr char kDomain[] = "signalbox.dev";

// Writes the fields of one message. Not thread-safe.
class Fields {
 public:
  Fields& Number(int field, int64_t value) {
    WireFormatLite::WriteInt64(field, value, &output_);
    return *this;
  }

  Fields& Bytes(int field, const std::string& value) {
    WireFormatLite::WriteBytes(field, value, &output_);
    return *this;
  }

  std::string Take() && {
    output_.Trim();
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  google::protobuf::io::StringOutputStream stream_{&bytes_};
  google::protobuf::io::CodedOutputStream output_{&stream_};
};

std::string InAny(absl::string_view type, std::string message) {
  google::protobuf::Any any;
  any.set_type_url(absl::StrCat("type.googleapis.com/google.rpc.", type));
  any.set_value(std::move(message));
  return any.SerializeAsString();
}

}  // namespace

std::string ErrorDetails::Serialize() const {
  Fields info;
  info.Bytes(1, std::string(reason)).Bytes(2, kDomain);
  if (!not_granted.empty()) {
    Fields entry;
    entry.Bytes(1, "not_granted").Bytes(2, std::string(not_granted));
    info.Bytes(3, std::move(entry).Take());
  }
  Fields status;
  status.Number(1, static_cast<int>(code))
      .Bytes(2, std::string(message))
      .Bytes(3, InAny("ErrorInfo", std::move(info).Take()));
  if (retry_delay.has_value()) {
    Fields retry;
    retry.Bytes(1, ToProto(*retry_delay).SerializeAsString());
    status.Bytes(3, InAny("RetryInfo", std::move(retry).Take()));
  }
  return std::move(status).Take();
}

}  // namespace signalbox
