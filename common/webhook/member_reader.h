#ifndef SIGNALBOX_COMMON_WEBHOOK_MEMBER_READER_H_
#define SIGNALBOX_COMMON_WEBHOOK_MEMBER_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/webhook/json_fields.h"

namespace signalbox {

// MemberReader reads members of a delivery one by one, by their paths, and
// keeps the first problem: a member that is missing or malformed. Results after
// a problem mean nothing.
//
// Not thread-safe.
class MemberReader {
 public:
  // Borrows `fields`.
  explicit MemberReader(const JsonFields& fields) : fields_(fields) {}

  // Empty: every member so far was valid. Names members, never values.
  const std::string& problem() const { return problem_; }

  void Refuse(absl::string_view path, absl::string_view problem);

  bool Has(absl::string_view path) const;

  // Whether a member, which must exist, is an object and not null.
  bool IsObject(absl::string_view path);
  // Whether the member is an object; false if it is null or missing.
  bool HasObject(absl::string_view path);

  bool Bool(absl::string_view path);
  // False if the member is null or missing.
  bool OptionalBool(absl::string_view path);

  // A number that GitHub gave to something; never 0.
  int64_t Id(absl::string_view path);

  // At most 1 KiB.
  std::string Text(absl::string_view path);
  // Empty if the member is null or missing.
  std::string OptionalText(absl::string_view path);
  // Of any length.
  std::string LongText(absl::string_view path);
  std::string OptionalLongText(absl::string_view path);
  // For people: cut at 1 KiB, between characters.
  std::string Title(absl::string_view path);
  std::string OptionalTitle(absl::string_view path);

  // `login` of an account. GitHub sends null for a deleted account.
  std::string Login(absl::string_view account);

  // A full commit id, in lower case.
  std::string Sha(absl::string_view path);

  absl::Time Time(absl::string_view path);

  // As Login, but the account must have a name that owns repositories.
  std::string Owner(absl::string_view account);

  // The name of a repository, without its owner.
  std::string RepositoryName(absl::string_view path);

  // `[HOST/]OWNER/NAME` of the member `repository`, and `[HOST/]LOGIN` of an
  // account. The host comes from the URL of the member's page, which must fit
  // its name.
  std::string Repository();
  std::string Account(absl::string_view path);

  // Empty or 0 if the member is missing or of another type. Never a problem.
  int64_t LooseNumber(absl::string_view path) const;
  std::string LooseText(absl::string_view path) const;
  JsonTexts LooseTexts(absl::string_view path) const;

 private:
  template <typename T>
  T Get(absl::string_view path);
  template <typename T>
  T Loose(absl::string_view path) const;
  bool IsNothing(absl::string_view path) const;
  std::string OnItsHost(absl::string_view name, absl::string_view page_path);

  const JsonFields& fields_;
  std::string problem_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_MEMBER_READER_H_
