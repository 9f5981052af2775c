# frozen_string_literal: true

require "grpc"

module Signalbox
  # An error of the server, or a refusal by the client itself.
  class SignalboxError < StandardError
    CODES = GRPC::Core::StatusCodes.constants.to_h do |name|
      [GRPC::Core::StatusCodes.const_get(name), name.to_s]
    end.freeze

    # The metadata of a call with its id.
    REQUEST_ID = "signalbox-request-id"
    # The last two come from this end of the connection, or from a proxy: the
    # report may be on its way.
    UNCERTAIN = %w[UNAVAILABLE DEADLINE_EXCEEDED INTERNAL CANCELLED UNKNOWN].freeze

    # The name of gRPC's code, such as "INVALID_ARGUMENT".
    attr_reader :code
    # The server's stable word, such as "INVALID_SHA"; "" if there is none.
    attr_reader :reason
    # The id of the call, as the server's log shows it; "" if no call was made.
    attr_reader :request_id
    # The pause before a repeat that the server wishes, in milliseconds, as text;
    # nil if it has no wish.
    attr_reader :pushback

    def initialize(code, message, request_id: "", reason: "", pushback: nil)
      super(message)
      @request_id = request_id
      @code = code
      @reason = reason
      @pushback = pushback
    end

    # Whether the server may have accepted the report all the same.
    def may_have_been_accepted?
      UNCERTAIN.include?(code) ||
        (code == "RESOURCE_EXHAUSTED" && !pushback.nil?)
    end

    def self.invalid(message)
      new("INVALID_ARGUMENT", message)
    end

    # Of a GRPC::BadStatus. A name that came twice has several values.
    def self.from_status(error, request_id)
      new(CODES.fetch(error.code, "UNKNOWN"), error.details,
          request_id: request_id,
          reason: Array(error.metadata["signalbox-reason"]).first || "",
          pushback: Array(error.metadata["grpc-retry-pushback-ms"]).first)
    end

    # Of a StreamReportsResponse with a code.
    def self.from_answer(answer, request_id)
      pause = answer.retry_after
      milliseconds = pause && (pause.seconds * 1000 + (pause.nanos / 1e6)).ceil.to_s
      new(CODES.fetch(answer.code, "UNKNOWN"), answer.message,
          request_id: request_id, reason: answer.reason, pushback: milliseconds)
    end
  end
end
