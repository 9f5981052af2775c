// Two tenants of one server: what one reports must not show at the other's
// repository or context, and no answer may reveal anything about the other.
//
// The cases come from the descriptors of the service: every field of every
// request takes every value of the other tenant's that has its type. A new
// field or call of the API fails here until Fields() has a good value for it.
//
// A call can take effect later, once GitHub has answered the server's questions
// about names. So the test answers them before it looks.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "common/mutex.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::TextFormat;

// Both report on the same commit.

// A good value of each field, in the text format. `$x`: the caller's own x.
// Empty: left out. `{}`: the message with its good values. `github:` in front:
// only for a caller that may speak as GitHub. Of a `oneof`, a request has the
// field that the case is about, else the first.
const std::map<std::string, std::string>& Fields() {
  static const auto& fields = *new std::map<std::string, std::string>{
      {"ReportPendingRequest.repository", "$repository"},
      {"ReportPendingRequest.sha", "$sha"},
      {"ReportPendingRequest.contexts", "$context"},
      {"ReportPendingRequest.attempt", ""},
      {"ReportPendingRequest.series", ""},
      {"ReportPendingRequest.if_sequence", ""},
      {"ReportPendingRequest.newest_text_wins", ""},
      {"ReportPendingRequest.description", "$description"},
      {"ReportPendingRequest.target_url", "$target_url"},
      {"ReportPendingRequest.expires_after", ""},
      {"ReportPendingRequest.never_expires", ""},
      {"ReportPendingRequest.expires_only_if_configured", ""},
      {"ReportPendingRequest.rerun", ""},
      {"ReportPendingRequest.delivery", "github:{}"},
      {"ReportPendingRequest.change", ""},
      {"ReportPendingRequest.repository_id", "github:$repository_id"},
      {"ReportPendingRequest.observed", ""},
      {"ReportPendingRequest.with_creator", ""},
      {"ReportResultRequest.repository", "$repository"},
      {"ReportResultRequest.sha", "$sha"},
      {"ReportResultRequest.context", "$context"},
      {"ReportResultRequest.attempt", ""},
      {"ReportResultRequest.series", ""},
      {"ReportResultRequest.if_sequence", ""},
      {"ReportResultRequest.newest_text_wins", ""},
      {"ReportResultRequest.result", "RESULT_SUCCESS"},
      {"ReportResultRequest.description", "$description"},
      {"ReportResultRequest.target_url", "$target_url"},
      {"ReportResultRequest.delivery", "github:{}"},
      {"ReportResultRequest.repository_id", "github:$repository_id"},
      {"ReportResultRequest.observed", ""},
      {"ReportResultRequest.with_creator", ""},
      {"StreamReportsRequest.tag", "7"},
      {"StreamReportsRequest.pending", "{}"},
      {"StreamReportsRequest.result", "{}"},
      {"StreamReportsRequest.request_id", ""},
      {"Delivery.id", "$delivery"},
      {"Delivery.digest", ""},
      {"Delivery.event", "\"push\""},
      {"Delivery.action", ""},
      {"Delivery.hook_id", ""},
      {"Change.event", "\"pull_request\""},
      {"Change.pull_request_number", "$pull_request"},
      {"Change.title", ""},
      {"Change.author", ""},
      {"Change.head_ref", ""},
      {"Change.base_ref", ""},
      {"Change.draft", ""},
      {"Change.fork", ""},
      {"Change.clone_url", ""},
      {"Change.updated_time", ""},
      {"Observed.status_id", "$status_id"},
      {"Observed.creator_login", ""},
      {"ReportEventRequest.delivery", "{}"},
      {"ReportEventRequest.repository_renamed", "{}"},
      {"ReportEventRequest.repository_transferred", "{}"},
      {"ReportEventRequest.repository_archived", "{}"},
      {"ReportEventRequest.installation_changed", "{}"},
      {"ReportEventRequest.rerun_requested", "{}"},
      {"RepositoryRenamed.repository", "$repository"},
      {"RepositoryRenamed.old_repository", "$former"},
      {"RepositoryRenamed.repository_id", "$repository_id"},
      {"RepositoryRenamed.update_time", ""},
      {"RepositoryTransferred.repository", "$repository"},
      {"RepositoryTransferred.old_repository", "$former"},
      {"RepositoryTransferred.repository_id", "$repository_id"},
      {"RepositoryTransferred.update_time", ""},
      {"RepositoryArchived.repository", "$repository"},
      {"RepositoryArchived.repository_id", "$repository_id"},
      {"RepositoryArchived.archived", ""},
      {"InstallationChanged.installation_id", "$installation_id"},
      {"InstallationChanged.account", "$account"},
      {"InstallationChanged.action", "\"created\""},
      {"InstallationChanged.app_id", ""},
      {"RerunRequested.repository", "$repository"},
      {"RerunRequested.pull_request_number", "$pull_request"},
      {"RerunRequested.contexts", "$context"},
      {"RerunRequested.login", "$login"},
      {"RerunRequested.author_association", "\"OWNER\""},
      {"GetCommitStatusRequest.repository", "$repository"},
      {"GetCommitStatusRequest.sha", "$sha"},
      {"GetCommitStatusRequest.page_size", ""},
      {"GetCommitStatusRequest.page_token", ""},
      {"ListCommitsRequest.repository", ""},
      {"ListCommitsRequest.page_size", ""},
      {"ListCommitsRequest.page_token", ""},
      {"ExplainStatusRequest.repository", "$repository"},
      {"ExplainStatusRequest.sha", "$sha"},
      {"ExplainStatusRequest.context", "$context"},
      {"ExplainStatusRequest.page_size", ""},
      {"ExplainStatusRequest.page_token", ""},
      {"ListReportsRequest.repository", "$repository"},
      {"ListReportsRequest.sha", "$sha"},
      {"ListReportsRequest.page_size", ""},
      {"ListReportsRequest.page_token", ""},
      {"ResolveRefRequest.repository", "$repository"},
      {"ResolveRefRequest.ref", "\"6dcb09b\""},
      {"GetRepositoryRequest.repository", "$repository"},
      {"GetRepositoryRequest.repository_id", "$repository_id"},
      {"GetRepositoryRequest.host", ""},
      {"RetryPostRequest.repository", "$repository"},
      {"RetryPostRequest.sha", "$sha"},
      {"RetryPostRequest.context", "$context"},
      {"WatchStatusesRequest.repositories", "$repository"},
      {"WatchStatusesRequest.contexts", "$context"},
      {"WatchStatusesRequest.states", "COMMIT_STATE_SUCCESS"},
      {"WatchStatusesRequest.after_sequence", ""},
      {"ListStatusesRequest.filter", "{}"},
      {"ListStatusesRequest.page_size", ""},
      {"ListStatusesRequest.page_token", ""},
      {"RetryPostsRequest.filter", "{}"},
      {"RetryPostsRequest.page_size", ""},
      {"RetryPostsRequest.page_token", ""},
      {"StatusFilter.repository", "$repository"},
      {"StatusFilter.context", ""},
      {"StatusFilter.posting_states", ""},
      {"StatusFilter.reasons", ""},
      {"DiagnoseRepositoryRequest.repository", "$repository"},
      {"IssueTokenRequest.narrowing", "{}"},
      {"IssueTokenRequest.valid_for", ""},
      {"Narrowing.repositories", "$repository"},
      {"Narrowing.contexts", "$context"},
      {"Narrowing.rights", ""},
      {"Narrowing.sha", "$sha"},
      {"Narrowing.series", ""},
      {"Narrowing.attempt", ""},
  };
  return fields;
}

std::string Literal(absl::string_view text) {
  return absl::StrCat("\"", absl::CEscape(text), "\"");
}

std::string Unquoted(absl::string_view literal) {
  std::string text;
  EXPECT_TRUE(absl::CUnescape(literal.substr(1, literal.size() - 2), &text));
  return text;
}

// The names of one tenant in one case, as literals of the text format.
using Names = std::map<std::string, std::string>;

// How the two tenants are related.
struct Relation {
  const char* what;
  // Patterns of names, with the number of the case for `#`.
  const char* a_repository;
  const char* b_repository;
  const char* a_token;
  const char* b_token;
  bool a_is_github;
  // B may report for no repository of A's.
  bool b_is_apart = false;
  // A may read B's statuses, but not report them.
  bool shares_repository = false;
};

// What the server knows when the case begins.
struct Start {
  const char* what;
  bool b_number_is_known;
  bool a_number_is_known;
  bool b_is_known = true;
};

constexpr Start kStarts[] = {
    {"both numbers are known", true, true},
    {"the other's number is not known", false, true},
    {"the caller's own number is not known", true, false},
    {"no number is known", false, false},
    {"nothing of the other is known", false, true, false},
    {"nothing is known but the caller's name", false, false, false},
};

constexpr Relation kRelations[] = {
    {"two accounts, a farm", "ann#/app", "bob#/app", "a-farm", "b-shim", false,
     true},
    {"two accounts, a shim", "ann#/app", "bob#/app", "a-shim", "b-shim", true,
     true},
    {"a farm beside the organisation's shim", "org#/sandbox", "org#/prod",
     "a-farm", "b-shim", false},
    {"a shim beside the organisation's shim", "org#/sandbox", "org#/prod",
     "a-shim", "b-shim", true},
    {"two contexts of one repository", "same#/app", "same#/app", "a-lint",
     "b-shim", false, false, true},
};

std::string Numbered(absl::string_view pattern, int number) {
  return absl::StrReplaceAll(pattern, {{"#", absl::StrFormat("%06d", number)}});
}

Names NamesOf(const Relation& relation, bool is_b, int number) {
  const std::string repository =
      Numbered(is_b ? relation.b_repository : relation.a_repository, number);
  const std::string owner = repository.substr(0, repository.find('/'));
  const std::string tenant = is_b ? "b" : "a";
  const int base = 10'000'000 * (is_b ? 2 : 1) + 10 * number;
  return {{"repository", Literal(repository)},
          {"former", Literal(repository + "-was")},
          {"account", Literal(owner)},
          {"glob", Literal(owner + "/*")},
          {"sha", Literal(kSha)},
          {"x", absl::StrFormat("%06d", number)},
          {"context", Literal(Numbered(tenant + "/build-#", number))},
          {"stuck", Literal(Numbered(tenant + "/stuck-#", number))},
          {"delivery", Literal(Numbered(tenant + "-delivery-#", number))},
          {"description", Literal(Numbered(tenant + " secret #", number))},
          {"target_url",
           Literal(Numbered("https://" + tenant + ".example/#", number))},
          {"login", Literal(Numbered(tenant + "login#", number))},
          {"repository_id", absl::StrCat(base)},
          {"status_id", absl::StrCat(base + 1)},
          {"pull_request", absl::StrCat(base + 2)},
          {"installation_id", absl::StrCat(base + 3)},
          {"hook_id", absl::StrCat(base + 4)},
          {"digest", Literal(Numbered(
                         "the digest of a delivery " + tenant + "#", number))},
          {"nobody", absl::StrCat(base + 5)},
          {"attempt", "7"}};
}

using Path = std::vector<const FieldDescriptor*>;

bool IsLeaf(const FieldDescriptor* field) {
  return field->message_type() == nullptr ||
         field->message_type()->file()->package() == "google.protobuf";
}

// All paths to fields that are not messages of ours.
void CollectPaths(const Descriptor* message, Path* path,
                  std::vector<Path>* paths) {
  for (int i = 0; i < message->field_count(); ++i) {
    path->push_back(message->field(i));
    if (IsLeaf(message->field(i))) {
      paths->push_back(*path);
    } else {
      CollectPaths(message->field(i)->message_type(), path, paths);
    }
    path->pop_back();
  }
}

// A tenant's good request that has the field of `path`, in the text format.
std::string GoodRequest(const Descriptor* message, const Names& own,
                        bool is_github,
                        absl::Span<const FieldDescriptor* const> path) {
  std::string text;
  const FieldDescriptor* const wanted = path.empty() ? nullptr : path.front();
  const auto* const wanted_oneof =
      wanted == nullptr ? nullptr : wanted->real_containing_oneof();
  std::vector<const void*> filled_oneofs;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* const field = message->field(i);
    const std::string name = absl::StrCat(message->name(), ".", field->name());
    const auto found = Fields().find(name);
    if (found == Fields().end()) {
      ADD_FAILURE() << "no good value for " << name << ": add it to Fields()";
      continue;
    }
    if (const auto* const oneof = field->real_containing_oneof()) {
      if (oneof == wanted_oneof && field != wanted) continue;
      if (std::count(filled_oneofs.begin(), filled_oneofs.end(), oneof) > 0) {
        continue;
      }
      filled_oneofs.push_back(oneof);
    }
    absl::string_view value = found->second;
    const bool for_github = absl::ConsumePrefix(&value, "github:");
    if (field == wanted && !IsLeaf(field)) {
      value = "{}";
    } else if (value.empty() || (for_github && !is_github)) {
      continue;
    }
    if (value == "{}") {
      absl::StrAppend(
          &text, field->name(), " { ",
          GoodRequest(field->message_type(), own, is_github,
                      field == wanted
                          ? path.subspan(1)
                          : absl::Span<const FieldDescriptor* const>()),
          "} ");
    } else {
      absl::StrAppend(&text, field->name(), ": ",
                      absl::ConsumePrefix(&value, "$")
                          ? own.at(std::string(value))
                          : std::string(value),
                      " ");
    }
  }
  return text;
}

// GitHub's answer to a question of this case; nothing: of another case.
std::optional<NameAnswer> AnswerOfGitHub(const NameQuestion& question,
                                         const Names& a, const Names& b) {
  NameAnswer answer;
  answer.question_id = question.id;
  answer.kind = NameAnswer::Kind::kMissing;
  bool is_of_case = false;
  // If both have the same repository, it has the second number.
  for (const Names* const names : {&a, &b}) {
    const std::string asked = Literal(question.repository.FullName());
    const bool is_asked_by_name =
        asked == names->at("repository") || asked == names->at("former");
    is_of_case |= is_asked_by_name;
    if (question.number != 0
            ? absl::StrCat(question.number) != names->at("repository_id")
            : !is_asked_by_name) {
      continue;
    }
    // A number leads there, and so does an old name, by a redirect.
    answer.kind = NameAnswer::Kind::kNamed;
    answer.name = *ParseRepository(Unquoted(names->at("repository")));
    EXPECT_TRUE(absl::SimpleAtoi(names->at("repository_id"), &answer.number));
  }
  if (!is_of_case) return std::nullopt;
  return answer;
}

// The other tenant's values, and others that fit the field.
std::vector<std::string> ValuesFor(const FieldDescriptor* field,
                                   const Names& other) {
  std::vector<std::string> values;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        values = {other.at("digest"), Literal("32 bytes that are nobody's " +
                                              other.at("x").substr(1))};
        break;
      }
      for (const char* const name : {"repository", "former", "account", "glob",
                                     "context", "stuck", "delivery", "login"}) {
        values.push_back(other.at(name));
      }
      // Shared by all cases. A delivery's id may occur only once.
      if (field->full_name() != "signalbox.v1.Delivery.id") {
        values.push_back("\"*\"");
      }
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      values = {"true", "false"};
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      for (int i = 0; i < field->enum_type()->value_count(); ++i) {
        values.push_back(field->enum_type()->value(i)->name());
      }
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      values = {"{ seconds: 3600 }", "{ seconds: 4000000000 }"};
      break;
    default:
      for (const char* const name :
           {"repository_id", "status_id", "pull_request", "installation_id",
            "hook_id"}) {
        values.push_back(other.at(name));
      }
      // A number that is the same in all cases would join their repositories.
      if (field->name() == "repository_id") {
        values.push_back(other.at("nobody"));
      } else {
        values.insert(values.end(), {other.at("attempt"), "1", "2000000000"});
      }
  }
  return values;
}

std::string Wrapped(const Path& path, absl::string_view value) {
  std::string text;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    absl::StrAppend(&text, path[i]->name(), " { ");
  }
  absl::StrAppend(&text, path.back()->name(),
                  path.back()->message_type() == nullptr ? ": " : " ", value);
  for (size_t i = 0; i + 1 < path.size(); ++i) absl::StrAppend(&text, " }");
  return text;
}

// "at 2026-06-01 10:00:00 UTC (in 2 min 30 s)" differs from run to run.
std::string WithoutTimes(const std::string& text) {
  static const auto& time = *new std::regex(
      "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC"
      "( \\((in [^)]*|[^)]* ago)\\))?");
  return std::regex_replace(text, time, "TIME");
}

// Removes what differs from run to run: numbers in commit order, and times,
// which are only emptied.
void ClearWhatDiffers(Message* message) {
  const auto* const reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(*message, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_time =
        field->message_type() != nullptr &&
        field->message_type()->file()->package() == "google.protobuf";
    if (is_time) {
      reflection->MutableMessage(message, field)->Clear();
    } else if (absl::EndsWith(field->name(), "sequence") ||
               field->name() == "next_page_token") {
      reflection->ClearField(message, field);
    } else if (field->name() == "next_step") {
      reflection->SetString(
          message, field, WithoutTimes(reflection->GetString(*message, field)));
    } else if (field->message_type() != nullptr) {
      if (!field->is_repeated()) {
        ClearWhatDiffers(reflection->MutableMessage(message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ClearWhatDiffers(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

struct Answer {
  grpc::Status status;
  std::string text;  // Of the response, without what differs.

  std::string ToString() const {
    return absl::StrCat(status.error_code(), " ", status.error_message(), "\n",
                        text);
  }
};

struct Case {
  const Relation* relation;
  const Start* start;
  const MethodDescriptor* method;  // nullptr: A says nothing.
  Path path;
  size_t value = 0;  // An index into ValuesFor.
};

class TenantsTest : public ServiceTest {
 protected:
  void SetUp() override {
    // Explanations say how long a pending still settles.
    pending_settle_ = absl::Hours(1);
    StartServing();
  }

  void StartServing() {
    const std::vector<Right> all = {Right::kReport, Right::kRead,
                                    Right::kOperate, Right::kWebhook};
    const std::vector<Right> farm = {Right::kReport, Right::kRead,
                                     Right::kOperate};
    Serve({CallerOf("a-farm", {"ann*/*", "org*/sandbox*"}, {"*"}, farm),
           CallerOf("a-shim", {"ann*/*", "org*/sandbox*"}, {"*"}, all),
           CallerOf("a-lint", {"same*/*"}, {"a/*"}, farm),
           CallerOf("b-shim", {"bob*/*", "org*/*", "same*/*"}, {"*"}, all)});
    channel_ = server_->InProcessChannel(grpc::ChannelArguments());
    local_ = v1::StatusService::NewStub(channel_);
  }

  static std::unique_ptr<Message> Parsed(const Descriptor* type,
                                         const std::string& text) {
    std::unique_ptr<Message> message(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(type)
            ->New());
    // Merging lets a later value of a field win.
    EXPECT_TRUE(TextFormat::MergeFromString(text, message.get())) << text;
    return message;
  }

  static std::string TextOf(Message* message) {
    ClearWhatDiffers(message);
    return message->DebugString();
  }

  // With a request id of the tenant's: the server's own would differ from run
  // to run.
  static void ShowWho(const std::string& token, grpc::ClientContext* context) {
    context->AddMetadata("authorization", "Bearer " + token);
    context->AddMetadata("signalbox-request-id", token + "-id");
  }

  Answer Unary(const MethodDescriptor* method, const std::string& token,
               const std::string& text) {
    const std::unique_ptr<Message> request = Parsed(method->input_type(), text);
    const std::unique_ptr<Message> response = Parsed(method->output_type(), "");
    grpc::ClientContext context;
    ShowWho(token, &context);
    const std::string name =
        absl::StrCat("/", method->service()->full_name(), "/", method->name());
    const grpc::internal::RpcMethod rpc(
        name.c_str(), grpc::internal::RpcMethod::NORMAL_RPC, channel_);
    Answer answer;
    answer.status = grpc::internal::BlockingUnaryCall(
        channel_.get(), rpc, &context, *request, response.get());
    answer.text = TextOf(response.get());
    return answer;
  }

  // The answers in the order of the tags.
  Answer Stream(const std::string& token,
                const std::vector<v1::StreamReportsRequest>& requests) {
    grpc::ClientContext context;
    ShowWho(token, &context);
    const auto call = local_->StreamReports(&context);
    for (const auto& request : requests) call->Write(request);
    call->WritesDone();
    std::map<int64_t, std::string> answers;
    v1::StreamReportsResponse response;
    while (call->Read(&response)) {
      const int64_t tag = response.tag();
      absl::StrAppend(&answers[tag], TextOf(&response));
    }
    Answer answer;
    answer.status = call->Finish();
    for (const auto& [tag, text] : answers) absl::StrAppend(&answer.text, text);
    return answer;
  }

  Answer Stream(const std::string& token, const Names& own,
                const std::vector<std::string>& texts) {
    std::vector<v1::StreamReportsRequest> requests;
    for (const std::string& text : texts) {
      requests.emplace_back();
      EXPECT_TRUE(
          TextFormat::ParseFromString(Filled(text, own), &requests.back()))
          << text;
      requests.back().set_tag(static_cast<int64_t>(requests.size()));
    }
    return Stream(token, requests);
  }

  static std::string Filled(absl::string_view text, const Names& own) {
    std::vector<std::pair<std::string, std::string>> words;
    for (const auto& [name, value] : own)
      words.push_back({"<" + name + ">", value});
    return absl::StrReplaceAll(text, words);
  }

  // What a watcher receives until the caller's own change comes.
  Answer Watch(const Relation& relation, const Names& a, const Names& b,
               const std::string& text, bool b_is_there) {
    grpc::ClientContext context;
    context.AddMetadata("authorization",
                        absl::StrCat("Bearer ", relation.a_token));
    v1::WatchStatusesRequest request;
    EXPECT_TRUE(TextFormat::MergeFromString(text, &request)) << text;
    const auto call = local_->WatchStatuses(&context, request);
    call->WaitForInitialMetadata();
    Answer answer;
    if (b_is_there) {
      Stream(
          relation.b_token, b,
          {"result { repository: <repository> sha: <sha> context: <context> "
           "result: RESULT_SUCCESS description: <description> attempt: 70 }"});
    }
    Stream(relation.a_token, a,
           {"result { repository: <repository> sha: <sha> context: <context> "
            "result: RESULT_SUCCESS description: \"the end\" attempt: 70 }"});
    v1::WatchStatusesResponse change;
    while (call->Read(&change)) {
      if (change.status().description() == "the end") context.TryCancel();
      absl::StrAppend(&answer.text, TextOf(&change));
    }
    answer.status = call->Finish();
    return answer;
  }

  // Abandons a due entry of the tenant's repository.
  void GiveUp(const Names& own) {
    const Repository repository =
        *ParseRepository(Unquoted(own.at("repository")));
    const CanonicalName canonical = repository.Canonical();
    LeaseRequest take;
    take.credential = "github.com/" + repository.owner;
    take.after_repository = CanonicalName::OfStored(
        canonical.text().substr(0, canonical.text().size() - 1));
    take.lease_time = absl::Hours(1);
    const auto lease =
        signalbox::TakeDue(*outbox_, take, Clock::System()->Now());
    ASSERT_TRUE(lease.ok() && lease->has_value()) << canonical.text();
    ASSERT_EQ((*lease)->repository.Canonical(), canonical);
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.kind = Settlement::Kind::kAbandoned;
    settlement.reason = "PERMISSION_MISSING";
    ASSERT_TRUE(
        signalbox::Settle(*outbox_, settlement, Clock::System()->Now()).ok());
  }

  // What the other tenant does before the call of the case.
  void BeginB(const Relation& relation, const Start& start, const Names& b) {
    if (!start.b_is_known) return;
    Stream(relation.b_token, b,
           {"result { repository: <repository> sha: <sha> context: <stuck> "
            "result: RESULT_SUCCESS attempt: 7 description: <description> }"});
    GiveUp(b);
    Stream(relation.b_token, b,
           {absl::StrCat(
                start.b_number_is_known
                    ? "pending { repository_id: <repository_id> "
                    : "pending { ",
                "repository: <repository> sha: <sha> contexts: <context> "
                "delivery { id: <delivery> digest: <digest> event: "
                "\"pull_request\" hook_id: <hook_id> } change { event: "
                "\"pull_request\" "
                "pull_request_number: <pull_request> updated_time { seconds: "
                "1800000000 } } }"),
            "result { repository: <repository> sha: <sha> context: <context> "
            "result: RESULT_FAILURE attempt: 7 description: <description> "
            "target_url: <target_url> }"});
  }

  void BeginA(const Relation& relation, const Start& start, const Names& a) {
    if (!relation.shares_repository) {
      Stream(relation.a_token, a,
             {"result { repository: <repository> sha: <sha> context: <stuck> "
              "result: RESULT_SUCCESS attempt: 7 }"});
      GiveUp(a);
    }
    Stream(relation.a_token, a,
           {relation.a_is_github && start.a_number_is_known
                ? "pending { repository: <repository> sha: <sha> contexts: "
                  "<context> repository_id: <repository_id> delivery { id: "
                  "\"begin <x>\" event: \"push\" } }"
                : "pending { repository: <repository> sha: <sha> contexts: "
                  "<context> attempt: 3 }"});
  }

  // GitHub answers the server's questions, and the chores after them are done.
  void LetGitHubAnswer(const Names& a, const Names& b) {
    std::set<int64_t> answered;
    bool is_done = false;
    while (!is_done) {
      is_done = true;
      const absl::Time now = Clock::System()->Now();
      // Includes questions for later.
      const auto work = outbox_->FindDueWork(now + absl::Hours(48));
      ASSERT_TRUE(work.ok()) << work.status();
      for (const NameQuestion& question : work->questions) {
        const auto answer = AnswerOfGitHub(question, a, b);
        // The server repeats questions that GitHub cannot answer.
        if (!answer.has_value() || !answered.insert(question.id).second) {
          continue;
        }
        ASSERT_LT(answered.size(), 100u);
        ASSERT_TRUE(AsHolder(*outbox_, &Outbox::AnswerName, *answer, now).ok());
        is_done = false;
      }
      absl::StatusOr<bool> more = true;
      while (*more) {
        more = AsHolder(*outbox_, &Outbox::DoChores, now);
        ASSERT_TRUE(more.ok()) << more.status();
      }
    }
  }

  // GitHub's number of the other tenant's repository, as the server knows it.
  std::string NumberOfB(const Names& b) {
    const Repository repository =
        *ParseRepository(Unquoted(b.at("repository")));
    const CanonicalName canonical = repository.Canonical();
    const auto known =
        outbox_->Repositories(CanonicalName::OfStored(canonical.text().substr(
                                  0, canonical.text().size() - 1)),
                              /*limit=*/1);
    if (!known.ok() || known->empty() ||
        known->front().repository.Canonical() != canonical) {
      return "it is not known\n";
    }
    return absl::StrCat("its number is ", known->front().github_id, "\n");
  }

  // What the caller sees of its own repository in the end.
  std::string SeenByA(const Relation& relation, const Names& a) {
    std::string seen;
    for (const auto& [method, text] :
         std::vector<std::pair<const char*, const char*>>{
             {"GetCommitStatus", "repository: <repository> sha: <sha>"},
             {"ExplainStatus",
              "repository: <repository> sha: <sha> context: <context>"},
             {"ExplainStatus",
              "repository: <repository> sha: <sha> context: <stuck>"},
             {"ListCommits", "repository: <repository>"},
             {"ListStatuses", "filter { repository: <repository> }"}}) {
      absl::StrAppend(
          &seen, method, " ",
          Unary(Method(method), relation.a_token, Filled(text, a)).ToString());
    }
    return seen;
  }

  // What the other tenant then reports, and sees. Its deliveries give its
  // number.
  std::string FinishB(const Relation& relation, const Names& a,
                      const Names& b) {
    std::string seen =
        Stream(relation.b_token, b,
               {"pending { repository: <repository> sha: <sha> contexts: "
                "\"b/later\" repository_id: <repository_id> delivery { id: "
                "\"later of <x>\" event: \"pull_request\" } change { event: "
                "\"pull_request\" pull_request_number: <pull_request> "
                "updated_time { seconds: 1800000010 } } }",
                "result { repository: <repository> sha: <sha> context: "
                "<context> result: RESULT_FAILURE attempt: 7 }",
                "result { repository: <repository> sha: <sha> context: "
                "\"b/more\" result: RESULT_SUCCESS attempt: 1 }"})
            .ToString();
    absl::StrAppend(&seen, SeenByB(relation, b));
    LetGitHubAnswer(a, b);
    absl::StrAppend(&seen, "after GitHub's answers:\n", SeenByB(relation, b),
                    NumberOfB(b));
    return seen;
  }

  std::string SeenByB(const Relation& relation, const Names& b) {
    std::string seen;
    for (const auto& [method, text] :
         std::vector<std::pair<const char*, const char*>>{
             {"GetCommitStatus", "repository: <repository> sha: <sha>"},
             {"ExplainStatus",
              "repository: <repository> sha: <sha> context: <context>"},
             {"ExplainStatus",
              "repository: <repository> sha: <sha> context: <stuck>"},
             {"ExplainStatus",
              "repository: <repository> sha: <sha> context: \"b/later\""},
             {"ListCommits", "repository: <repository>"}}) {
      // Both show all contexts.
      if (relation.shares_repository &&
          method != std::string("ExplainStatus")) {
        continue;
      }
      absl::StrAppend(
          &seen, method, " ",
          Unary(Method(method), relation.b_token, Filled(text, b)).ToString());
    }
    return seen;
  }

  // Replaces the names of a case, so that cases can be compared.
  static std::string WithoutNames(absl::string_view text, const Names& a,
                                  const Names& b) {
    std::vector<std::pair<std::string, std::string>> words = {{a.at("x"), "N"},
                                                              {b.at("x"), "N"}};
    for (const char* const name : {"repository_id", "status_id", "pull_request",
                                   "installation_id", "hook_id", "nobody"}) {
      words.push_back({a.at(name), absl::StrCat("A-", name)});
      words.push_back({b.at(name), absl::StrCat("B-", name)});
    }
    return absl::StrReplaceAll(text, words);
  }

  // What the other tenant sees without interference.
  std::string Undisturbed(const Relation& relation, const Start& start) {
    const int number = ++numbers_;
    const Names a = NamesOf(relation, /*is_b=*/false, number);
    const Names b = NamesOf(relation, /*is_b=*/true, number);
    BeginB(relation, start, b);
    BeginA(relation, start, a);
    LetGitHubAnswer(a, b);
    return WithoutNames(FinishB(relation, a, b), a, b);
  }

  static std::string RequestOf(const Case& one, const Names& a,
                               const Names& b) {
    return absl::StrCat(
        GoodRequest(one.method->input_type(), a, one.relation->a_is_github,
                    one.path),
        Wrapped(one.path, ValuesFor(one.path.back(), b)[one.value]));
  }

  Answer Say(const Case& one, const Names& a, const Names& b,
             const std::string& text, bool b_is_there) {
    if (one.method->name() == "WatchStatuses") {
      return Watch(*one.relation, a, b, text, b_is_there);
    }
    if (one.method->name() == "StreamReports") {
      std::vector<v1::StreamReportsRequest> requests(1);
      EXPECT_TRUE(TextFormat::MergeFromString(text, &requests[0])) << text;
      return Stream(one.relation->a_token, requests);
    }
    // A new stream needs its own code here.
    EXPECT_FALSE(one.method->client_streaming() ||
                 one.method->server_streaming())
        << one.method->full_name();
    return Unary(one.method, one.relation->a_token, text);
  }

  // The ids and digests of deliveries are one set for the whole server, because
  // one delivery may come through several callers. GitHub draws an id at random
  // (122 bits), a digest covers the whole body, and GitHub sends both only to
  // receivers of the delivery. So a caller that can name them has the delivery,
  // and learns only that it came here before. Any other id or digest is new,
  // whatever the other tenant said.
  static bool NamesADeliveryOfTheOther(const Case& one, const Names& b) {
    const std::string value = ValuesFor(one.path.back(), b)[one.value];
    return (one.path.back()->full_name() == "signalbox.v1.Delivery.id" &&
            value == b.at("delivery")) ||
           (one.path.back()->full_name() == "signalbox.v1.Delivery.digest" &&
            value == b.at("digest"));
  }

  // Such a case changes what other cases look at.
  static bool IsOfAllRepositories(const Case& one) {
    const Names none = NamesOf(*one.relation, /*is_b=*/true, 0);
    return one.method->name() == "RetryPosts" &&
           ValuesFor(one.path.back(), none)[one.value] == "\"*\"";
  }

  // The caller's part of a case: the same request twice, before and after
  // GitHub's answers.
  std::string SayAll(const Case& one, const Names& a, const Names& b,
                     bool b_is_there) {
    const Answer first = Say(one, a, b, RequestOf(one, a, b), b_is_there);
    LetGitHubAnswer(a, b);
    if (one.method->name() == "WatchStatuses" || !first.status.ok()) {
      return first.ToString();
    }
    // Another delivery, unless the case is about its id.
    Names again = a;
    again["delivery"] = Literal(Unquoted(a.at("delivery")) + "-again");
    const Answer second =
        Say(one, again, b, RequestOf(one, again, b), b_is_there);
    LetGitHubAnswer(a, b);
    return absl::StrCat(first.ToString(), "said again: ", second.ToString());
  }

  // What shows of one tenant at the other; empty: nothing.
  std::string Play(const Case& one, const std::string& undisturbed) {
    const Relation& relation = *one.relation;
    const int number = ++numbers_;
    const Names a = NamesOf(relation, /*is_b=*/false, number);
    const Names b = NamesOf(relation, /*is_b=*/true, number);
    const Start& start = *one.start;
    BeginB(relation, start, b);
    BeginA(relation, start, a);
    const std::string text = RequestOf(one, a, b);
    std::string answer = SayAll(one, a, b, /*b_is_there=*/true);
    const std::string about =
        absl::StrCat(relation.what, ", ", start.what, ": ", one.method->name(),
                     " { ", text, " }\nanswer: ", answer);
    const bool watches = one.method->name() == "WatchStatuses";
    if (!watches) {
      const std::string seen = WithoutNames(FinishB(relation, a, b), a, b);
      if (seen != undisturbed) {
        return absl::StrCat(about, "\nthe other then sees:\n", seen,
                            "\ninstead of:\n", undisturbed);
      }
    }
    if (relation.shares_repository) return "";
    absl::StrAppend(&answer, "in the end: ", SeenByA(relation, a));

    // A tenant may get back what it sent itself.
    std::vector<std::pair<std::string, std::string>> said;
    for (const auto& [name, literal] : b) {
      if (literal[0] != '"' || !absl::StrContains(text, literal)) continue;
      said.push_back({Unquoted(literal), "?"});
    }
    const std::string told = absl::StrReplaceAll(answer, said);
    // The answer covers other cases too, whose contexts have the other's names.
    const bool is_of_all = one.method->name() == "ListStatuses" &&
                           absl::StrContains(text, "repository: \"*\"");
    const std::vector<const char*> secrets =
        is_of_all
            ? std::vector<const char*>{"repository: \"bob", "/prod\"",
                                       "b secret"}
            : std::vector<const char*>{"bob",        "/prod",     "b secret",
                                       "b-delivery", "b.example", "blogin"};
    for (const char* const secret : secrets) {
      if (absl::StrContains(told, secret)) {
        return absl::StrCat(about, "\ntells of the other: ", secret);
      }
    }
    const bool is_compared = !watches && !is_of_all &&
                             !NamesADeliveryOfTheOther(one, b) &&
                             (one.method->name() != "ListCommits" ||
                              absl::StrContains(text, "repository: "));
    if (!is_compared) return "";
    // The same without the other tenant.
    const int alone = ++numbers_;
    const Names alone_a = NamesOf(relation, /*is_b=*/false, alone);
    const Names alone_b = NamesOf(relation, /*is_b=*/true, alone);
    BeginA(relation, start, alone_a);
    std::string alone_answer =
        SayAll(one, alone_a, alone_b, /*b_is_there=*/false);
    absl::StrAppend(&alone_answer, "in the end: ", SeenByA(relation, alone_a));
    const std::string with = WithoutNames(answer, a, b);
    const std::string without = WithoutNames(alone_answer, alone_a, alone_b);
    if (with == without) return "";
    return absl::StrCat(relation.what, ", ", start.what, ": ",
                        one.method->name(), " { ", text, " }\nanswer: ", with,
                        "\nwithout the other it is:\n", without);
  }

  // The server acts later on these requests.
  void ExpectOnlyRerunsOfA() {
    ASSERT_FALSE(HasFatalFailure());
    const auto reruns = outbox_->Reruns(Clock::System()->Now(), 100'000);
    ASSERT_TRUE(reruns.ok());
    for (const Rerun& rerun : *reruns) {
      EXPECT_EQ(rerun.caller.substr(0, 2), "a-");
      EXPECT_TRUE(rerun.wanted.repository.name == "sandbox" ||
                  absl::StartsWith(rerun.wanted.repository.owner, "ann"))
          << rerun.wanted.repository.Display();
    }
  }

  static const google::protobuf::ServiceDescriptor* Service() {
    return google::protobuf::DescriptorPool::generated_pool()
        ->FindServiceByName("signalbox.v1.StatusService");
  }
  static const MethodDescriptor* Method(const char* name) {
    return Service()->FindMethodByName(name);
  }

  std::atomic<int> numbers_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StatusService::Stub> local_;
};

// The test covers a new field or call, or fails.
TEST_F(TenantsTest, NothingOfTheOneShowsAtTheOther) {
  std::map<std::pair<const Relation*, const Start*>, std::string> undisturbed;
  std::vector<Case> cases;
  for (const Relation& relation : kRelations) {
    for (const Start& start : kStarts) {
      // A tenant that may not give its number never does.
      if (!relation.a_is_github && !start.a_number_is_known) continue;
      std::string& seen = undisturbed[{&relation, &start}];
      seen = Undisturbed(relation, start);
      ASSERT_EQ(Undisturbed(relation, start), seen) << relation.what;
      // The tenant's own deliveries teach its number.
      EXPECT_TRUE(absl::EndsWith(seen, "its number is B-repository_id\n"))
          << seen;
    }
    const Names b = NamesOf(relation, /*is_b=*/true, 0);
    for (int i = 0; i < Service()->method_count(); ++i) {
      const MethodDescriptor* const method = Service()->method(i);
      std::vector<Path> paths;
      Path path;
      CollectPaths(method->input_type(), &path, &paths);
      for (const Path& leaf : paths) {
        const size_t values = ValuesFor(leaf.back(), b).size();
        for (const Start& start : kStarts) {
          // Without the usual start, only reports matter.
          const bool reports = absl::StrContains(method->name(), "Report");
          const bool is_usual = start.b_is_known && start.a_number_is_known;
          if (!reports && !is_usual) continue;
          if (undisturbed.count({&relation, &start}) == 0) continue;
          for (size_t value = 0; value < values; ++value) {
            cases.push_back({&relation, &start, method, leaf, value});
          }
        }
      }
    }
  }
  ASSERT_FALSE(HasFailure());

  constexpr size_t kThreads = 8;
  constexpr size_t kMostShown = 10;
  // Each of these gets its own server.
  std::stable_partition(cases.begin(), cases.end(), [](const Case& one) {
    return !IsOfAllRepositories(one);
  });
  // One server for some of the cases: listing one repository looks at a bounded
  // number of others.
  constexpr size_t kCasesOfServer = 250;
  Mutex mu;
  std::vector<std::string> failures;
  for (size_t begin = 0; begin < cases.size();) {
    size_t end = begin;
    while (end < cases.size() && end < begin + kCasesOfServer &&
           (end == begin || !IsOfAllRepositories(cases[end]))) {
      ++end;
    }
    std::atomic<size_t> next = begin;
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (size_t at = next++; at < end; at = next++) {
          std::string failure = Play(
              cases[at], undisturbed.at({cases[at].relation, cases[at].start}));
          if (failure.empty()) continue;
          MutexLock lock(&mu);
          failures.push_back(std::move(failure));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    begin = end;
    ExpectOnlyRerunsOfA();
    StopServing();
    std::filesystem::remove_all(data_dir_);
    StartServing();
  }
  std::printf("[ MEASURED ] two tenants: %zu cases, %zu of them failed\n",
              cases.size(), failures.size());
  for (size_t i = 0; i < failures.size() && i < kMostShown; ++i) {
    ADD_FAILURE() << failures[i];
  }
  // Fails if no cases are made any more.
  EXPECT_GT(cases.size(), 8000u);
}

class SpeakingAsGitHubTest : public TenantsTest {
 protected:
  // Sends one report with the token. Returns its code.
  grpc::StatusCode Report(const std::string& token, const std::string& text,
                          v1::ReportResultResponse* response = nullptr) {
    const Answer answer = Unary(Method("ReportResult"), token, text);
    if (response != nullptr) {
      EXPECT_TRUE(TextFormat::ParseFromString(answer.text, response));
    }
    return answer.status.error_code();
  }
  grpc::StatusCode Pending(const std::string& token, const std::string& text) {
    return Unary(Method("ReportPending"), token, text).status.error_code();
  }
  grpc::StatusCode Event(const std::string& token, const std::string& text) {
    return Unary(Method("ReportEvent"), token, text).status.error_code();
  }

  static std::string At(const char* repository) {
    return absl::StrCat("repository: \"", repository, "\" sha: \"", kSha,
                        "\" ");
  }

  // "STATE POSTING" of a context in the store; empty: unknown.
  std::string Shown(const char* repository, const std::string& context) {
    const auto commit =
        outbox_->GetCommit(*ParseRepository(repository), *ParseSha(kSha));
    if (!commit.ok()) return "";
    for (const StatusView& status : commit->statuses) {
      if (status.context != context) continue;
      return absl::StrCat(static_cast<int>(status.state), " ",
                          static_cast<int>(status.posting.state));
    }
    return "";
  }
};

// A repository's number is public. If a farm reports it for its own repository,
// its success must not move to the repository that has the number.
TEST_F(SpeakingAsGitHubTest, ASuccessDoesNotMoveByANumberThatAFarmMadeUp) {
  const std::string delivery =
      "contexts: \"ci/build\" repository_id: 1 delivery { event: \"push\" id: ";
  ASSERT_EQ(Pending("b-shim", At("org1/prod") + delivery + "\"d1\" }"),
            grpc::StatusCode::OK);
  const std::string before = Shown("org1/prod", "ci/build");
  EXPECT_EQ(
      Report("a-farm",
             At("org1/prod") + "context: \"ci/build\" result: RESULT_SUCCESS"),
      grpc::StatusCode::PERMISSION_DENIED);
  v1::ReportResultResponse taken;
  EXPECT_EQ(Report("a-farm",
                   At("org1/sandbox") +
                       "context: \"ci/build\" result: RESULT_SUCCESS "
                       "attempt: 99 repository_id: 1",
                   &taken),
            grpc::StatusCode::OK);
  ASSERT_EQ(taken.receipt().warnings_size(), 1);
  EXPECT_TRUE(absl::StrContains(taken.receipt().warnings(0), "repository_id"));
  EXPECT_EQ(Pending("b-shim", At("org1/prod") + delivery + "\"d2\" }"),
            grpc::StatusCode::OK);
  EXPECT_EQ(Shown("org1/prod", "ci/build"), before);
  EXPECT_NE(Shown("org1/sandbox", "ci/build"), before);
}

// A grant of one context gives no power over others.
TEST_F(SpeakingAsGitHubTest, ACallerWithOneContextMovesNoRepository) {
  ASSERT_EQ(Report("b-shim", At("same1/sandbox") +
                                 "context: \"b/build\" result: RESULT_SUCCESS"),
            grpc::StatusCode::OK);
  const std::string renamed =
      "delivery { id: \"r\" event: \"repository\" } repository_renamed { "
      "repository: \"same1/prod\" old_repository: \"same1/sandbox\" "
      "repository_id: 2 }";
  EXPECT_EQ(Event("a-lint", renamed), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Shown("same1/prod", "b/build"), "");
  EXPECT_NE(Shown("same1/sandbox", "b/build"), "");
  // A caller that may speak as GitHub needs no grant of contexts that move.
  EXPECT_EQ(Event("b-shim", renamed), grpc::StatusCode::OK);
  EXPECT_NE(Shown("same1/prod", "b/build"), "");
}

// A change of an installation revives the account's abandoned entries, and
// costs the account's budget.
TEST_F(SpeakingAsGitHubTest, OnlyWhoHasTheAccountTellsOfItsInstallation) {
  const Relation& relation = kRelations[3];
  const Names b = NamesOf(relation, /*is_b=*/true, 1);
  BeginB(relation, kStarts[0], b);
  const std::string stuck = "b/stuck-000001";
  const std::string before = Shown("org000001/prod", stuck);
  const auto installed = [&](const std::string& token, const char* id) {
    return Event(token,
                 absl::StrCat("delivery { event: \"installation\" id: \"", id,
                              "\" } installation_changed { account: "
                              "\"org000001\" installation_id: 1 action: "
                              "\"created\" }"));
  };
  for (const char* const id : {"i1", "i2"}) {
    for (const char* const token : {"a-farm", "a-shim"}) {
      EXPECT_EQ(installed(token, id), grpc::StatusCode::PERMISSION_DENIED);
    }
  }
  EXPECT_EQ(Shown("org000001/prod", stuck), before);
  EXPECT_EQ(installed("b-shim", "i3"), grpc::StatusCode::OK);
  EXPECT_NE(Shown("org000001/prod", stuck), before);
}

// If a hook counts as ours, the server asks for its failed deliveries again,
// and its receiver gets them.
TEST_F(SpeakingAsGitHubTest, AFarmMakesNoHookOurs) {
  EXPECT_EQ(Pending("a-farm",
                    At("org1/sandbox") +
                        "contexts: \"ci/build\" delivery { id: \"h\" event: "
                        "\"push\" hook_id: 4711 }"),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(outbox_->SeenHooks()->empty());
  EXPECT_EQ(Pending("a-shim",
                    At("org1/sandbox") +
                        "contexts: \"ci/build\" delivery { id: \"h\" event: "
                        "\"push\" hook_id: 4711 }"),
            grpc::StatusCode::OK);
  EXPECT_EQ(outbox_->SeenHooks()->size(), 1u);
}

// Only GitHub can say who asked for a rerun.
TEST_F(SpeakingAsGitHubTest, AFarmAsksForNothingInAnothersName) {
  const std::string rerun =
      "delivery { id: \"c\" event: \"issue_comment\" } rerun_requested { "
      "repository: \"org1/sandbox\" pull_request_number: 5 login: \"octocat\" "
      "author_association: \"OWNER\" }";
  EXPECT_EQ(Event("a-farm", rerun), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(outbox_->Reruns(Clock::System()->Now(), 10)->empty());
  EXPECT_EQ(Event("a-shim", rerun), grpc::StatusCode::OK);
  EXPECT_EQ(outbox_->Reruns(Clock::System()->Now(), 10)->size(), 1u);
}

}  // namespace
}  // namespace signalbox
