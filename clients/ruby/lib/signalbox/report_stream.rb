# frozen_string_literal: true

require "grpc"
require "signalbox/error"
require "signalbox/messages"
require "signalbox/repeats"

module Signalbox
  # The answer to one report of a ReportStream. Thread-safe.
  class Answer
    def initialize(&convert)
      @convert = convert
      @mutex = Mutex.new
      @changed = ConditionVariable.new
      @done = false
    end

    # Waits for the answer. Returns the receipts of a pending, or the receipt of a
    # result; raises SignalboxError.
    def value
      @mutex.synchronize { @changed.wait(@mutex) until @done }
      raise @error if @error

      @value
    end

    # Whether `value` would not wait.
    def done?
      @mutex.synchronize { @done }
    end

    # For ReportStream.
    def settle(receipts: nil, error: nil)
      @mutex.synchronize do
        @value = @convert.call(receipts) if receipts
        @error = error
        @done = true
        @changed.broadcast
      end
    end
  end

  # Many reports with many in flight. Reports of one commit reach the server in
  # the order of the calls, each after the answer to the one before, so a report
  # that must go again never overtakes a later one. Those of different commits
  # overtake each other. When the stream ends, the unanswered reports go over a
  # new one.
  #
  # Thread-safe. It has a thread of its own until it is closed.
  class ReportStream
    # The server refuses a larger message, and ends the stream for all.
    LARGEST_REPORT = 256 << 10
    # Seconds. How often a thread that waits to write sees whether the call ended,
    # which gRPC does not tell it.
    POLL = 0.1

    Entry = Struct.new(:report, :commit, :answer, :repeats)
    private_constant :Entry

    # gRPC writes what `each` yields, in a thread of its own.
    Writes = Struct.new(:take) do
      def each
        while (report = take.call)
          yield report
        end
      end
    end
    private_constant :Writes

    def initialize(connection, max_in_flight)
      unless max_in_flight.is_a?(Integer) && max_in_flight.positive?
        raise SignalboxError.invalid("max_in_flight: #{max_in_flight.inspect} is no Integer over 0")
      end

      @connection = connection
      @request_id = connection.new_request_id
      @max_in_flight = max_in_flight
      @mutex = Mutex.new
      @changed = ConditionVariable.new
      # All entries that are not answered, in arrays by commit. The first of each
      # commit is in @queue until it is written, and then in @sent, by its tag, or
      # in @delayed, with the moment, if the server wants it later. The others wait
      # for their turn.
      @commits = {}
      @unanswered = 0
      @queue = []
      @sent = {}
      @delayed = {}
      @last_tag = 0
      @repeats = connection.repeats
      @pause_end = 0 # Nothing is written before this moment.
      @progress = 0 # When the server last answered, or began to owe an answer.
      @closed = false
      @cancelled = false
      @thread = Thread.new { work }
    end

    # As Client#pending. Returns an Answer. Waits while `max_in_flight` reports
    # are unanswered.
    def pending(repository, sha, contexts = [], **fields)
      request = Messages.pending_request(repository, sha, contexts, fields)
      add(V1::StreamReportsRequest.new(pending: request), request) do |receipts|
        receipts.map { |receipt| Messages.receipt(receipt) }
      end
    end

    # As Client#result. Returns an Answer. Waits while `max_in_flight` reports are
    # unanswered.
    def result(repository, sha, result, context = "", **fields)
      request = Messages.result_request(repository, sha, result, context, fields)
      add(V1::StreamReportsRequest.new(result: request), request) do |receipts|
        Messages.receipt(receipts.first)
      end
    end

    # Waits until every report is answered and the stream has ended.
    def close
      @mutex.synchronize do
        @closed = true
        @changed.broadcast
      end
      @thread.join
      @connection.remove(self)
    end

    # Ends it without the answers: their values raise.
    def cancel
      operation = @mutex.synchronize do
        @closed = @cancelled = true
        fail_all(failure("CANCELLED", "the client was closed"))
        @operation
      end
      operation&.cancel
      @thread.join
    end

    private

    def add(report, request, &convert)
      entry = Entry.new(report, "#{request.repository} #{request.sha}".downcase,
                        Answer.new(&convert))
      @mutex.synchronize do
        @changed.wait(@mutex) while @unanswered >= @max_in_flight && !@closed
        raise SignalboxError.invalid("the stream of reports is closed") if @closed

        report.tag = (@last_tag += 1)
        if report.class.encode(report).bytesize > LARGEST_REPORT
          raise SignalboxError.new("RESOURCE_EXHAUSTED", "the report is larger than 256 KiB")
        end

        enqueue(entry)
      end
      entry.answer
    end

    # ---- The rest needs @mutex, except `work` and what it calls by itself.

    def enqueue(entry)
      @repeats = @connection.repeats if @unanswered.zero?
      @unanswered += 1
      if @commits.key?(entry.commit)
        @commits[entry.commit] << entry
      else
        @commits[entry.commit] = [entry]
        @queue << entry
        @changed.broadcast
      end
    end

    # `entry` is answered: it is the turn of the next of its commit.
    def remove(entry)
      @unanswered -= 1
      entries = @commits[entry.commit]
      entries.shift
      if entries.empty?
        @commits.delete(entry.commit)
      else
        @queue << entries.first
      end
    end

    # Makes what the server wanted later ready to be written. Returns how long to
    # wait for the next; nil if there is none.
    def wake_delayed
      now = Repeats.now
      due, waiting = @delayed.partition { |_, moment| moment <= now }
      @delayed = waiting.to_h
      @queue.concat(due.map(&:first))
      @delayed.empty? ? nil : @delayed.values.min - now
    end

    def failure(code, message)
      SignalboxError.new(code, message, request_id: @request_id)
    end

    def fail_all(error)
      failed = @commits.values.flatten(1)
      @commits.clear
      @queue.clear
      @sent.clear
      @delayed.clear
      @unanswered = 0
      failed.each { |entry| entry.answer.settle(error: error) }
      @changed.broadcast
    end

    # One stream after the other, while there is something to write.
    def work
      while wait_for_work
        error = read_stream
        @mutex.synchronize { stream_ended(error) }
      end
    end

    # False: closed, and nothing is left.
    def wait_for_work
      @mutex.synchronize do
        loop do
          return false if @closed && @unanswered.zero?

          left = wake_delayed
          pause = @pause_end - Repeats.now
          return true if @queue.any? && pause <= 0

          @changed.wait(@mutex, @queue.any? ? pause : left)
        end
      end
    end

    # Returns why the stream ended.
    def read_stream
      operation = nil
      silent = false
      writes = Writes.new(-> { next_report(operation) { silent = true } })
      @mutex.synchronize do
        return nil if @cancelled

        operation = @connection.stub.stream_reports(
          writes, return_op: true, metadata: @connection.metadata(@request_id)
        ) { |answer| @mutex.synchronize { take(answer) } }
        @operation = operation
      end
      operation.execute
      # A server may end a stream with its connection, without any error.
      failure("UNAVAILABLE", "the server ended the stream")
    rescue GRPC::BadStatus => e
      return SignalboxError.from_status(e, @request_id) unless silent

      failure("DEADLINE_EXCEEDED", "the server did not answer in time")
    rescue GRPC::Core::CallError => e
      failure("UNAVAILABLE", e.message)
    rescue StandardError => e
      # This thread must go on: others wait for it.
      failure("INTERNAL", "#{e.class}: #{e.message}")
    end

    # In gRPC's thread for writing: waits for the next report of the stream. nil:
    # there is none, so that gRPC closes the client's side.
    def next_report(operation)
      @mutex.synchronize do
        loop do
          return nil if operation != @operation || operation.status
          return nil if @closed && @unanswered.zero?

          if silence?
            yield
            operation.cancel
            return nil
          end
          wake_delayed
          return write if @queue.any? && @sent.size < @max_in_flight && @pause_end <= Repeats.now

          @changed.wait(@mutex, POLL)
        end
      end
    end

    # A server that owes answers and gives none for the time of a try is gone.
    def silence?
      @sent.any? && Repeats.now - @progress > @patience
    end

    def write
      entry = @queue.shift
      renew_progress if @sent.empty?
      @sent[entry.report.tag] = entry
      entry.report
    end

    def renew_progress
      @progress = Repeats.now
      @patience = @repeats.timeout_of_try(@connection.try_timeout)
    end

    def take(answer)
      entry = @sent.delete(answer.tag)
      return if entry.nil?

      # The time for repeats begins anew whenever the server answers.
      @repeats = @connection.repeats
      renew_progress
      error = answer.code.zero? ? nil : SignalboxError.from_answer(answer, @request_id)
      pause = error && (entry.repeats ||= @connection.repeats).pause_after(error)
      if pause
        @delayed[entry] = Repeats.now + pause
      else
        remove(entry)
        entry.answer.settle(receipts: error ? nil : answer.receipts, error: error)
      end
      @changed.broadcast
    end

    def stream_ended(error)
      @operation = nil
      @queue.unshift(*@sent.values)
      @sent.clear
      return if @unanswered.zero?

      pause = @repeats.pause_after(error)
      if pause.nil?
        fail_all(error)
      else
        @pause_end = Repeats.now + pause
      end
    end
  end
end
