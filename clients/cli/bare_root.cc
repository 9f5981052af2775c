// Replaces functions of glibc in the static executable. glibc's would read
// files that a build image need not have.
//
// Only c-ares resolves host names. glibc would ask NSS, which loads shared
// libraries of the glibc that the executable was linked with. On another image
// these are missing, or they crash the program.

#include <ares.h>
#include <malloc.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <sys/socket.h>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace {

// gRPC reads the errno of connect() only after it has allocated memory and
// taken a lock. A new arena and a contended lock both count the processors
// once. Where neither /sys nor /proc can be read, the count sets ENOENT, and
// the connection fails. With a limit, no arena needs the count.
[[maybe_unused]] const int arenas_are_limited =
    mallopt(M_ARENA_MAX, 8);  // NOLINT(concurrency-mt-unsafe): the only thread.

// A configuration file of the image can make OpenSSL load shared libraries,
// which are made for another OpenSSL and another glibc.
[[maybe_unused]] const int openssl_reads_no_file =
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);

bool IsLocalhost(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "localhost") ||
         absl::EndsWithIgnoreCase(name, ".localhost");
}

// The entry of /etc/hosts; null: none. The caller frees it.
hostent* InHostsFile(ares_channel channel, const char* name, int family) {
  hostent* host = nullptr;
  return ares_gethostbyname_file(channel, name, family, &host) == ARES_SUCCESS
             ? host
             : nullptr;
}

}  // namespace

extern "C" {

// Abseil counts the processors with this.
int get_nprocs() {
  cpu_set_t processors;
  return sched_getaffinity(0, sizeof(processors), &processors) == 0
             ? CPU_COUNT(&processors)
             : 1;
}

// The linker redirects gRPC's calls of ares_gethostbyname to Resolve. OfCAres
// is c-ares's own function.
void OfCAres(ares_channel channel, const char* name, int family,
             ares_host_callback callback,
             void* argument) asm("__real_ares_gethostbyname");
void Resolve(ares_channel channel, const char* name, int family,
             ares_host_callback callback,
             void* argument) asm("__wrap_ares_gethostbyname");

// A name in /etc/hosts needs no name server. gRPC asks for each family
// separately. For a family that /etc/hosts lacks, c-ares would ask the name
// server, and wait where there is none. So it would for `localhost` where there
// is no /etc/hosts.
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

// Nothing calls the functions below, but glibc's would link NSS. Only gRPC's
// resolver `native` calls getaddrinfo, and main.cc makes gRPC choose `ares`.
int getaddrinfo(const char* /*host*/, const char* /*service*/,
                const addrinfo* /*hints*/, addrinfo** /*result*/) {
  return EAI_FAIL;
}
void freeaddrinfo(addrinfo* /*list*/) {}

// OpenSSL can open connections by itself, but gRPC gives it bytes alone.
hostent* gethostbyname(const char* /*name*/) { return nullptr; }
int getnameinfo(const sockaddr* /*address*/, socklen_t /*size*/, char* /*host*/,
                socklen_t /*host_size*/, char* /*service*/,
                socklen_t /*service_size*/, int /*flags*/) {
  return EAI_FAIL;
}

// c-ares can look up the names of ports, but gRPC passes only numbers.
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
