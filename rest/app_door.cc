#include "rest/app_door.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rest/answer.h"
#include "rest/app_bodies.h"
#include "rest/app_request.h"
#include "rest/refusal.h"

namespace signalbox {
namespace {

// The account of ours with this number; nothing: it is GitHub's number.
std::optional<std::string> AccountWithId(const v1::Grants& grants,
                                         const RestPlace& place, int64_t id) {
  for (const std::string& account : AccountsOf(grants, place.host)) {
    if (InstallationIdOf(place.host, account) == id) return account;
  }
  return std::nullopt;
}

// Whether the caller has a grant of the repository, which the server alone
// decides: it issues no token for a single other one.
std::optional<RestRefusal> RefuseRepository(const RestPlace& place,
                                            const CallTerms& terms,
                                            const ServerCalls& calls) {
  v1::IssueTokenRequest request;
  request.mutable_narrowing()->add_repositories(
      absl::StrCat(place.host, "/", place.owner, "/", place.name));
  request.mutable_valid_for()->set_seconds(60);
  const auto issued = calls.IssueToken(request, terms);
  const auto* const refusal = std::get_if<RestRefusal>(&issued);
  return refusal == nullptr ? std::nullopt : std::make_optional(*refusal);
}

HttpAnswer ShowInstallationOf(const v1::Grants& grants, const RestPlace& place,
                              const CallTerms& terms,
                              const ServerCalls& calls) {
  if (!place.name.empty()) {
    const std::optional<RestRefusal> refusal =
        RefuseRepository(place, terms, calls);
    if (refusal.has_value()) return Refused(*refusal);
  } else if (!CoversAccount(grants, place.host, place.owner)) {
    return Refused(NotFoundRefusal());
  }
  return JsonAnswer(InstallationBody(place.owner, grants, place));
}

HttpAnswer CreateToken(int64_t installation, const v1::Grants& grants,
                       const RestPlace& place, const CallTerms& terms,
                       const ServerCalls& calls, const std::string& body) {
  const auto read = ReadAppTokenRequest(body);
  if (const auto* const refusal = std::get_if<RestRefusal>(&read)) {
    return Refused(*refusal);
  }
  const auto& asked = std::get<AppTokenRequest>(read);
  const std::string account =
      AccountWithId(grants, place, installation).value_or("");
  const auto request = IssueRequestOf(asked, grants, place.host, account);
  if (const auto* const refusal = std::get_if<RestRefusal>(&request)) {
    return Refused(*refusal);
  }
  const auto issued =
      calls.IssueToken(std::get<v1::IssueTokenRequest>(request), terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&issued)) {
    // GitHub's words for a repository that the installation does not have.
    return Refused(refusal->status == 404
                       ? PlainRefusal(422,
                                      "There is at least one repository that "
                                      "does not exist or is not accessible to "
                                      "the parent installation.")
                       : *refusal);
  }
  // A tool that asks by a number of GitHub's knows the owner itself.
  const std::vector<std::string> shown =
      account.empty() ? std::vector<std::string>() : asked.repositories;
  return JsonAnswer(AppTokenBody(std::get<v1::IssueTokenResponse>(issued),
                                 account, shown, place),
                    201);
}

}  // namespace

HttpAnswer AnswerApp(const RestRoute& route, const RestPlace& place,
                     const CallTerms& terms, const ServerCalls& calls,
                     absl::FunctionRef<RestOr<std::string>()> read_body) {
  const auto found = calls.Grants(terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&found)) {
    return Refused(*refusal);
  }
  const auto& grants = std::get<v1::Grants>(found);
  // A token of one installation shows nothing of the others, as at GitHub.
  if (grants.app_id() == 0 || grants.has_narrowing()) {
    return Refused(PlainRefusal(401, "A JSON web token could not be decoded"));
  }
  switch (route.resource) {
    case RestResource::kApp:
      return JsonAnswer(AppBody(grants, place));
    case RestResource::kInstallations:
      return JsonAnswer(
          InstallationsBody(AccountsOf(grants, place.host), grants, place));
    case RestResource::kInstallationOf:
      return ShowInstallationOf(grants, place, terms, calls);
    case RestResource::kInstallation: {
      const std::optional<std::string> account =
          AccountWithId(grants, place, route.installation_id);
      return account.has_value()
                 ? JsonAnswer(InstallationBody(*account, grants, place))
                 : Refused(NotFoundRefusal());
    }
    default: {
      const RestOr<std::string> body = read_body();
      if (const auto* const refusal = std::get_if<RestRefusal>(&body)) {
        return Refused(*refusal);
      }
      return CreateToken(route.installation_id, grants, place, terms, calls,
                         std::get<std::string>(body));
    }
  }
}

}  // namespace signalbox
