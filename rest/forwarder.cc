#include "rest/forwarder.h"

#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/log.h"
#include "rest/end_to_end.h"
#include "rest/request_body.h"
#include "rest/url_mover.h"

namespace signalbox {
namespace {

RestRefusal RefusalOfSending(const absl::Status& status) {
  // GitHub's own answers are never 502 to 504 with this header.
  RestRefusal refusal = TryLaterRefusal("GITHUB_UNREACHABLE");
  if (absl::IsFailedPrecondition(status)) return refusal;
  refusal.status = absl::IsDeadlineExceeded(status) ? 504 : 502;
  refusal.reason = "UNKNOWN_WHETHER_ACCEPTED";
  return refusal;
}

}  // namespace

class Forwarder::Place {
 public:
  Place(Forwarder& forwarder, std::string caller, size_t body_bytes)
      : forwarder_(forwarder),
        caller_(std::move(caller)),
        body_bytes_(body_bytes) {}
  ~Place() {
    MutexLock lock(&forwarder_.mu_);
    --forwarder_.requests_;
    if (--forwarder_.of_caller_[caller_] == 0) {
      forwarder_.of_caller_.erase(caller_);
    }
    forwarder_.body_bytes_ -= body_bytes_;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // The body has arrived, and is not larger than was expected.
  void Shrink(size_t body_bytes) {
    MutexLock lock(&forwarder_.mu_);
    forwarder_.body_bytes_ -= body_bytes_ - body_bytes;
    body_bytes_ = body_bytes;
  }

 private:
  Forwarder& forwarder_;
  const std::string caller_;
  size_t body_bytes_;
};

struct Forwarder::Passage {
  // In this order: the place is free when the connection is.
  std::unique_ptr<Place> place;
  std::unique_ptr<StreamResponse> response;
  UrlMover mover;
  size_t max_moved_body = 0;  // 0: no body is changed.

  // As HttpAnswer::stream.
  bool Send(AnswerSink sink) {
    std::string held;
    bool is_held = max_moved_body > 0;
    const absl::Status end = response->Read([&](absl::string_view bytes) {
      if (is_held && held.size() + bytes.size() <= max_moved_body) {
        held.append(bytes.data(), bytes.size());
        // A slow body is held for long, and the server can stop meanwhile.
        return sink("");
      }
      if (!std::exchange(is_held, false)) return sink(bytes);
      return sink(std::exchange(held, {})) && sink(bytes);
    });
    if (!end.ok() && !absl::IsCancelled(end)) {
      LogWarning("an answer of GitHub's for a tool ended too soon",
                 {{"why", end.message()}});
    }
    return end.ok() && (!is_held || sink(mover.Json(std::move(held))));
  }
};

RestOr<HttpAnswer> Forwarder::Forward(const HttpHead& head,
                                      BodyReader read_body,
                                      Secret authorization,
                                      const ForwardTarget& target) {
  const size_t room = head.chunked ? options_.max_body : head.content_length;
  if (room > options_.max_body) {
    return PlainRefusal(413, "Request body is too large");
  }
  std::unique_ptr<Place> place = Enter(target.caller, room);
  if (place == nullptr) return TryLaterRefusal("TOO_MANY_FORWARDED");
  StreamRequest request;
  request.method = head.method;
  request.url = target.url;
  request.headers = RequestHeadersFor(head);
  request.authorization = std::move(authorization);
  if (room > 0) {
    auto body = ReadRequestBody(head, read_body, options_.max_body);
    if (const auto* const refusal = std::get_if<RestRefusal>(&body)) {
      return *refusal;
    }
    request.body = std::get<std::string>(std::move(body));
    place->Shrink(request.body.size());
  }
  absl::StatusOr<std::unique_ptr<StreamResponse>> sent =
      client_.Send(std::move(request));
  if (!sent.ok()) {
    LogWarning("GitHub did not answer a tool's request",
               {{"why", sent.status().message()}});
    return RefusalOfSending(sent.status());
  }
  const StreamResponse& response = **sent;
  const UrlMover mover(target.api_url, target.base);
  HttpAnswer answer;
  answer.status = response.status();
  answer.content_type =
      std::string(HeaderOf(response.headers(), "content-type"));
  answer.headers = AnswerHeadersFor(response.headers(), mover);
  // A part of a body is no whole JSON, and what is encoded is not readable.
  const bool is_moved =
      target.moves_json && IsJsonType(answer.content_type) &&
      response.status() != 206 &&
      HeaderOf(response.headers(), "content-encoding").empty() &&
      response.size().value_or(0) <= options_.max_moved_body;
  if (!is_moved) answer.stream_size = response.size();
  auto passage = std::make_shared<Passage>(
      Passage{std::move(place), *std::move(sent), mover,
              is_moved ? options_.max_moved_body : 0});
  answer.stream = [passage](AnswerSink sink) { return passage->Send(sink); };
  return answer;
}

std::unique_ptr<Forwarder::Place> Forwarder::Enter(const std::string& caller,
                                                   size_t body_bytes) {
  MutexLock lock(&mu_);
  const auto of_caller = of_caller_.find(caller);
  if (requests_ >= options_.most_requests ||
      (of_caller != of_caller_.end() &&
       of_caller->second >= options_.most_of_caller) ||
      body_bytes > options_.most_body_bytes - body_bytes_) {
    return nullptr;
  }
  ++requests_;
  ++of_caller_[caller];
  body_bytes_ += body_bytes;
  return std::make_unique<Place>(*this, caller, body_bytes);
}

}  // namespace signalbox
