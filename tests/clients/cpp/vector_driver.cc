// Lets clients/testing/run_vectors.py drive the C++ client: reads a JSON object
// per line, does it, and writes the answer on one line.

#include <google/protobuf/util/json_util.h>

#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "clients/cpp/client.h"
#include "clients/cpp/report_stream.h"
#include "clients/cpp/run.h"

namespace signalbox {
namespace {

using nlohmann::json;

json AnswerOf(const absl::Status& error) {
  return {{"error",
           {{"code", absl::StatusCodeToString(error.code())},
            {"reason", Client::ReasonOf(error)},
            {"may_have_been_accepted", Client::MayHaveBeenAccepted(error)},
            {"request_id", Client::RequestIdOf(error)}}}};
}

template <typename Message>
Message MessageOf(json fields) {
  if (fields.contains("expires_after")) {
    fields["expires_after"] =
        absl::StrCat(fields["expires_after"].get<double>(), "s");
  }
  if (fields.contains("result")) {
    fields["result"] =
        absl::StrCat("RESULT_", fields["result"].get<std::string>());
  }
  Message message;
  const auto status =
      google::protobuf::util::JsonStringToMessage(fields.dump(), &message);
  if (!status.ok()) {
    throw std::runtime_error(
        absl::StrCat(fields.dump(), ": ", status.ToString()));
  }
  return message;
}

std::string Word(const std::string& name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

json SecondsOf(bool is_set, const google::protobuf::Timestamp& time) {
  if (!is_set) return nullptr;
  return static_cast<double>(time.seconds()) + time.nanos() / 1e9;
}

template <typename Receipts>
json JsonOf(const Receipts& receipts) {
  json list = json::array();
  for (const v1::Receipt& receipt : receipts) {
    list.push_back(
        {{"context", receipt.context()},
         {"disposition",
          Word(v1::Disposition_Name(receipt.disposition()), "DISPOSITION_")},
         {"sequence", receipt.sequence()},
         {"state",
          Word(v1::CommitState_Name(receipt.state()), "COMMIT_STATE_")},
         {"warnings", std::vector<std::string>(receipt.warnings().begin(),
                                               receipt.warnings().end())},
         {"newest_attempt", receipt.newest_attempt()},
         {"newest_result",
          Word(v1::Result_Name(receipt.newest_result()), "RESULT_")},
         {"expire_time",
          SecondsOf(receipt.has_expire_time(), receipt.expire_time())},
         {"report_time",
          SecondsOf(receipt.has_report_time(), receipt.report_time())}});
  }
  return {{"receipts", std::move(list)}};
}

class Driver {
 public:
  json Do(const json& line) {
    static const std::map<std::string, json (Driver::*)(const json&)> kActions =
        {{"connect", &Driver::Connect},
         {"pending", &Driver::Pending},
         {"result", &Driver::Result},
         {"run", &Driver::DoRun},
         {"stream", &Driver::Stream},
         {"watch", &Driver::Watch},
         {"commit_status", &Driver::GetStatuses},
         {"server_info", &Driver::GetInfo},
         {"issue_token", &Driver::IssueToken},
         {"is_serving", &Driver::IsServing}};
    return (this->*kActions.at(line.at("do")))(line);
  }

 private:
  json Connect(const json& line) {
    const json& given = line.at("options");
    ClientOptions options;
    options.token = given.value("token", "");
    options.tls = given.value("tls", false);
    options.ca_file = given.value("ca_file", "");
    options.cert_file = given.value("cert_file", "");
    options.key_file = given.value("key_file", "");
    options.server_name = given.value("server_name", "");
    options.request_id = given.value("request_id", "");
    if (given.contains("retry_for")) {
      options.retry_for = absl::Seconds(given["retry_for"].get<double>());
    }
    if (given.contains("try_timeout")) {
      options.try_timeout = absl::Seconds(given["try_timeout"].get<double>());
    }
    absl::StatusOr<Client> client =
        Client::Connect(given.value("address", "127.0.0.1:50051"), options);
    if (!client.ok()) return AnswerOf(client.status());
    client_ = std::make_unique<Client>(*std::move(client));
    return {{"ok", json::object()}};
  }

  json Pending(const json& line) {
    const auto answer = client_->ReportPending(
        MessageOf<v1::ReportPendingRequest>(line.at("request")));
    if (!answer.ok()) return AnswerOf(answer.status());
    return {{"ok", JsonOf(answer->receipts())}};
  }

  json Result(const json& line) {
    const auto answer = client_->ReportResult(
        MessageOf<v1::ReportResultRequest>(line.at("request")));
    if (!answer.ok()) return AnswerOf(answer.status());
    return {{"ok", JsonOf(std::vector<v1::Receipt>{answer->receipt()})}};
  }

  json DoRun(const json& line) {
    json fields = line.at("request");
    if (fields.contains("context")) {
      fields["contexts"] = json::array({fields["context"]});
      fields.erase("context");
    }
    const json& then = line.at("then");
    try {
      auto run =
          Run::Begin(*client_, MessageOf<v1::ReportPendingRequest>(fields));
      if (!run.ok()) return AnswerOf(run.status());
      bool has_result = false;
      for (const json& step : then.is_array() ? then : json::array({then})) {
        has_result = Step(step, has_result, &*run);
      }
      const absl::Status status = run->End();
      if (!status.ok()) return AnswerOf(status);
      const json receipts =
          JsonOf(std::vector<v1::Receipt>{run->receipt()}).at("receipts");
      return {{"ok", {{"receipt", receipts.at(0)}}}};
    } catch (const std::runtime_error& error) {
      return {{"raised", error.what()}};
    }
  }

  // What the program does in its run. Returns whether the run has a result.
  static bool Step(const json& step, bool has_result, Run* run) {
    static const std::map<std::string, v1::Result> kResults = {
        {"success", v1::RESULT_SUCCESS}, {"failure", v1::RESULT_FAILURE},
        {"error", v1::RESULT_ERROR},     {"cancelled", v1::RESULT_CANCELLED},
        {"skipped", v1::RESULT_SKIPPED}, {"timed_out", v1::RESULT_TIMED_OUT},
        {"neutral", v1::RESULT_NEUTRAL}};
    const std::string name = step.begin().key();
    if (name == "raise") {
      throw std::runtime_error(step.begin().value().get<std::string>());
    }
    if (name == "return") {
      // No other way to say so in C++.
      if (!has_result) run->Set(v1::RESULT_SUCCESS);
      return true;
    }
    run->Set(kResults.at(name), step.begin().value().get<std::string>());
    return true;
  }

  json Stream(const json& line) {
    ReportStream stream(*client_, line.value("max_in_flight", 1000));
    std::vector<std::future<ReportStream::Answer>> answers;
    for (const json& report : line.at("reports")) {
      answers.push_back(
          report.contains("pending")
              ? stream.ReportPending(
                    MessageOf<v1::ReportPendingRequest>(report["pending"]))
              : stream.ReportResult(
                    MessageOf<v1::ReportResultRequest>(report["result"])));
    }
    json list = json::array();
    for (auto& answer : answers) {
      const ReportStream::Answer got = answer.get();
      list.push_back(got.ok() ? JsonOf(*got) : AnswerOf(got.status()));
    }
    return {{"ok", {{"answers", std::move(list)}}}};
  }

  json Watch(const json& line) {
    json changes = json::array();
    const size_t wanted = line.at("changes");
    const absl::Status status = client_->WatchStatuses(
        MessageOf<v1::WatchStatusesRequest>(line.at("request")),
        [&](const v1::WatchStatusesResponse& message) {
          if (message.has_status()) {
            changes.push_back(
                {{"repository", message.repository()},
                 {"sha", message.sha()},
                 {"context", message.status().context()},
                 {"state", Word(v1::CommitState_Name(message.status().state()),
                                "COMMIT_STATE_")}});
          }
          return changes.size() < wanted;
        });
    if (!status.ok()) return AnswerOf(status);
    return {{"ok", {{"changes", std::move(changes)}}}};
  }

  json GetStatuses(const json& line) {
    const auto answer = client_->GetCommitStatus(
        MessageOf<v1::GetCommitStatusRequest>(line.at("request")));
    if (!answer.ok()) return AnswerOf(answer.status());
    json list = json::array();
    for (const v1::CommitStatus& status : answer->statuses()) {
      list.push_back({{"context", status.context()},
                      {"state", Word(v1::CommitState_Name(status.state()),
                                     "COMMIT_STATE_")},
                      {"description", status.description()},
                      {"target_url", status.target_url()}});
    }
    return {{"ok", {{"statuses", std::move(list)}}}};
  }

  json GetInfo(const json&) {
    const auto answer = client_->GetServerInfo({});
    if (!answer.ok()) return AnswerOf(answer.status());
    return {{"ok",
             {{"version", answer->version()},
              {"features", std::vector<std::string>(answer->features().begin(),
                                                    answer->features().end())},
              {"caller", answer->grants().caller()},
              {"rights",
               std::vector<std::string>(answer->grants().rights().begin(),
                                        answer->grants().rights().end())}}}};
  }

  json IssueToken(const json& line) {
    json narrowing = line.at("request");
    v1::IssueTokenRequest request;
    request.mutable_valid_for()->set_seconds(
        narrowing.value("valid_for", 3600));
    narrowing.erase("valid_for");
    *request.mutable_narrowing() = MessageOf<v1::Narrowing>(narrowing);
    const auto answer = client_->IssueToken(request);
    if (!answer.ok()) return AnswerOf(answer.status());
    return {
        {"ok",
         {{"token", answer->token()},
          {"expire_time", SecondsOf(answer->grants().has_token_expire_time(),
                                    answer->grants().token_expire_time())}}}};
  }

  json IsServing(const json&) {
    const auto answer = client_->IsServing();
    if (!answer.ok()) return AnswerOf(answer.status());
    return {{"ok", {{"serving", *answer}}}};
  }

  std::unique_ptr<Client> client_;
};

}  // namespace
}  // namespace signalbox

int main() {
  signalbox::Driver driver;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << driver.Do(nlohmann::json::parse(line)).dump() << std::endl;
  }
}
