#include "tests/bench/webhooks/deliveries.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/program.h"

namespace signalbox {
namespace {

constexpr int kFirstNumber = 1'000'000;
// What a template has where each delivery differs. Digits and letters are the
// same in a form.
constexpr absl::string_view kNumber = "9876543";
constexpr absl::string_view kSha = "feedfacefeedfacefeedfacefeedfacefeedface";
constexpr absl::string_view kGuid = "00000000-0000-4000-8000-000000000000";

constexpr absl::string_view kGuidHeader = "X-GitHub-Delivery: ";
constexpr absl::string_view kSignatureHeader = "X-Hub-Signature-256: sha256=";

std::vector<size_t> Places(absl::string_view text, absl::string_view part) {
  std::vector<size_t> places;
  for (size_t at = text.find(part); at != absl::string_view::npos;
       at = text.find(part, at + part.size())) {
    places.push_back(at);
  }
  return places;
}

std::string Encoded(absl::string_view json) {
  std::string form = "payload=";
  for (const char c : json) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        absl::StrContains("-_.*", c)) {
      form += c;
    } else if (c == ' ') {
      form += '+';
    } else {
      absl::StrAppendFormat(&form, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return form;
}

std::string Hex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

void Put(absl::string_view value, char* to) {
  std::memcpy(to, value.data(), value.size());
}

}  // namespace

std::string ExamplePayload() {
  const std::string path = absl::StrCat(
      SIGNALBOX_CONFORMANCE_DIR,
      "/node_modules/@octokit/webhooks-examples/api.github.com/index.json");
  std::ifstream file(path);
  const auto events =
      nlohmann::ordered_json::parse(file, nullptr, /*allow_exceptions=*/false);
  for (const auto& event : events) {
    if (event.value("name", "") != "pull_request") continue;
    for (const auto& example : event.at("examples")) {
      if (example.value("action", "") == "opened") return example.dump();
    }
  }
  GiveUp(absl::StrCat("no such payload in ", path,
                      ": run npm ci in tests/conformance"));
}

Deliveries::Deliveries(absl::string_view payload, Form form) : form_(form) {
  auto json = nlohmann::ordered_json::parse(payload);
  const int number = std::stoi(std::string(kNumber));
  json["number"] = number;
  json["pull_request"]["number"] = number;
  json["pull_request"]["head"]["sha"] = kSha;
  body_ = form == Form::kJson ? json.dump() : Encoded(json.dump());
  numbers_ = Places(body_, kNumber);
  shas_ = Places(body_, kSha);
}

void Deliveries::FillBody(const SignedDelivery& delivery, char* body) const {
  for (const size_t at : numbers_) Put(delivery.number, body + at);
  for (const size_t at : shas_) Put(delivery.sha, body + at);
}

std::vector<SignedDelivery> Deliveries::Make(int count) const {
  static int made = 0;
  std::vector<SignedDelivery> deliveries;
  std::string body = body_;
  for (int i = 0; i < count; ++i) {
    SignedDelivery delivery;
    delivery.number = absl::StrCat(kFirstNumber + ++made);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(delivery.number.data()),
         delivery.number.size(), digest);
    delivery.sha = Hex(digest, SHA_DIGEST_LENGTH);
    delivery.guid = std::string(kGuid);
    Put(delivery.number, &delivery.guid[29]);
    FillBody(delivery, body.data());
    unsigned int size = 0;
    HMAC(EVP_sha256(), kWebhookSecret, std::strlen(kWebhookSecret),
         reinterpret_cast<const unsigned char*>(body.data()), body.size(),
         digest, &size);
    delivery.signature = Hex(digest, size);
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

std::string Deliveries::Request(absl::string_view host, bool keep_alive) const {
  const std::string no_signature(64, '0');
  return absl::StrCat(
      "POST /event_handler HTTP/1.1\r\nHost: ", host,
      "\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"
      "Content-Type: ",
      form_ == Form::kJson ? "application/json"
                           : "application/x-www-form-urlencoded",
      "\r\n", kGuidHeader, kGuid,
      "\r\nX-GitHub-Event: pull_request\r\n"
      "X-GitHub-Hook-ID: 4300000017\r\n"
      "X-GitHub-Hook-Installation-Target-ID: 186853002\r\n"
      "X-GitHub-Hook-Installation-Target-Type: repository\r\n",
      kSignatureHeader, no_signature,
      "\r\nConnection: ", keep_alive ? "keep-alive" : "close",
      "\r\nContent-Length: ", body_.size(), "\r\n\r\n", body_);
}

void Deliveries::Fill(const SignedDelivery& delivery,
                      std::string* request) const {
  const auto behind = [&](absl::string_view header) {
    return request->data() + absl::string_view(*request).find(header) +
           header.size();
  };
  Put(delivery.guid, behind(kGuidHeader));
  Put(delivery.signature, behind(kSignatureHeader));
  FillBody(delivery, request->data() + request->size() - body_.size());
}

}  // namespace signalbox
