# frozen_string_literal: true

require "grpc"
require "ipaddr"
require "signalbox/error"

module Signalbox
  # The options of a client, checked, and the channel that they describe.
  class Channel
    LONGEST_TOKEN = 4096
    SYSTEM_AUTHORITIES = %w[/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt
                            /etc/ssl/cert.pem].freeze
    OF_TLS = %i[ca_file cert_file key_file server_name].freeze
    ARGUMENTS = {
      # By default, a channel that cannot connect waits up to two minutes before
      # it retries, and fails every call meanwhile.
      "grpc.initial_reconnect_backoff_ms" => 100,
      "grpc.min_reconnect_backoff_ms" => 5000,
      "grpc.max_reconnect_backoff_ms" => 1000,
      "grpc.max_receive_message_length" => 16 << 20,
      # Farms often set http_proxy; a report must not travel through it.
      "grpc.enable_http_proxy" => 0,
      # This client retries by itself: it knows how long the caller waits.
      "grpc.enable_retries" => 0,
      "grpc.service_config_disable_resolution" => 1
    }.freeze

    # Opens a channel, which connects at its first call.
    def self.open(address, options)
      check_types(address, options)
      check_token(address, options[:token], options[:tls])
      check_tls(address, options)
      arguments = ARGUMENTS.dup
      if options[:tls] && options[:server_name]
        arguments["grpc.ssl_target_name_override"] = options[:server_name]
      end
      GRPC::Core::Channel.new(address, arguments,
                              options[:tls] ? credentials(options) : :this_channel_is_insecure)
    end

    # Whether a token that is sent there unencrypted stays on this machine.
    def self.this_machine?(address)
      return true if address.start_with?("unix:")

      host = address.delete_prefix("dns:///")
      host = host[0...host.rindex(":")] if host.include?(":")
      if host.start_with?("[")
        return host.end_with?("]") && host.include?(":") && loopback?(host[1...-1])
      end

      # An IPv6 address needs brackets.
      !host.include?(":") && (host.casecmp?("localhost") || loopback?(host))
    end

    class << self
      private

      def check_types(address, options)
        unless address.is_a?(String) && !address.empty?
          raise SignalboxError.invalid("address: wanted HOST:PORT or unix:PATH")
        end

        [:token, :request_id, *OF_TLS].each do |name|
          next if options[name].nil? || options[name].is_a?(String)

          raise SignalboxError.invalid("#{name}: wanted a String")
        end
        unless [true, false].include?(options[:tls])
          raise SignalboxError.invalid("tls: wanted true or false")
        end

        id = options[:request_id].to_s
        return if id.empty? || id.b.match?(/\A[A-Za-z0-9._:-]{1,64}\z/n)

        raise SignalboxError.invalid("request_id: wanted 1 to 64 letters, digits and ._:-")
      end

      def check_token(address, token, tls)
        return if token.nil? || token.empty?

        unless tls || this_machine?(address)
          raise SignalboxError.invalid(
            "without TLS, a token is sent only to this machine (localhost, 127.0.0.1, [::1] or " \
            "unix:PATH), not to #{address}: the connection is not encrypted"
          )
        end
        return if token.bytesize <= LONGEST_TOKEN && token.b.match?(/\A[!-~]+\z/n)

        raise SignalboxError.invalid(
          "the token has characters other than visible ASCII, or more than 4,096 of them"
        )
      end

      def check_tls(address, options)
        given = OF_TLS.select { |name| options[name] && !options[name].empty? }
        if !options[:tls] && given.any?
          raise SignalboxError.invalid(
            "#{given.first} is given, but connections are not encrypted; give tls too"
          )
        end
        if options[:tls] && address.start_with?("unix:")
          raise SignalboxError.invalid("the server does not encrypt connections to #{address}, " \
                                       "which stay on this machine; leave tls out")
        end
        return if given.include?(:cert_file) == given.include?(:key_file)

        raise SignalboxError.invalid("cert_file and key_file belong together; only one is given")
      end

      # gRPC would only say at the first call that it cannot use a file.
      def credentials(options)
        require "openssl"
        authorities = read(options, :ca_file) { |text| OpenSSL::X509::Certificate.new(text) } ||
                      system_authorities
        key = read(options, :key_file) { |text| OpenSSL::PKey.read(text) }
        certificate = read(options, :cert_file) { |text| OpenSSL::X509::Certificate.new(text) }
        GRPC::Core::ChannelCredentials.new(authorities, key, certificate)
      end

      # gRPC has a list of its own, which does not know the authorities that the
      # machine's administrator added. nil: this system keeps its list elsewhere.
      def system_authorities
        file = SYSTEM_AUTHORITIES.find { |candidate| File.file?(candidate) }
        file && File.binread(file)
      end

      def read(options, name)
        file = options[name]
        return nil if file.nil? || file.empty?

        text = File.binread(file)
        yield text
        text
      rescue SystemCallError => e
        code = { Errno::ENOENT => "NOT_FOUND", Errno::EACCES => "PERMISSION_DENIED" }
        raise SignalboxError.new(code.fetch(e.class, "INVALID_ARGUMENT"), "#{name}: #{e.message}")
      rescue OpenSSL::OpenSSLError => e
        raise SignalboxError.invalid("#{name}: #{file}: #{e.message}")
      end

      # IPAddr would also take a range.
      def loopback?(host)
        host.match?(/\A[\h.:]+\z/) && IPAddr.new(host).loopback?
      rescue IPAddr::Error
        false
      end
    end
  end
end
