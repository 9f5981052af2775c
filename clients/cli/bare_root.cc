// What the static executable does in place of glibc, which would read files
// that a build image need not have.
//
// The names of hosts are resolved by c-ares alone. glibc would ask NSS, which
// loads shared libraries. They must be of the glibc that the executable was
// linked with: on somebody else's image they are missing, or crash it.

#include <ares.h>
#include <malloc.h>
#include <netdb.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace {

// gRPC looks at the errno of connect() only after it has allocated memory and
// taken a lock. For a new arena and for a lock that is contended the processors
// are counted once, and where neither /sys nor /proc can be read that leaves
// ENOENT: the connection fails. With a limit, no arena needs their number.
[[maybe_unused]] const int arenas_are_limited =
    mallopt(M_ARENA_MAX, 8);  // NOLINT(concurrency-mt-unsafe): the only thread.

bool IsLocalhost(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "localhost") ||
         absl::EndsWithIgnoreCase(name, ".localhost");
}

// What /etc/hosts says; null if nothing. To be freed.
hostent* InHostsFile(ares_channel channel, const char* name, int family) {
  hostent* host = nullptr;
  return ares_gethostbyname_file(channel, name, family, &host) == ARES_SUCCESS
             ? host
             : nullptr;
}

}  // namespace

extern "C" {

// Abseil counts with this.
int get_nprocs() {
  cpu_set_t processors;
  return sched_getaffinity(0, sizeof(processors), &processors) == 0
             ? CPU_COUNT(&processors)
             : 1;
}

// Where gRPC calls ares_gethostbyname, the linker has it call Resolve;
// c-ares's function is OfCAres.
void OfCAres(ares_channel channel, const char* name, int family,
             ares_host_callback callback,
             void* argument) asm("__real_ares_gethostbyname");
void Resolve(ares_channel channel, const char* name, int family,
             ares_host_callback callback,
             void* argument) asm("__wrap_ares_gethostbyname");

// /etc/hosts is enough for a name that it has. gRPC asks for each family by
// itself: c-ares would then ask the name server for the family that a line
// leaves out, and wait for it where there is none; and for `localhost` where
// there is no such file.
void Resolve(ares_channel channel, const char* name, int family,
             ares_host_callback callback, void* argument) {
  if (hostent* const host = InHostsFile(channel, name, family)) {
    callback(argument, ARES_SUCCESS, 0, host);
    ares_free_hostent(host);
    return;
  }
  const int other = family == AF_INET ? AF_INET6 : AF_INET;
  if (hostent* const host = InHostsFile(channel, name, other)) {
    callback(argument, ARES_ENODATA, 0, nullptr);
    ares_free_hostent(host);
    return;
  }
  if (IsLocalhost(name)) name = family == AF_INET ? "127.0.0.1" : "::1";
  OfCAres(channel, name, family, callback, argument);
}

// Nothing calls the functions below, but glibc's would link NSS. gRPC's
// resolver `native` calls getaddrinfo; main.cc makes gRPC choose `ares`.
int getaddrinfo(const char* /*host*/, const char* /*service*/,
                const addrinfo* /*hints*/, addrinfo** /*result*/) {
  return EAI_FAIL;
}
void freeaddrinfo(addrinfo* /*list*/) {}

// c-ares looks up the names of ports; gRPC gives it numbers only.
servent* getservbyname(const char* /*name*/, const char* /*protocol*/) {
  return nullptr;
}
int getservbyname_r(const char* /*name*/, const char* /*protocol*/,
                    servent* /*entry*/, char* /*buffer*/, size_t /*size*/,
                    servent** result) {
  *result = nullptr;
  return ENOENT;
}
int getservbyport_r(int /*port*/, const char* /*protocol*/, servent* /*entry*/,
                    char* /*buffer*/, size_t /*size*/, servent** result) {
  *result = nullptr;
  return ENOENT;
}

}  // extern "C"
