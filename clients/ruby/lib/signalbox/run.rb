# frozen_string_literal: true

require "signalbox/error"

module Signalbox
  # What the block of Client#run gets: it says how the run ends. The last word
  # counts; it is reported at the end of the block.
  class Run
    DEFAULT_CONTEXT = "ci/build"
    LONGEST_DESCRIPTION = 140 # Characters that GitHub shows.
    FIELDS_OF_RESULT = %i[attempt series target_url newest_text_wins].freeze

    # The receipt of the newest report: of the pending, and then of the result.
    attr_reader :receipt

    def success(description = "") = say(:SUCCESS, description)
    def failure(description = "") = say(:FAILURE, description)
    def error(description = "") = say(:ERROR, description)
    def cancelled(description = "") = say(:CANCELLED, description)
    def skipped(description = "") = say(:SKIPPED, description)
    def timed_out(description = "") = say(:TIMED_OUT, description)
    def neutral(description = "") = say(:NEUTRAL, description)

    # Reports a pending, then yields, then reports the result.
    def self.around(client, repository, sha, context, fields, &block)
      new(client, repository, sha, context, fields).send(:around, &block)
    end

    private

    def initialize(client, repository, sha, context, fields)
      @client = client
      @repository = repository
      @sha = sha
      @context = context.to_s.empty? ? DEFAULT_CONTEXT : context
      @fields = fields
      @verdict = nil
    end

    def say(result, description)
      raise SignalboxError.invalid("description: wanted a String") unless description.is_a?(String)

      @verdict = [result, description]
      nil
    end

    # The ensure also sees Thread#kill and a throw, with which Timeout ends a
    # block. Neither is an exception, nor is it the end that the block intended.
    def around
      @receipt = @client.pending(@repository, @sha, [@context], **@fields).first
      default = [:ERROR, "the block was left by break, return, throw or the end of its thread"]
      begin
        value = yield self
        default = [:SUCCESS, ""]
      rescue Exception => e
        default = [:ERROR, first_line(e)]
        raise
      ensure
        report(*(@verdict || default), e)
      end
      value
    end

    def report(result, description, raised)
      fields = @fields.slice(*FIELDS_OF_RESULT)
      fields[:description] = description unless description.empty?
      @receipt = @client.result(@repository, @sha, result, @context, **fields)
    rescue SignalboxError => e
      raise if raised.nil?

      # The exception of the block goes on.
      warn "signalbox: the result of a run was not reported: #{e.code}: #{e.message}"
    end

    def first_line(exception)
      line = exception.message.to_s.scrub.strip.lines.first.to_s.strip
      (line.empty? ? exception.class.name.to_s : line)[0, LONGEST_DESCRIPTION]
    end
  end
end
