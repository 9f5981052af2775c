// What the static executable does in place of glibc, which would read files
// that a build image need not have.
//
// The names of hosts are resolved by c-ares alone. glibc would ask NSS, which
// loads shared libraries. They must be of the glibc that the executable was
// linked with: on somebody else's image they are missing, or crash it.

#include <netdb.h>

#include <cerrno>

extern "C" {

// What nothing calls, and would link NSS: gRPC's resolver `native`, which
// main.cc does not let it choose,
int getaddrinfo(const char* /*host*/, const char* /*service*/,
                const addrinfo* /*hints*/, addrinfo** /*result*/) {
  return EAI_FAIL;
}
void freeaddrinfo(addrinfo* /*list*/) {}

// and names of ports, for which gRPC does not use c-ares.
servent* getservbyname(const char* /*name*/, const char* /*protocol*/) {
  return nullptr;
}
int getservbyport_r(int /*port*/, const char* /*protocol*/, servent* /*entry*/,
                    char* /*buffer*/, size_t /*size*/, servent** result) {
  *result = nullptr;
  return ENOENT;
}

}  // extern "C"
