#include <string>

#include "tests/common/webhook/compare_readers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_reference.h"

namespace signalbox {
namespace {

constexpr absl::string_view kMembers[] = {"a",
                                          "a.b",
                                          "a.b.c",
                                          "a.b[]",
                                          "a[]",
                                          "action",
                                          "hook.events[]",
                                          "repository.id",
                                          "ref",
                                          "pull_request.head.sha",
                                          "number",
                                          "pull_request"};

}  // namespace

// Input: the body of a delivery.
FUZZ_TARGET(json) {
  for (const absl::string_view name : {"action", "a"}) {
    const std::string contradiction = Contradiction(input, kMembers, name);
    FUZZ_CHECK(contradiction.empty(), contradiction);
  }
  const absl::StatusOr<JsonFields> fields = JsonFields::Read(input, kMembers);
  FUZZ_CHECK(fields.ok() == StrictRead(input, kMembers).ok(),
             "one reader decides, and it decides otherwise");
  FUZZ_CHECK(fields.ok() == JsonReference::IsDelivery(input),
             "another reader disagrees: ", fields.status().message());
}

}  // namespace signalbox
