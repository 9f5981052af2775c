#ifndef SIGNALBOX_COMMON_WEBHOOK_MEMBER_READER_H_
#define SIGNALBOX_COMMON_WEBHOOK_MEMBER_READER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/webhook/json_fields.h"

namespace signalbox {

// MemberReader converts members of a delivery's JSON to the values that they
// must have. It keeps the first problem: a member that is missing, or has a
// wrong type or form. Results after a problem mean nothing. So read everything
// first, and then check `problem` once. The functions of EventRow use it.
//
// `path` is a path of JsonFields. A function named Optional also accepts a
// member that is null or missing, and returns false or an empty text for it.
//
// Not thread-safe.
class MemberReader {
 public:
  // Borrows `fields`.
  explicit MemberReader(const JsonFields& fields) : fields_(fields) {}

  // The first problem, as `MEMBER is ...`; it shows no value. Empty: all
  // members that were read are valid.
  const std::string& problem() const { return problem_; }

  // Sets the problem to `PATH PROBLEM`, if there is none yet.
  void Refuse(absl::string_view path, absl::string_view problem);

  // Whether the member exists. It may be null.
  bool Has(absl::string_view path) const;

  // True: the member is an object. False: it is null. Anything else, or no
  // member, is a problem.
  bool IsObject(absl::string_view path);
  // As IsObject, but a missing member is no problem: returns false.
  bool HasObject(absl::string_view path);

  bool Bool(absl::string_view path);
  bool OptionalBool(absl::string_view path);

  // GitHub's number for a thing, above 0.
  int64_t Id(absl::string_view path);

  // A text of at most 1 KiB.
  std::string Text(absl::string_view path);
  std::string OptionalText(absl::string_view path);
  // A text of any length.
  std::string LongText(absl::string_view path);
  std::string OptionalLongText(absl::string_view path);
  // A text for people. Cut between two characters, at 1 KiB at most.
  std::string Title(absl::string_view path);
  std::string OptionalTitle(absl::string_view path);

  // The `login` of the account at the path `account`. Empty: the member is
  // null, as GitHub sends it for a deleted account.
  std::string Login(absl::string_view account);

  // A full commit id, in lower case.
  std::string Sha(absl::string_view path);

  absl::Time Time(absl::string_view path);

  // The `login` of an account that owns repositories. It must fit IsOwner.
  std::string Owner(absl::string_view account);

  // The name of a repository, without its owner.
  std::string RepositoryName(absl::string_view path);

  // `[HOST/]OWNER/NAME` of the member `repository`.
  std::string Repository();
  // `[HOST/]LOGIN` of the account at `path`.
  //
  // Both take the host from the member's `html_url`, which must be the URL of
  // its page.
  std::string Account(absl::string_view path);

  // Members that are only shown. If the member is missing or has another type,
  // these return 0 or an empty value. It is never a problem.
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
