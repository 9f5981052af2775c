package dev.signalbox.client;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelRegistry;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Checks the options of a client, and opens its channel. */
final class Channels {
  private static final int LONGEST_TOKEN = 4096;
  // Servers without paging send answers over gRPC's default of 4 MiB.
  private static final int LARGEST_ANSWER = 16 << 20;
  private static final Pattern IPV4_LOOPBACK = Pattern.compile("127(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}");

  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,64}");

  private Channels() {}

  static ManagedChannel open(String address, ClientOptions options) {
    check(address, options);
    try {
      ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(address, credentials(options));
      if (!options.serverName.isEmpty()) {
        builder.overrideAuthority(options.serverName);
      } else if (address.startsWith("unix:")) {
        builder.overrideAuthority("localhost");
      }
      return builder
          .maxInboundMessageSize(LARGEST_ANSWER)
          // A report must not travel through a proxy of the system's properties.
          .proxyDetector(target -> null)
          // This package retries by itself: it knows how long the caller waits.
          .disableRetry()
          .disableServiceConfigLookUp()
          .build();
    } catch (IllegalArgumentException | ManagedChannelRegistry.ProviderNotFoundException e) {
      // The address is none, or a file holds no certificate or key.
      throw SignalboxException.invalid("cannot connect to " + address + ": " + e.getMessage());
    }
  }

  private static void check(String address, ClientOptions options) {
    if (!options.token.isEmpty()) {
      if (!options.tls && !isThisMachine(address)) {
        throw SignalboxException.invalid(
            "without TLS, a token is sent only to this machine (localhost, 127.0.0.1, [::1] or "
                + "unix:PATH), not to " + address + ": the connection is not encrypted");
      }
      if (options.token.length() > LONGEST_TOKEN || !options.token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
        throw SignalboxException.invalid(
            "the token has characters other than visible ASCII, or more than 4,096 of them");
      }
    }
    if (options.retryFor.isNegative() || options.tryTimeout.isNegative() || options.tryTimeout.isZero()) {
      throw SignalboxException.invalid("retryFor needs a time of at least 0, tryTimeout one over 0");
    }
    if (!options.requestId.isEmpty() && !REQUEST_ID.matcher(options.requestId).matches()) {
      throw SignalboxException.invalid("the request id is not 1 to 64 letters, digits and ._:-");
    }
    if (!options.tls
        && !(options.caFile + options.certFile + options.keyFile + options.serverName).isEmpty()) {
      throw SignalboxException.invalid(
          "an authority, certificate, key or server name is given, but connections are not encrypted; "
              + "set tls, too");
    }
    if (options.certFile.isEmpty() != options.keyFile.isEmpty()) {
      throw SignalboxException.invalid(
          "a client's certificate needs its private key, and the key its certificate");
    }
    if (options.tls && address.startsWith("unix:")) {
      throw SignalboxException.invalid(
          "the server does not encrypt connections to " + address + ", which stay on this machine; "
              + "leave tls out");
    }
  }

  private static ChannelCredentials credentials(ClientOptions options) {
    if (!options.tls) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (!options.caFile.isEmpty()) {
        builder.trustManager(read(options.caFile));
      }
      if (!options.certFile.isEmpty()) {
        builder.keyManager(read(options.certFile), read(options.keyFile));
      }
    } catch (IOException e) {
      Status.Code code = Status.Code.INVALID_ARGUMENT;
      if (e instanceof NoSuchFileException) {
        code = Status.Code.NOT_FOUND;
      } else if (e instanceof AccessDeniedException) {
        code = Status.Code.PERMISSION_DENIED;
      }
      throw new SignalboxException(code, "", "cannot read " + e.getMessage(), false, "");
    }
    return builder.build();
  }

  private static InputStream read(String path) throws IOException {
    return new ByteArrayInputStream(Files.readAllBytes(Path.of(path)));
  }

  /** Whether a token may go to the address without encryption. */
  static boolean isThisMachine(String address) {
    if (address.startsWith("unix:")) {
      return true;
    }
    String rest = address.startsWith("dns:///") ? address.substring("dns:///".length()) : address;
    int colon = rest.lastIndexOf(':');
    String host = colon < 0 ? rest : rest.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      return isIpv6Loopback(host.substring(1, host.length() - 1));
    }
    return host.equalsIgnoreCase("localhost") || IPV4_LOOPBACK.matcher(host).matches();
  }

  private static boolean isIpv6Loopback(String literal) {
    if (!literal.matches("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
      return false; // It would be looked up as a name.
    }
    try {
      return InetAddress.getByName(literal).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
