#include "shim/webhook_handler.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/buffer_share.h"
#include "common/digest.h"
#include "common/log.h"
#include "common/webhook/form.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxHeaderText = 255;
constexpr uint64_t kFormFactor = 3;
constexpr int64_t kFreeBuffer = 256 << 10;

// Sets why a body is refused with this status, 413 or 503; returns the status.
int RefuseBody(int status, const WebhookHandlerOptions& options,
               std::string& why) {
  why = status == 413
            ? absl::StrCat("the body is over the limit of ", options.max_body,
                           " bytes of JSON (--max-body)")
            : absl::StrCat("the shim holds ", options.max_buffered,
                           " bytes of other webhooks already; this one can be "
                           "redelivered");
  return status;
}

enum class ContentType { kJson, kForm };

std::optional<ContentType> ReadContentType(const HttpHead& head) {
  const absl::string_view value = head.OnlyValue("content-type").value_or("");
  const absl::string_view type =
      absl::StripAsciiWhitespace(value.substr(0, value.find(';')));
  if (absl::EqualsIgnoreCase(type, "application/json")) {
    return ContentType::kJson;
  }
  if (absl::EqualsIgnoreCase(type, "application/x-www-form-urlencoded")) {
    return ContentType::kForm;
  }
  return std::nullopt;
}

// A header that occurs once and is a short printable text; otherwise empty.
absl::string_view OneText(const HttpHead& head, absl::string_view name) {
  const absl::string_view value = head.OnlyValue(name).value_or("");
  const bool fits = value.size() <= kMaxHeaderText &&
                    std::ranges::all_of(value, absl::ascii_isprint);
  return fits ? value : absl::string_view();
}

// GitHub's number for the hook. 0 if it is missing or malformed, which is no
// reason to refuse a delivery.
int64_t HookId(const HttpHead& head) {
  int64_t id = 0;
  if (!absl::SimpleAtoi(OneText(head, "x-github-hook-id"), &id)) return 0;
  return std::max<int64_t>(id, 0);
}

// Where the hook is set up, as `repository 1296269`. If the delivery is not
// signed, this is only the sender's claim.
std::string HookTarget(const HttpHead& head) {
  const absl::string_view type =
      OneText(head, "x-github-hook-installation-target-type");
  const absl::string_view id =
      OneText(head, "x-github-hook-installation-target-id");
  return type.empty() || id.empty() ? std::string()
                                    : absl::StrCat(type, " ", id);
}

// People take `/event_handler/` for the same path.
absl::string_view WithoutEndSlash(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

bool AsksForHealth(const HttpHead& head) {
  const absl::string_view path = WithoutEndSlash(head.path);
  return (head.method == "GET" || head.method == "HEAD") &&
         (path == "/" || path == "/healthz");
}

// How much to reserve for the JSON. Memory costs nothing before its use, and
// growing by copies would take twice as much.
size_t LongestJson(const HttpHead& head, size_t max_body) {
  return head.chunked ? max_body
                      : std::min<uint64_t>(head.content_length, max_body);
}

// Completes a form. Returns the answer's status if that failed, else 0.
int Finish(FormDecoder& form, std::string& json, std::string& why) {
  absl::StatusOr<std::string> payload = form.Finish();
  if (!payload.ok()) {
    why = std::string(payload.status().message());
    return 400;
  }
  json = *std::move(payload);
  return 0;
}

absl::string_view TextFor(int status) {
  static constexpr std::pair<int, absl::string_view> kTexts[] = {
      {200, "nothing to do\n"},
      {202, "accepted\n"},
      {400, "malformed delivery\n"},
      {401, "signature missing or wrong\n"},
      {404, "not found\n"},
      {405, "use POST\n"},
      {413, "too large\n"},
      {415, "use application/json or application/x-www-form-urlencoded\n"},
      {503, "try again later\n"}};
  for (const auto& [code, text] : kTexts) {
    if (code == status) return text;
  }
  return "internal error\n";
}

int HttpStatusOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return 400;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return 503;
    default:
      return 500;
  }
}

// Whether GitHub named the contexts, and not the server's configuration.
bool NamesContexts(const HookCall& call) {
  const auto* const report = std::get_if<HookReport>(&call.request);
  return report == nullptr || !report->contexts.empty();
}

// A delivery that this shim has no grant for is for another service. Nothing is
// wrong, and a redelivery would not help. But if the shim lacks only the grant
// for a context that the server itself expects, the server's configuration is
// wrong.
bool IsForOthers(const HookCall& call, absl::string_view not_granted) {
  return not_granted == "repository" || not_granted == "account" ||
         (not_granted == "context" && NamesContexts(call));
}

}  // namespace

struct WebhookHandler::Delivery {
  absl::string_view event;
  absl::string_view id;
  bool is_verified = false;
  absl::string_view content_type;
  std::string action;
  CallSummary call;
  std::string why;  // Of an answer that is not 202.
};

// A decoded body, and its share of the memory for bodies.
struct WebhookHandler::Body {
  Body(std::atomic<int64_t>& all, int64_t limit)
      : share(all, limit, kFreeBuffer) {}

  std::string json;
  BufferShare share;
};

HttpAnswer WebhookHandler::Handle(const HttpServerRequest& request,
                                  BodyReader read_body) {
  if (AsksForHealth(request.head)) {
    return {200, absl::StrCat("signalbox-shim is up; GitHub's webhooks go to ",
                              options_.path, "\n")};
  }
  Delivery delivery;
  delivery.event = OneText(request.head, "x-github-event");
  delivery.id = OneText(request.head, "x-github-delivery");
  const int status = StatusFor(request, read_body, delivery);
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      Clock::now() - request.first_byte);
  // For a good delivery, the repository says more.
  absl::string_view hook_id;
  std::string hook_target;
  if (status >= 400) {
    hook_id = OneText(request.head, "x-github-hook-id");
    hook_target = HookTarget(request.head);
  }
  const auto log = status < 500 ? LogInfo : LogError;
  log("delivery", {{"github_event", delivery.event},
                   {"action", delivery.action},
                   {"delivery", delivery.id},
                   {"content_type", delivery.content_type},
                   {"call", delivery.call.method},
                   {"repository", delivery.call.repository},
                   {"sha", delivery.call.sha},
                   {"hook_id", hook_id},
                   {"hook_target", hook_target},
                   {"path", status == 404 ? absl::string_view(request.head.path)
                                          : absl::string_view()},
                   {"answer", status},
                   {"why", delivery.why},
                   {"duration_ms", duration.count()}});
  // If the body was not verified, anybody may have named the event.
  totals_.Count(delivery.is_verified ? delivery.event : absl::string_view(),
                status);
  if (totals_.IsTime(Clock::now())) LogTotals();
  HttpAnswer answer = {status, std::string(TextFor(status))};
  if (status == 405) answer.headers = {{"Allow", "POST"}};
  return answer;
}

void WebhookHandler::LogTotals() const {
  for (const auto& [event, answers] : totals_.Get()) {
    LogInfo("deliveries so far", {{"github_event", event},
                                  {"accepted", answers.accepted},
                                  {"ignored", answers.ignored},
                                  {"refused", answers.refused},
                                  {"failed", answers.failed}});
  }
}

int WebhookHandler::StatusFor(const HttpServerRequest& request,
                              BodyReader read_body, Delivery& delivery) {
  if (WithoutEndSlash(request.head.path) != WithoutEndSlash(options_.path)) {
    delivery.why = absl::StrCat("GitHub's webhooks go to ", options_.path);
    return 404;
  }
  if (request.head.method != "POST") return 405;

  Body body(buffered_, options_.max_buffered);
  const int refusal = ReadBody(request, read_body, body, delivery);
  if (refusal != 0) return refusal;
  delivery.is_verified = true;

  if (delivery.event.empty() || delivery.id.empty()) {
    delivery.why = absl::StrCat(
        delivery.event.empty() ? "X-GitHub-Event" : "X-GitHub-Delivery",
        " is missing, repeated, or not 1 to ", kMaxHeaderText,
        " printable ASCII characters");
    return 400;
  }
  HookResult result = ReadHook(delivery.event, body.json);
  if (auto* const malformed = std::get_if<HookMalformed>(&result)) {
    delivery.why = std::move(malformed->why);
    return 400;
  }
  if (auto* const ignored = std::get_if<HookIgnored>(&result)) {
    delivery.action = std::move(ignored->action);
    delivery.why = std::move(ignored->why);
    return 200;
  }
  return Call(std::get<HookCall>(result), body.json, request, delivery);
}

int WebhookHandler::ReadBody(const HttpServerRequest& request,
                             BodyReader read_body, Body& body,
                             Delivery& delivery) {
  const std::optional<ContentType> type = ReadContentType(request.head);
  if (!type.has_value()) return 415;
  const bool is_form = *type == ContentType::kForm;
  delivery.content_type = is_form ? "form" : "json";
  const uint64_t max_raw = options_.max_body * (is_form ? kFormFactor : 1);
  if (request.head.content_length > max_raw) {
    return RefuseBody(413, options_, delivery.why);
  }

  const std::optional<Sha256Digest> claimed = ParseSignature(
      request.head.OnlyValue("x-hub-signature-256").value_or(""));
  if (options_.verify && !claimed.has_value()) {
    delivery.why = "X-Hub-Signature-256 is missing, repeated or malformed";
    return 401;
  }

  const size_t most = LongestJson(request.head, options_.max_body);
  if (!is_form) body.json.reserve(most);
  BodySignature signature(*secrets_(Clock::now()));
  FormDecoder form(options_.max_body, is_form ? most : 0);
  absl::Status form_status;
  uint64_t raw_size = 0;
  int refusal = 0;
  const absl::Status complete = read_body([&](absl::string_view bytes) {
    raw_size += bytes.size();
    if (raw_size > max_raw) {
      refusal = 413;
      return false;
    }
    signature.Update(bytes);
    if (is_form) {
      // Only a sender with a valid signature learns what is wrong with it.
      form_status = form.Update(bytes);
    } else {
      body.json.append(bytes.data(), bytes.size());
    }
    if (absl::IsResourceExhausted(form_status)) {
      refusal = 413;
    } else if (!body.share.GrowTo(is_form ? form.size() : body.json.size())) {
      refusal = 503;
    }
    return refusal == 0;
  });
  if (refusal != 0) return RefuseBody(refusal, options_, delivery.why);
  if (!complete.ok()) {
    delivery.why = std::string(complete.message());
    return absl::IsInvalidArgument(complete) ? 400 : 503;
  }
  if (options_.verify && !signature.Matches(*claimed)) {
    delivery.why = "wrong signature: not made with a secret that the shim has";
    return 401;
  }
  return is_form ? Finish(form, body.json, delivery.why) : 0;
}

int WebhookHandler::Refused(const HookCall& call, const ServerAnswer& answer,
                            Delivery& delivery) {
  delivery.why = answer.status.error_message();
  const grpc::StatusCode code = answer.status.error_code();
  if (IsForOthers(call, answer.not_granted)) return 200;
  const bool is_unknown = code == grpc::StatusCode::UNAUTHENTICATED;
  if ((is_unknown || code == grpc::StatusCode::PERMISSION_DENIED) &&
      refusals_.IsNews(delivery.call.method, delivery.why,
                       is_unknown || answer.not_granted == "right")) {
    LogError(
        "the server refuses this shim's reports; correct `callers` in the "
        "server's configuration, or this shim's --token-file",
        {{"why", delivery.why}});
  }
  return HttpStatusOf(code);
}

int WebhookHandler::Call(const HookCall& call, absl::string_view json,
                         const HttpServerRequest& request, Delivery& delivery) {
  delivery.action = call.action;
  delivery.call = Summarize(call);

  v1::Delivery sent;
  sent.set_id(std::string(delivery.id));
  sent.set_digest(Sha256(json));
  sent.set_event(std::string(delivery.event));
  sent.set_hook_id(HookId(request.head));
  ServerAnswer answer =
      CallServer(call, std::move(sent),
                 request.first_byte + options_.server_timeout, server_);
  if (!answer.status.ok()) return Refused(call, answer, delivery);
  refusals_.NoteSuccess(delivery.call.method);
  delivery.why = std::move(answer.nothing_done);
  return delivery.why.empty() ? 202 : 200;
}

}  // namespace signalbox
