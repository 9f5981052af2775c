# frozen_string_literal: true

module Signalbox
  # Decides whether and when a call is tried again. All times are in seconds;
  # `retry_for` begins with the construction.
  class Repeats
    FIRST_PAUSE = 0.1
    LONGEST_PAUSE = 5
    SHORTEST_TRY = 2
    LONGEST_PUSHBACK_MS = (2**31) - 1

    # Of a clock that never steps.
    def self.now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def initialize(retry_for)
      @end = Repeats.now + retry_for
      @base = FIRST_PAUSE
    end

    # How long the next try may take.
    def timeout_of_try(try_timeout)
      [[try_timeout, left].min, SHORTEST_TRY].max
    end

    # How long to wait after `error`; nil if there must be no other try.
    def pause_after(error)
      return nil unless repeatable?(error) && left.positive?
      return pushback(error.pushback) if error.pushback

      pause = @base * (1 - (0.5 * rand))
      @base = [2 * @base, LONGEST_PAUSE].min
      # A pause that the server did not ask for may end early, for a last try.
      [pause, left].min
    end

    private

    def left
      @end - Repeats.now
    end

    def repeatable?(error)
      %w[UNAVAILABLE DEADLINE_EXCEEDED].include?(error.code) ||
        (error.code == "RESOURCE_EXHAUSTED" && !error.pushback.nil?)
    end

    # By gRPC's rules (proposal A6), any other value forbids a retry.
    def pushback(text)
      return nil unless text.match?(/\A\d+\z/) && text.to_i <= LONGEST_PUSHBACK_MS

      pause = text.to_i / 1000.0
      pause > left ? nil : pause
    end
  end
end
