# frozen_string_literal: true

require "grpc"
require "signalbox/error"
require "signalbox/messages"
require "signalbox/repeats"

module Signalbox
  # Changes in order, without a gap, over as many connections as it takes. Let
  # one thread call `each`; any thread may call `close` and `sequence`.
  class Watch
    include Enumerable

    # Seconds. The server sends at least a bookmark once a minute.
    LONGEST_SILENCE = 150

    # Cancels a call that receives nothing for too long.
    class Silence
      def initialize(operation)
        @mutex = Mutex.new
        @changed = ConditionVariable.new
        @heard = Repeats.now
        @thread = Thread.new { supervise(operation) }
      end

      # Whether it cancelled the call.
      attr_reader :broken

      def heard
        @mutex.synchronize { @heard = Repeats.now }
      end

      # While the block runs, the watch reads nothing, so this time does not count.
      def suspend
        @mutex.synchronize { @heard = Float::INFINITY }
        yield
      ensure
        heard
      end

      def stop
        @mutex.synchronize do
          @stopped = true
          @changed.signal
        end
        @thread.join
      end

      private

      def supervise(operation)
        @mutex.synchronize do
          until @stopped
            left = @heard + LONGEST_SILENCE - Repeats.now
            if left.positive?
              @changed.wait(@mutex, [left, LONGEST_SILENCE].min)
            else
              @broken = true
              operation.cancel
              return
            end
          end
        end
      end
    end
    private_constant :Silence

    def initialize(connection, request)
      @connection = connection
      @request_id = connection.new_request_id
      @request = request
      @mutex = Mutex.new
      @changed = ConditionVariable.new
      @closed = false
      @operation = nil
    end

    # The number of the last change or bookmark, to resume later; nil before the
    # first, unless the watch began after a number.
    def sequence
      @request.has_after_sequence? ? @request.after_sequence : nil
    end

    # Yields each Change, and goes on until the block breaks or `close`. Raises
    # OUT_OF_RANGE if the server no longer keeps the changes, and other final
    # errors.
    def each(&block)
      return enum_for unless block

      repeats = nil # Since the server stopped answering.
      until @closed
        @in_block = @was_there = false
        error = read(&block)
        return if @closed

        repeats = @connection.repeats if repeats.nil? || @was_there
        pause = repeats.pause_after(error)
        raise error if pause.nil?

        @mutex.synchronize { @changed.wait(@mutex, pause) unless @closed }
      end
    end

    # Ends the watch, also while `each` waits in another thread.
    def close
      operation = @mutex.synchronize do
        @closed = true
        @changed.broadcast
        @operation
      end
      operation&.cancel
      @connection.remove(self)
    end
    alias cancel close

    private

    # Returns why the stream ended.
    def read(&block)
      operation = open
      return if operation.nil?

      silence = Silence.new(operation)
      operation.execute.each { |message| take(message, silence, &block) }
      # A server may end a stream with its connection, without any error.
      unavailable("the server ended the stream")
    rescue GRPC::Core::CallError => e
      raise if @in_block

      # gRPC sometimes says so when another thread cancels the call.
      unavailable(e.message)
    rescue GRPC::BadStatus => e
      raise if @in_block
      return unavailable("the server was silent") if silence&.broken

      SignalboxError.from_status(e, @request_id)
    ensure
      silence&.stop
      operation&.cancel
    end

    def unavailable(message)
      SignalboxError.new("UNAVAILABLE", message, request_id: @request_id)
    end

    def take(message, silence)
      @was_there = true
      silence.heard
      @request.after_sequence = message.sequence
      # A message without a repository is a bookmark.
      return if message.repository.empty?

      # Its errors are not those of the stream.
      @in_block = true
      silence.suspend { yield Messages.change(message) }
      @in_block = false
    end

    def open
      @mutex.synchronize do
        @connection.check unless @closed
        return nil if @closed

        @operation = @connection.stub.watch_statuses(@request, return_op: true,
                                                     metadata: @connection.metadata(@request_id))
      end
    end
  end
end
