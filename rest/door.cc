#include "rest/door.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/log.h"
#include "common/names.h"
#include "common/text.h"
#include "rest/answer.h"
#include "rest/app_door.h"
#include "rest/end_to_end.h"
#include "rest/grants.h"
#include "rest/listing.h"
#include "rest/paging.h"
#include "rest/request_body.h"
#include "rest/status_request.h"

namespace signalbox {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";
// How long the door relies on the server's answer that it has callers. A person
// needs longer to restart the server with another configuration.
constexpr absl::Duration kCallersKnownFor = absl::Seconds(5);

std::string RepositoryOf(const RestPlace& place) {
  return absl::StrCat(place.host, "/", place.owner, "/", place.name);
}

// Takes `[HOST/]OWNER/NAME`, as the server writes it, apart.
void SetName(absl::string_view repository, RestPlace* place) {
  const std::vector<std::string> parts = absl::StrSplit(repository, '/');
  if (parts.size() < 2) return;
  place->host = parts.size() > 2 ? parts[0] : "github.com";
  place->owner = parts[parts.size() - 2];
  place->name = parts.back();
}

absl::Time TimeOf(const google::protobuf::Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds());
}

void SetPoster(const v1::StatusCreator& creator, RestPlace* place) {
  if (creator.login().empty()) return;
  place->poster = {creator.login(), creator.id(), creator.type()};
}

// What every answer has.
void AddHeaders(const std::string& request_id, absl::Time now,
                HttpAnswer* answer) {
  answer->headers.insert(answer->headers.end(),
                         {{"X-GitHub-Media-Type", "github.v3; format=json"},
                          {"X-GitHub-Request-Id", request_id},
                          {"X-OAuth-Scopes", "repo:status"},
                          {"Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                                    now, absl::UTCTimeZone())},
                          {"Cache-Control", "no-store"},
                          {"X-Content-Type-Options", "nosniff"}});
}

// Answers that do not depend on the caller.
bool NeedsNoToken(RestResource resource) {
  return resource == RestResource::kRoot || resource == RestResource::kMeta ||
         resource == RestResource::kVersions || resource == RestResource::kZen;
}

bool IsAboutStatuses(RestResource resource) {
  return resource == RestResource::kCreateStatus ||
         resource == RestResource::kStatuses ||
         resource == RestResource::kCombined;
}

// GitHub's API uses no others.
bool IsForwarded(absl::string_view method) {
  return method == "GET" || method == "HEAD" || method == "POST" ||
         method == "PUT" || method == "PATCH" || method == "DELETE";
}

// The answer may come later than HttpServer lets a handler answer.
HttpAnswer Late(HttpAnswer answer) {
  answer.stream_size = answer.text.size();
  answer.stream = [text = answer.text](AnswerSink sink) { return sink(text); };
  return answer;
}

}  // namespace

HttpAnswer RestDoor::AnswerUnseen(int status) const {
  const std::string request_id = options_.new_request_id();
  LogInfo("request that the REST endpoint has not read",
          {{"answer", status}, {"request_id", request_id}});
  HttpAnswer answer =
      Refused(status == 400 ? PlainRefusal(400, "The request is not valid HTTP")
              : status == 503 ? TryLaterRefusal("")
                              : RestRefusal());
  AddHeaders(request_id, options_.clock(), &answer);
  return answer;
}

HttpAnswer RestDoor::Handle(const HttpServerRequest& request,
                            BodyReader read_body) {
  Visit visit = VisitOf(request, read_body);
  HttpAnswer answer = Answer(visit);
  Finish(visit, &answer);
  return answer;
}

void RestDoor::Finish(const Visit& visit, HttpAnswer* answer) {
  const HttpServerRequest& request = visit.request;
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - request.first_byte);
  if (visit.is_forwarded) {
    LogInfo("request forwarded to GitHub",
            {{"method", request.head.method},
             {"path", request.head.path},
             {"answer", answer->status},
             {"request_id", HeaderOf(answer->headers, "x-github-request-id")},
             {"duration_ms", duration.count()}});
    return;
  }
  AddHeaders(visit.terms.request_id, visit.now, answer);
  const auto log = answer->status < 500 ? LogInfo : LogError;
  log("request in GitHub's form", {{"method", request.head.method},
                                   {"path", request.head.path},
                                   {"answer", answer->status},
                                   {"request_id", visit.terms.request_id},
                                   {"duration_ms", duration.count()}});
}

RestDoor::Visit RestDoor::VisitOf(const HttpServerRequest& request,
                                  BodyReader read_body) const {
  const HttpHead& head = request.head;
  RestRoute route = FindRoute(head.method, head.path, head.query);
  RestPlace place;
  place.base =
      BaseOf(head, options_.public_url, options_.scheme) + route.prefix;
  place.host = route.host.empty() ? options_.default_host : route.host;
  place.owner = route.owner;
  place.name = route.name;
  return {request,
          read_body,
          VisitorOf(request, options_.listener_is_loopback),
          std::move(route),
          std::move(place),
          {Secret(AuthorizationOf(head)), options_.new_request_id(),
           request.first_byte + options_.timeout},
          options_.clock(),
          /*is_forwarded=*/false};
}

HttpAnswer RestDoor::Answer(Visit& visit) {
  switch (visit.visitor) {
    case Visitor::kWebPage:
      return Refused(PlainRefusal(403, "Web pages may not use this address"));
    case Visitor::kNameless:
      return Refused(
          PlainRefusal(400, "The header Host is missing or malformed"));
    case Visitor::kLocal:
    case Visitor::kRemote:
      break;
  }
  if (!IsAboutStatuses(visit.route.resource)) {
    std::optional<HttpAnswer> forwarded = Forward(visit);
    if (forwarded.has_value()) return *std::move(forwarded);
  }
  if (visit.route.resource == RestResource::kNone) {
    return Refused(NotFoundRefusal());
  }
  std::optional<HttpAnswer> open = AnswerOpenly(visit);
  if (open.has_value()) return *std::move(open);
  std::optional<RestRefusal> refusal = RefuseStranger(visit);
  if (!refusal.has_value()) refusal = FindName(visit);
  if (refusal.has_value()) return Refused(*refusal);
  switch (visit.route.resource) {
    case RestResource::kCreateStatus:
      return CreateStatus(visit);
    case RestResource::kStatuses:
    case RestResource::kCombined:
      return StatusesOrForwarded(visit);
    case RestResource::kRepository:
      return ShowRepository(visit);
    case RestResource::kCommit:
      return ShowCommit(visit);
    case RestResource::kApp:
    case RestResource::kInstallations:
    case RestResource::kInstallation:
    case RestResource::kInstallationOf:
    case RestResource::kCreateAppToken:
      return AnswerApp(visit.route, visit.place, visit.terms, calls_, [&visit] {
        return ReadRequestBody(visit.request.head, visit.read_body,
                               kMaxRestBody);
      });
    default:
      return ShowCaller(visit);
  }
}

std::optional<HttpAnswer> RestDoor::AnswerOpenly(const Visit& visit) {
  const std::string& base = visit.place.base;
  switch (visit.route.resource) {
    case RestResource::kRoot: {
      const absl::string_view accept =
          visit.request.head.OnlyValue("accept").value_or("");
      if (!absl::StrContains(accept, "text/"))
        return JsonAnswer(RootBody(base));
      return HttpAnswer{200, RootText(base), kText};
    }
    case RestResource::kMeta:
      return JsonAnswer(MetaBody());
    case RestResource::kVersions:
      return JsonAnswer(VersionsBody());
    case RestResource::kZen:
      return HttpAnswer{200, "One box sets all the signals.", kText};
    default:
      return std::nullopt;
  }
}

std::optional<HttpAnswer> RestDoor::Forward(Visit& visit) {
  const RestRoute& route = visit.route;
  if (forwarder_ == nullptr || visit.terms.authorization.empty()) {
    return std::nullopt;
  }
  const auto asked = calls_.ServerInfo(visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&asked)) {
    // Not 404: GitHub may have what is asked for.
    if (NeedsNoToken(route.resource)) return std::nullopt;
    return Refused(*refusal);
  }
  const auto& info = std::get<v1::GetServerInfoResponse>(asked);
  if (!info.grants().forward() || info.grants().caller().empty()) {
    return std::nullopt;
  }
  const auto host =
      std::ranges::find(info.hosts(), visit.place.host,
                        [](const auto& one) { return one.name(); });
  if (route.github_path.empty() || !IsForwarded(visit.request.head.method) ||
      host == info.hosts().end()) {
    return Refused(NotFoundRefusal());
  }
  if (!IsPrivateUrl(host->api_url())) {
    LogError(
        "a tool's request was not forwarded: the API's address is neither "
        "https nor on this machine",
        {{"api_url", host->api_url()}});
    return Refused(NotFoundRefusal());
  }
  ForwardTarget target;
  target.caller = info.grants().caller();
  target.api_url = host->api_url();
  target.base = visit.place.base;
  target.moves_json = !route.is_graphql;
  target.url = route.is_graphql
                   ? GraphqlUrlOf(target.api_url)
                   : absl::StrCat(target.api_url, route.github_path);
  const std::string& query = visit.request.head.query;
  if (!query.empty()) absl::StrAppend(&target.url, "?", query);
  auto forwarded = forwarder_->Forward(visit.request.head, visit.read_body,
                                       visit.terms.authorization, target);
  if (const auto* const refusal = std::get_if<RestRefusal>(&forwarded)) {
    return Late(Refused(*refusal));
  }
  visit.is_forwarded = true;
  return std::get<HttpAnswer>(std::move(forwarded));
}

std::optional<RestRefusal> RestDoor::RefuseStranger(const Visit& visit) {
  if (visit.visitor == Visitor::kLocal) return std::nullopt;
  if (!HasSeenCallers(visit.now)) {
    const RestOr<bool> has_callers = calls_.HasCallers(visit.terms);
    if (const auto* const refusal = std::get_if<RestRefusal>(&has_callers)) {
      return *refusal;
    }
    if (!std::get<bool>(has_callers)) {
      return PlainRefusal(
          401,
          "Bad credentials: the configuration of signalbox-server names "
          "no `callers`, so only programs on its machine may use this "
          "address, by its loopback address and without a proxy");
    }
    MutexLock lock(&mu_);
    callers_seen_ = visit.now;
  }
  if (visit.terms.authorization.empty()) return BadCredentialsRefusal();
  return std::nullopt;
}

bool RestDoor::HasSeenCallers(absl::Time now) {
  MutexLock lock(&mu_);
  return absl::AbsDuration(now - callers_seen_) < kCallersKnownFor;
}

std::optional<RestRefusal> RestDoor::FindName(Visit& visit) const {
  if (visit.route.repository_id == 0) return std::nullopt;
  v1::GetRepositoryRequest request;
  request.set_repository_id(visit.route.repository_id);
  request.set_host(visit.place.host);
  const auto found = calls_.Repository(request, visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&found)) {
    return *refusal;
  }
  SetName(std::get<v1::GetRepositoryResponse>(found).repository(),
          &visit.place);
  return std::nullopt;
}

HttpAnswer RestDoor::CreateStatus(Visit& visit) const {
  const std::string sha = absl::AsciiStrToLower(visit.route.ref);
  if (!IsSha(sha)) {
    return Refused(InvalidFieldRefusal("sha", "custom",
                                       "sha must be a 40 character SHA1"));
  }
  const RestOr<std::string> body =
      ReadRequestBody(visit.request.head, visit.read_body, kMaxRestBody);
  if (const auto* const refusal = std::get_if<RestRefusal>(&body)) {
    return Refused(*refusal);
  }
  const auto read = ReadStatusRequest(std::get<std::string>(body));
  if (const auto* const refusal = std::get_if<RestRefusal>(&read)) {
    return Refused(*refusal);
  }
  auto request = std::get<StatusRequest>(read);
  // As the server would cut them. Uncut, a call can be larger than the body,
  // and than the server takes: the client would repeat it forever.
  request.description = KeepDescription(request.description).text;
  request.target_url = KeepTargetUrl(request.target_url).text;
  const auto answer = std::visit(
      [&](const auto& report) { return calls_.Report(report, visit.terms); },
      ReportOf(request, RepositoryOf(visit.place), sha));
  if (const auto* const refusal = std::get_if<RestRefusal>(&answer)) {
    return Refused(*refusal);
  }
  const auto& [receipt, creator] = std::get<Reported>(answer);
  SetPoster(creator, &visit.place);
  RestStatus status;
  status.id = IdOfReport(receipt.sequence());
  status.state =
      NameOf(receipt.state() == v1::COMMIT_STATE_UNSPECIFIED ? request.state
                                                             : receipt.state());
  status.context = request.context;
  status.description = FitDescription(request.description);
  status.target_url = request.target_url;
  status.time =
      receipt.has_report_time() ? TimeOf(receipt.report_time()) : visit.now;
  HttpAnswer created = JsonAnswer(StatusBody(status, visit.place, sha), 201);
  created.headers.emplace_back("Location", StatusUrl(visit.place, sha));
  return created;
}

HttpAnswer RestDoor::ShowStatuses(Visit& visit) const {
  const RestRoute& route = visit.route;
  const std::string name = RepositoryOf(visit.place);
  const auto sha = calls_.Resolve(name, route.ref, visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&sha)) {
    return Refused(*refusal);
  }
  const std::string commit = absl::AsciiStrToLower(std::get<std::string>(sha));
  Listing listing(route);
  const auto listed = calls_.Reports(
      name, commit, visit.terms,
      [&listing](const v1::ListedReport& report) { listing.Add(report); });
  if (const auto* const refusal = std::get_if<RestRefusal>(&listed)) {
    return Refused(*refusal);
  }
  SetPoster(std::get<v1::StatusCreator>(listed), &visit.place);
  HttpAnswer answer =
      JsonAnswer(listing.is_combined()
                     ? CombinedBody(listing.state(), listing.on_page(),
                                    listing.total(), visit.place, commit)
                     : StatusesBody(listing.on_page(), visit.place, commit));
  const std::string url = RepositoryUrl(
      visit.place,
      absl::StrCat("/commits/", PercentEncodedPath(route.ref),
                   listing.is_combined() ? "/status" : "/statuses"));
  std::string link = LinkOf(url, route.page, route.per_page, listing.total());
  if (!link.empty()) answer.headers.emplace_back("Link", std::move(link));
  return answer;
}

HttpAnswer RestDoor::StatusesOrForwarded(Visit& visit) {
  HttpAnswer answer = ShowStatuses(visit);
  // The server knows refs only from webhooks, and GitHub knows all.
  if (answer.status == 422 && !visit.route.github_path.empty()) {
    std::optional<HttpAnswer> forwarded = Forward(visit);
    if (forwarded.has_value()) return *std::move(forwarded);
  }
  return answer;
}

HttpAnswer RestDoor::ShowRepository(Visit& visit) const {
  v1::GetRepositoryRequest request;
  request.set_repository(RepositoryOf(visit.place));
  const auto found = calls_.Repository(request, visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&found)) {
    return Refused(*refusal);
  }
  const auto grants = calls_.Grants(visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&grants)) {
    return Refused(*refusal);
  }
  const auto& repository = std::get<v1::GetRepositoryResponse>(found);
  SetName(repository.repository(), &visit.place);
  visit.place.repository_id = repository.repository_id();
  return JsonAnswer(RepositoryBody(
      visit.place, HasRight(std::get<v1::Grants>(grants), "report")));
}

HttpAnswer RestDoor::ShowCommit(Visit& visit) const {
  const std::string name = RepositoryOf(visit.place);
  const auto sha = calls_.Resolve(name, visit.route.ref, visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&sha)) {
    return Refused(*refusal);
  }
  // Resolve asks the server nothing about a full sha.
  v1::GetRepositoryRequest request;
  request.set_repository(name);
  const auto found = calls_.Repository(request, visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&found)) {
    return Refused(*refusal);
  }
  return JsonAnswer(CommitBody(
      visit.place, absl::AsciiStrToLower(std::get<std::string>(sha))));
}

HttpAnswer RestDoor::ShowCaller(const Visit& visit) const {
  const auto grants = calls_.Grants(visit.terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&grants)) {
    return Refused(*refusal);
  }
  switch (visit.route.resource) {
    case RestResource::kRateLimit:
      return JsonAnswer(RateLimitBody(visit.now));
    case RestResource::kUserOfLogin:
      return JsonAnswer(UserBody(visit.route.login, visit.place));
    default: {
      const std::string& caller = std::get<v1::Grants>(grants).caller();
      return JsonAnswer(
          UserBody(caller.empty() ? "signalbox" : caller, visit.place));
    }
  }
}

}  // namespace signalbox
