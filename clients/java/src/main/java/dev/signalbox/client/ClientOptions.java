package dev.signalbox.client;

import java.time.Duration;

/** The options of a client. {@link Client#connect} copies them. Not thread-safe. */
public final class ClientOptions {
  String token = "";
  boolean tls;
  String caFile = "";
  String certFile = "";
  String keyFile = "";
  String serverName = "";
  Duration retryFor = Duration.ofSeconds(60);
  Duration tryTimeout = Duration.ofSeconds(10);
  String requestId = "";

  // Tests replace these.
  Duration longestSilence = Duration.ofSeconds(150);
  Time time = Time.REAL;

  public ClientOptions() {}

  ClientOptions(ClientOptions other) {
    token = other.token;
    tls = other.tls;
    caFile = other.caFile;
    certFile = other.certFile;
    keyFile = other.keyFile;
    serverName = other.serverName;
    retryFor = other.retryFor;
    tryTimeout = other.tryTimeout;
    requestId = other.requestId;
    longestSilence = other.longestSilence;
    time = other.time;
  }

  /** Sent with every call, as {@code authorization: Bearer TOKEN}. Empty: none. */
  public ClientOptions token(String token) {
    this.token = token;
    return this;
  }

  /** Whether the connection is encrypted, and the server's certificate checked. */
  public ClientOptions tls(boolean tls) {
    this.tls = tls;
    return this;
  }

  /** PEM file with the authorities to trust instead of the system's. Needs TLS. */
  public ClientOptions caFile(String path) {
    this.caFile = path;
    return this;
  }

  /** PEM file with the client's own certificate. Needs TLS and a key. */
  public ClientOptions certFile(String path) {
    this.certFile = path;
    return this;
  }

  /** PEM file (PKCS #8) with the private key of the client's certificate. */
  public ClientOptions keyFile(String path) {
    this.keyFile = path;
    return this;
  }

  /** The name in the server's certificate, if it is not the host in the address. Needs TLS. */
  public ClientOptions serverName(String name) {
    this.serverName = name;
    return this;
  }

  /**
   * For how long a call is repeated; by default 60 s. The last try begins at most this long after
   * the first. Zero: one try.
   */
  public ClientOptions retryFor(Duration duration) {
    this.retryFor = duration;
    return this;
  }

  /**
   * The deadline of one try; by default 10 s. The last tries get only what is left of {@link
   * #retryFor}, but at least 2 s.
   */
  public ClientOptions tryTimeout(Duration duration) {
    this.tryTimeout = duration;
    return this;
  }

  /**
   * The id of each call, under which the server's log shows it: 1 to 64 letters, digits and {@code
   * ._:-}. Empty: each call gets one of its own, which its repeats keep. A stream of reports and a
   * watch are one call.
   */
  public ClientOptions requestId(String id) {
    this.requestId = id;
    return this;
  }
}
