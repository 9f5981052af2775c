# frozen_string_literal: true

require "grpc"
require "grpc/health/v1/health_services_pb"
require "securerandom"
require "set"
require "signalbox/channel"
require "signalbox/error"
require "signalbox/messages"
require "signalbox/repeats"
require "signalbox/report_stream"
require "signalbox/run"
require "signalbox/v1/status_service_services_pb"
require "signalbox/watch"

module Signalbox
  # One connection to a server, and the rules for repeats on it. Thread-safe.
  class Connection
    attr_reader :stub, :health, :try_timeout

    def initialize(address, options)
      @retry_for = options[:retry_for]
      @try_timeout = options[:try_timeout]
      check_times
      @channel = Channel.open(address, options)
      token = options[:token].to_s
      @request_id = options[:request_id].to_s
      @metadata = token.empty? ? {} : { "authorization" => "Bearer #{token}" }.freeze
      # The credentials are the channel's; these are not used.
      own = [address, :this_channel_is_insecure]
      @stub = V1::StatusService::Stub.new(*own, channel_override: @channel)
      @health = Grpc::Health::V1::Health::Stub.new(*own, channel_override: @channel)
      @mutex = Mutex.new
      @closing = ConditionVariable.new
      @streams = Set.new
      @closed = false
    end

    # Without the token: exceptions show the objects that they are about.
    def inspect
      "#<#{self.class}>"
    end

    # The id of a call that begins, which its repeats keep.
    def new_request_id
      @request_id.empty? ? SecureRandom.hex(8) : @request_id
    end

    # What a try sends with it.
    def metadata(request_id)
      { **@metadata, SignalboxError::REQUEST_ID => request_id }
    end

    def repeats
      Repeats.new(@retry_for)
    end

    # Raises if the client is closed.
    def check
      raise SignalboxError.invalid("the client is closed") if @closed
    end

    # Streams that `close` must end.
    def add(stream)
      @mutex.synchronize do
        check
        @streams.add(stream)
      end
      stream
    end

    def remove(stream)
      @mutex.synchronize { @streams.delete(stream) }
    end

    # Yields the options of a call, and repeats by the rules.
    def call
      check
      repeats = self.repeats
      request_id = new_request_id
      error = nil
      begin
        deadline = GRPC::Core::TimeConsts.from_relative_time(repeats.timeout_of_try(@try_timeout))
        yield({ deadline: deadline, metadata: metadata(request_id) })
      rescue GRPC::BadStatus => e
        error = SignalboxError.from_status(e, request_id)
        pause = repeats.pause_after(error)
        # After a try the report may have been accepted: no refusal may deny it.
        raise error if pause.nil? || closed_after?(pause)

        retry
      rescue GRPC::Core::CallError, RuntimeError => e
        raise unless @closed

        # It was closed in another thread, which is what gRPC complains of.
        raise error || SignalboxError.new("CANCELLED", e.message, request_id: request_id)
      end
    end

    def close
      streams = @mutex.synchronize do
        return if @closed

        @closed = true
        @closing.broadcast
        @streams.to_a
      end
      streams.each(&:cancel)
      @channel.close
    end

    private

    # Waits; whether the client is closed then.
    def closed_after?(seconds)
      give_up = Repeats.now + seconds
      @mutex.synchronize do
        until @closed || (left = give_up - Repeats.now) <= 0
          @closing.wait(@mutex, left)
        end
        @closed
      end
    end

    def check_times
      unless @retry_for.is_a?(Numeric) && @retry_for >= 0
        raise SignalboxError.invalid("retry_for: #{@retry_for.inspect} is no number of seconds, " \
                                     "at least 0")
      end
      return if @try_timeout.is_a?(Numeric) && @try_timeout.positive?

      raise SignalboxError.invalid("try_timeout: #{@try_timeout.inspect} is no number of seconds " \
                                   "over 0")
    end
  end
  private_constant :Connection

  # Reports to a server and reads from it. Signalbox.connect makes one. All calls
  # block until the server answers or `retry_for` is over, and raise
  # SignalboxError.
  #
  # The fields of reports are attempt, series, description, target_url,
  # if_sequence and newest_text_wins, and for a pending also expires_after
  # (seconds), rerun and never_expires. The proto describes them.
  #
  # Thread-safe.
  class Client
    # Of one answer. No server has more pages; the limit stops an endless list.
    MOST_PAGES = 10_000
    DEFAULTS = { token: nil, tls: false, ca_file: nil, cert_file: nil, key_file: nil,
                 server_name: nil, retry_for: 60, try_timeout: 10, request_id: nil }.freeze

    def initialize(address, **options)
      unknown = options.keys - DEFAULTS.keys
      unless unknown.empty?
        raise SignalboxError.invalid("#{unknown.first} is no such option; the options are " \
                                     "#{DEFAULTS.keys.join(', ')}")
      end

      @connection = Connection.new(address, DEFAULTS.merge(options))
    end

    # Reports that work has begun. Returns a Receipt for each context. Without
    # contexts: those that the server's configuration expects of the repository.
    def pending(repository, sha, contexts = [], **fields)
      request = Messages.pending_request(repository, sha, contexts, fields)
      answer = @connection.call { |options| @connection.stub.report_pending(request, **options) }
      answer.receipts.map { |receipt| Messages.receipt(receipt) }
    end

    # Reports how work ended: `result` is one of RESULTS. Returns a Receipt.
    # Without a context: ci/build.
    def result(repository, sha, result, context = "", **fields)
      request = Messages.result_request(repository, sha, result, context, fields)
      answer = @connection.call { |options| @connection.stub.report_result(request, **options) }
      Messages.receipt(answer.receipt)
    end

    # Reports a pending, yields a Run, and reports one result, whatever happens:
    # what the block said with a method of the Run; else SUCCESS if it ended, and
    # ERROR with the first line of the exception if it raised. Returns the value
    # of the block.
    #
    # If the pending is not accepted, raises, and does not yield. If the result is
    # not accepted, raises; but an exception of the block goes first.
    def run(repository, sha, context = "", **fields, &block)
      raise ArgumentError, "no block given" if block.nil?

      Run.around(self, repository, sha, context, fields, &block)
    end

    # A ReportStream, for many reports at once.
    def reports(max_in_flight: 1000)
      @connection.check
      @connection.add(ReportStream.new(@connection, max_in_flight))
    end

    # A Watch. `repositories` and `contexts` are globs, `states` symbols; without
    # them, all. Begins after `after_sequence`; nil: from now, 0: from the
    # beginning.
    def watch(**fields)
      @connection.add(Watch.new(@connection, Messages.watch_request(fields)))
    end

    # A CommitStatus with the statuses of all pages.
    def commit_status(repository, sha)
      request = Messages.commit_request(repository, sha)
      pages = []
      loop do
        raise "the pages of the server's answer do not end" if pages.size == MOST_PAGES

        pages << @connection.call do |options|
          @connection.stub.get_commit_status(request, **options)
        end
        request.page_token = pages.last.next_page_token
        return Messages.commit_status(pages) if request.page_token.empty?
      end
    end

    # A ServerInfo.
    def server_info
      request = V1::GetServerInfoRequest.new
      Messages.server_info(
        @connection.call { |options| @connection.stub.get_server_info(request, **options) }
      )
    end

    # An IssuedToken, which may do no more than the caller's own, and not for long.
    # The fields narrow it: repositories, contexts, rights, sha, series and attempt.
    # valid_for: seconds, 1 minute to 30 days; nil: 1 hour. The proto describes them.
    def issue_token(**fields)
      request = Messages.issue_token_request(fields)
      Messages.issued_token(
        @connection.call { |options| @connection.stub.issue_token(request, **options) }
      )
    end

    # Whether the server serves. False: it is about to stop.
    def serving?
      request = Grpc::Health::V1::HealthCheckRequest.new
      answer = @connection.call { |options| @connection.health.check(request, **options) }
      answer.status == :SERVING
    end
    alias is_serving serving?

    # Ends all streams and watches. Unanswered reports of streams fail.
    def close
      @connection.close
    end
  end
end
