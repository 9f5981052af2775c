// Two tenants of one server: what one says must not show at the other's
// repository or context, and no answer may tell one of the other.
//
// The cases are made from the descriptors of the service: every field of every
// request takes every value of the other tenant's that has its type. A field or
// a call that is added to the API fails here until kFields has a good value for
// it.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "server/base/mutex.h"
#include "tests/server/rpc/service_test.h"

namespace signalbox {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::TextFormat;

// Both speak of the same commit.
constexpr char kSha[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

// A good value of each field, in the text format. `$x`: the caller's own x.
// Empty: left out. `{}`: the message with its good values. `github:` in front:
// only by a caller that may speak as GitHub. Of several of a `oneof` the one is
// taken that a case is about, else the first.
const std::map<std::string, std::string>& Fields() {
  static const auto& fields = *new std::map<std::string, std::string>{
      {"ReportPendingRequest.repository", "$repository"},
      {"ReportPendingRequest.sha", "$sha"},
      {"ReportPendingRequest.contexts", "$context"},
      {"ReportPendingRequest.attempt", ""},
      {"ReportPendingRequest.series", ""},
      {"ReportPendingRequest.description", "$description"},
      {"ReportPendingRequest.target_url", "$target_url"},
      {"ReportPendingRequest.expires_after", ""},
      {"ReportPendingRequest.rerun", ""},
      {"ReportPendingRequest.delivery", "github:{}"},
      {"ReportPendingRequest.change", ""},
      {"ReportPendingRequest.repository_id", "github:$repository_id"},
      {"ReportPendingRequest.observed", ""},
      {"ReportResultRequest.repository", "$repository"},
      {"ReportResultRequest.sha", "$sha"},
      {"ReportResultRequest.context", "$context"},
      {"ReportResultRequest.attempt", ""},
      {"ReportResultRequest.series", ""},
      {"ReportResultRequest.result", "SUCCESS"},
      {"ReportResultRequest.description", "$description"},
      {"ReportResultRequest.target_url", "$target_url"},
      {"ReportResultRequest.delivery", "github:{}"},
      {"ReportResultRequest.repository_id", "github:$repository_id"},
      {"ReportResultRequest.observed", ""},
      {"StreamReportsRequest.tag", "7"},
      {"StreamReportsRequest.pending", "{}"},
      {"StreamReportsRequest.result", "{}"},
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
  };
  return fields;
}

std::string Literal(absl::string_view text) {
  return absl::StrCat("\"", absl::CEscape(text), "\"");
}

// What a tenant calls its own in one case, as literals of the text format.
using Names = std::map<std::string, std::string>;

// How two tenants stand to each other.
struct Relation {
  const char* what;
  // Patterns of names, with the number of the case for `#`.
  const char* a_repository;
  const char* b_repository;
  const char* a_token;
  const char* b_token;
  bool a_is_github;
  // The other one speaks for no repository of this one.
  bool b_is_apart = false;
  // The one may read what the other reports, and only not report it.
  bool shares_repository = false;
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
          {"attempt", "7"}};
}

using Path = std::vector<const FieldDescriptor*>;

bool IsLeaf(const FieldDescriptor* field) {
  return field->message_type() == nullptr ||
         field->message_type()->file()->package() == "google.protobuf";
}

// All ways to a field that is no message of ours.
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

// A good request of the tenant that has what `path` names, in the text format.
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

// Values of the other tenant's, and others that fit the field.
std::vector<std::string> ValuesFor(const FieldDescriptor* field,
                                   const Names& other) {
  std::vector<std::string> values;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      for (const char* const name : {"repository", "former", "account", "glob",
                                     "context", "stuck", "delivery", "login"}) {
        values.push_back(other.at(name));
      }
      values.push_back("\"*\"");
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
            "hook_id", "attempt"}) {
        values.push_back(other.at(name));
      }
      values.insert(values.end(), {"1", "2000000000"});
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

// What differs from run to run is left out: numbers in commit order and times.
void ClearWhatDiffers(Message* message) {
  const auto* const reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(*message, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_time =
        field->message_type() != nullptr &&
        field->message_type()->file()->package() == "google.protobuf";
    if (is_time || absl::EndsWith(field->name(), "sequence") ||
        field->name() == "next_step" || field->name() == "next_page_token") {
      reflection->ClearField(message, field);
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
  const MethodDescriptor* method;  // nullptr: A says nothing.
  Path path;
  size_t value = 0;  // Of ValuesFor.
};

class TenantsTest : public ServiceTest {
 protected:
  void SetUp() override {
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

  Answer Unary(const MethodDescriptor* method, const std::string& token,
               const std::string& text) {
    const std::unique_ptr<Message> request = Parsed(method->input_type(), text);
    const std::unique_ptr<Message> response = Parsed(method->output_type(), "");
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
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
    context.AddMetadata("authorization", "Bearer " + token);
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

  // What watchers see until the caller's own change comes.
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
      Stream(relation.b_token, b,
             {"result { repository: <repository> sha: <sha> context: <context> "
              "result: SUCCESS description: <description> attempt: 70 }"});
    }
    Stream(relation.a_token, a,
           {"result { repository: <repository> sha: <sha> context: <context> "
            "result: SUCCESS description: \"the end\" attempt: 70 }"});
    v1::WatchStatusesResponse change;
    while (call->Read(&change)) {
      if (change.status().description() == "the end") context.TryCancel();
      absl::StrAppend(&answer.text, TextOf(&change));
    }
    answer.status = call->Finish();
    return answer;
  }

  // The other tenant's life up to the call of the case.
  void BeginB(const Relation& relation, const Names& b) {
    Stream(relation.b_token, b,
           {"result { repository: <repository> sha: <sha> context: <stuck> "
            "result: SUCCESS attempt: 7 description: <description> }"});
    const std::string owner =
        b.at("account").substr(1, b.at("account").size() - 2);
    LeaseRequest take;
    take.lane = "github.com/" + owner;
    take.deadline = Clock::System()->Now() + absl::Hours(1);
    const auto lease = outbox_->TakeDue(take, Clock::System()->Now());
    ASSERT_TRUE(lease.ok() && lease->has_value()) << owner;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.kind = Settlement::Kind::kAbandoned;
    settlement.reason = "PERMISSION_MISSING";
    ASSERT_TRUE(outbox_->Settle(settlement, Clock::System()->Now()).ok());
    Stream(relation.b_token, b,
           {"pending { repository: <repository> sha: <sha> contexts: <context> "
            "repository_id: <repository_id> delivery { id: <delivery> event: "
            "\"pull_request\" hook_id: <hook_id> } change { event: "
            "\"pull_request\" pull_request_number: <pull_request> updated_time "
            "{ seconds: 1800000000 } } }",
            "result { repository: <repository> sha: <sha> context: <context> "
            "result: FAILURE attempt: 7 description: <description> "
            "target_url: <target_url> }"});
  }

  void BeginA(const Relation& relation, const Names& a) {
    Stream(relation.a_token, a,
           {relation.a_is_github
                ? "pending { repository: <repository> sha: <sha> contexts: "
                  "<context> repository_id: <repository_id> delivery { id: "
                  "\"begin <x>\" event: \"push\" } }"
                : "pending { repository: <repository> sha: <sha> contexts: "
                  "<context> attempt: 3 }"});
  }

  // What the other tenant goes on to say, and sees then.
  std::string FinishB(const Relation& relation, const Names& b) {
    std::string seen =
        Stream(relation.b_token, b,
               {"pending { repository: <repository> sha: <sha> contexts: "
                "\"b/later\" repository_id: <repository_id> delivery { id: "
                "\"later of <x>\" event: \"pull_request\" } change { event: "
                "\"pull_request\" pull_request_number: <pull_request> "
                "updated_time { seconds: 1800000010 } } }",
                "result { repository: <repository> sha: <sha> context: "
                "<context> result: FAILURE attempt: 7 }",
                "result { repository: <repository> sha: <sha> context: "
                "\"b/more\" result: SUCCESS attempt: 1 }"})
            .ToString();
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
      // Both are of all contexts.
      if (relation.shares_repository &&
          method != std::string("ExplainStatus")) {
        continue;
      }
      absl::StrAppend(
          &seen,
          Unary(Method(method), relation.b_token, Filled(text, b)).ToString());
    }
    return seen;
  }

  // The names of a case replaced, so that cases can be compared.
  static std::string WithoutNames(absl::string_view text, const Names& a,
                                  const Names& b) {
    std::vector<std::pair<std::string, std::string>> words = {{a.at("x"), "N"},
                                                              {b.at("x"), "N"}};
    for (const char* const name : {"repository_id", "status_id", "pull_request",
                                   "installation_id", "hook_id"}) {
      words.push_back({a.at(name), absl::StrCat("A-", name)});
      words.push_back({b.at(name), absl::StrCat("B-", name)});
    }
    return absl::StrReplaceAll(text, words);
  }

  // What the other tenant sees when nobody interferes.
  std::string Undisturbed(const Relation& relation) {
    const int number = ++numbers_;
    const Names a = NamesOf(relation, /*is_b=*/false, number);
    const Names b = NamesOf(relation, /*is_b=*/true, number);
    BeginB(relation, b);
    BeginA(relation, a);
    return WithoutNames(FinishB(relation, b), a, b);
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
    // A stream that is new needs its own way to be spoken to.
    EXPECT_FALSE(one.method->client_streaming() ||
                 one.method->server_streaming())
        << one.method->full_name();
    return Unary(one.method, one.relation->a_token, text);
  }

  // The ids of deliveries are one set for the whole server: whoever knows one
  // that is still to come can have it taken for a repetition. GitHub's cannot
  // be guessed.
  static bool IsAnIdOfGitHub(const Case& one) {
    return one.path.back()->full_name() == "signalbox.v1.Delivery.id";
  }

  // Not kept: a caller that may speak as GitHub can ask whether the server
  // knows a number. It sends a delivery by a name of its own whose number it
  // knows, with another number. If the server knows that number of a repository
  // that is not the caller's, the delivery is about the name (UNCHANGED: the
  // pending is held); if it does not, the delivery is about a repository that
  // is new (ACCEPTED). The two could only look alike if every number were known
  // once for each caller that may speak for it, and so would no longer say
  // which rows are one repository.
  static bool AsksByNumber(const Case& one, const Names& b) {
    return one.relation->a_is_github &&
           one.path.back()->full_name() ==
               "signalbox.v1.ReportPendingRequest.repository_id" &&
           ValuesFor(one.path.back(), b)[one.value] == b.at("repository_id");
  }

  // Empty: nothing of the one shows at the other.
  std::string Play(const Case& one, const std::string& undisturbed) {
    const Relation& relation = *one.relation;
    const int number = ++numbers_;
    const Names a = NamesOf(relation, /*is_b=*/false, number);
    const Names b = NamesOf(relation, /*is_b=*/true, number);
    BeginB(relation, b);
    BeginA(relation, a);
    const std::string text = RequestOf(one, a, b);
    const Answer answer = Say(one, a, b, text, /*b_is_there=*/true);
    const std::string about =
        absl::StrCat(relation.what, ": ", one.method->name(), " { ", text,
                     " }\nanswer: ", answer.ToString());
    const bool watches = one.method->name() == "WatchStatuses";
    if (!watches) {
      const std::string seen = WithoutNames(FinishB(relation, b), a, b);
      if (seen != undisturbed) {
        return absl::StrCat(about, "\nthe other then sees:\n", seen,
                            "\ninstead of:\n", undisturbed);
      }
    }
    if (relation.shares_repository) return "";

    // What A said itself is no news to it.
    std::vector<std::pair<std::string, std::string>> said;
    for (const auto& [name, literal] : b) {
      std::string word;
      if (literal[0] != '"' || !absl::StrContains(text, literal)) continue;
      absl::CUnescape(literal.substr(1, literal.size() - 2), &word);
      said.push_back({std::move(word), "?"});
    }
    const std::string told = absl::StrReplaceAll(answer.ToString(), said);
    // It tells of the other cases too, whose contexts have the other's names.
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
    const bool is_compared =
        !watches && !is_of_all &&
        answer.status.error_code() != grpc::StatusCode::INVALID_ARGUMENT &&
        (one.method->name() != "ListCommits" ||
         absl::StrContains(text, "repository: "));
    if (!is_compared || AsksByNumber(one, b)) return "";
    // As if the other did not exist.
    const int alone = ++numbers_;
    const Names alone_a = NamesOf(relation, /*is_b=*/false, alone);
    const Names alone_b = NamesOf(relation, /*is_b=*/true, alone);
    BeginA(relation, alone_a);
    const Answer alone_answer =
        Say(one, alone_a, alone_b, RequestOf(one, alone_a, alone_b),
            /*b_is_there=*/false);
    const std::string with = WithoutNames(answer.ToString(), a, b);
    const std::string without =
        WithoutNames(alone_answer.ToString(), alone_a, alone_b);
    if (with == without) return "";
    return absl::StrCat(about, "\nwithout the other it is:\n", without);
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

// A field or a call that is new is covered, or fails here.
TEST_F(TenantsTest, NothingOfTheOneShowsAtTheOther) {
  std::map<const Relation*, std::string> undisturbed;
  std::vector<Case> cases;
  for (const Relation& relation : kRelations) {
    undisturbed[&relation] = Undisturbed(relation);
    ASSERT_EQ(Undisturbed(relation), undisturbed[&relation]) << relation.what;
    const Names b = NamesOf(relation, /*is_b=*/true, 0);
    for (int i = 0; i < Service()->method_count(); ++i) {
      const MethodDescriptor* const method = Service()->method(i);
      std::vector<Path> paths;
      Path path;
      CollectPaths(method->input_type(), &path, &paths);
      for (const Path& leaf : paths) {
        const size_t values = ValuesFor(leaf.back(), b).size();
        for (size_t value = 0; value < values; ++value) {
          Case one = {&relation, method, leaf, value};
          if (!IsAnIdOfGitHub(one)) cases.push_back(std::move(one));
        }
      }
    }
  }
  ASSERT_FALSE(HasFailure());

  constexpr size_t kThreads = 8;
  constexpr size_t kMostShown = 10;
  Mutex mu;
  std::vector<std::string> failures;
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (size_t at = next++; at < cases.size(); at = next++) {
        std::string failure =
            Play(cases[at], undisturbed.at(cases[at].relation));
        if (failure.empty()) continue;
        MutexLock lock(&mu);
        failures.push_back(std::move(failure));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("[ MEASURED ] two tenants: %zu cases, %zu of them failed\n",
              cases.size(), failures.size());
  for (size_t i = 0; i < failures.size() && i < kMostShown; ++i) {
    ADD_FAILURE() << failures[i];
  }
  // A test that makes no cases any more would find nothing.
  EXPECT_GT(cases.size(), 3000u);

  // What somebody asked for is acted on later.
  const auto reruns = outbox_->Reruns(100'000);
  ASSERT_TRUE(reruns.ok());
  for (const Rerun& rerun : *reruns) {
    EXPECT_EQ(rerun.caller.substr(0, 2), "a-");
    EXPECT_TRUE(rerun.wanted.repository.name == "sandbox" ||
                absl::StartsWith(rerun.wanted.repository.owner, "ann"))
        << rerun.wanted.repository.Display();
  }
}

class SpeakingAsGitHubTest : public TenantsTest {
 protected:
  // One report of a token; its code.
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

  // "STATE POSTING" of a context as the store has it; empty: nothing.
  std::string Shown(const char* repository, const std::string& context) {
    const auto commit = outbox_->GetCommit(*ParseRepository(repository), kSha);
    if (!commit.ok()) return "";
    for (const StatusView& status : commit->statuses) {
      if (status.context != context) continue;
      return absl::StrCat(static_cast<int>(status.state), " ",
                          static_cast<int>(status.posting.state));
    }
    return "";
  }
};

// The number of a repository is public. Who reports it for its own repository
// must not have its success taken for that of the one that has the number.
TEST_F(SpeakingAsGitHubTest, ASuccessDoesNotMoveByANumberThatAFarmMadeUp) {
  const std::string delivery =
      "contexts: \"ci/build\" repository_id: 1 delivery { event: \"push\" id: ";
  ASSERT_EQ(Pending("b-shim", At("org1/prod") + delivery + "\"d1\" }"),
            grpc::StatusCode::OK);
  const std::string before = Shown("org1/prod", "ci/build");
  EXPECT_EQ(Report("a-farm",
                   At("org1/prod") + "context: \"ci/build\" result: SUCCESS"),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::ReportResultResponse taken;
  EXPECT_EQ(Report("a-farm",
                   At("org1/sandbox") + "context: \"ci/build\" result: SUCCESS "
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

// A grant of one context is no power over the others.
TEST_F(SpeakingAsGitHubTest, ACallerWithOneContextMovesNoRepository) {
  ASSERT_EQ(Report("b-shim", At("same1/sandbox") +
                                 "context: \"b/build\" result: SUCCESS"),
            grpc::StatusCode::OK);
  const std::string renamed =
      "delivery { id: \"r\" event: \"repository\" } repository_renamed { "
      "repository: \"same1/prod\" old_repository: \"same1/sandbox\" "
      "repository_id: 2 }";
  EXPECT_EQ(Event("a-lint", renamed), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Shown("same1/prod", "b/build"), "");
  EXPECT_NE(Shown("same1/sandbox", "b/build"), "");
  // Who may speak as GitHub needs no grant of the contexts that move along.
  EXPECT_EQ(Event("b-shim", renamed), grpc::StatusCode::OK);
  EXPECT_NE(Shown("same1/prod", "b/build"), "");
}

// What was given up for an account is tried again if its installation changed:
// that costs the account's budget.
TEST_F(SpeakingAsGitHubTest, OnlyWhoHasTheAccountTellsOfItsInstallation) {
  const Relation& relation = kRelations[3];
  const Names b = NamesOf(relation, /*is_b=*/true, 1);
  BeginB(relation, b);
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

// A hook that is taken for ours has its failed deliveries made again, to
// whoever receives them.
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

// Who asks for contexts to be run again, only GitHub can say.
TEST_F(SpeakingAsGitHubTest, AFarmAsksForNothingInAnothersName) {
  const std::string rerun =
      "delivery { id: \"c\" event: \"issue_comment\" } rerun_requested { "
      "repository: \"org1/sandbox\" pull_request_number: 5 login: \"octocat\" "
      "author_association: \"OWNER\" }";
  EXPECT_EQ(Event("a-farm", rerun), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(outbox_->Reruns(10)->empty());
  EXPECT_EQ(Event("a-shim", rerun), grpc::StatusCode::OK);
  EXPECT_EQ(outbox_->Reruns(10)->size(), 1u);
}

}  // namespace
}  // namespace signalbox
