#ifndef SIGNALBOX_TESTS_INTEGRATION_COMMIT_H_
#define SIGNALBOX_TESTS_INTEGRATION_COMMIT_H_

namespace signalbox {

// The commit of a test that needs only one.
inline constexpr char kSha[] = "1111111111111111111111111111111111111abc";

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_COMMIT_H_
