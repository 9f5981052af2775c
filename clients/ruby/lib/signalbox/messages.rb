# frozen_string_literal: true

require "google/protobuf"
require "signalbox/error"
require "signalbox/v1/status_service_pb"

module Signalbox
  RESULTS = %i[SUCCESS FAILURE ERROR CANCELLED SKIPPED TIMED_OUT NEUTRAL].freeze

  # What became of a report. Enums are symbols without their prefix, such as
  # :ACCEPTED; instants are Time, or nil.
  Receipt = Struct.new(:context, :sequence, :disposition, :warnings, :expire_time, :state,
                       :newest_attempt, :newest_result, :report_time, keyword_init: true)
  # How far the posting of a status to GitHub has got.
  Posting = Struct.new(:state, :reason, :try_count, :next_try_time, :post_time, :overtaken_by,
                       keyword_init: true)
  # The status of one context of a commit.
  Status = Struct.new(:context, :state, :result, :description, :target_url, :attempt, :series,
                      :sequence, :report_sequence, :report_time, :expire_time, :posting,
                      keyword_init: true)
  # All statuses of a commit. Watch after `sequence` to follow what was read.
  CommitStatus = Struct.new(:repository, :sha, :state, :statuses, :sequence, keyword_init: true)
  # A change of a status.
  Change = Struct.new(:sequence, :repository, :sha, :status, keyword_init: true)
  # A GitHub host of the server.
  Host = Struct.new(:name, :api_url, keyword_init: true)
  # What the caller may do.
  Grants = Struct.new(:caller, :rights, :repositories, :contexts, :token_expire_time,
                      keyword_init: true)
  # Which server it is.
  ServerInfo = Struct.new(:version, :revision, :hosts, :features, :grants, keyword_init: true)

  # A token that the server has issued, which is secret, and when it ends.
  IssuedToken = Struct.new(:token, :expire_time, keyword_init: true) do
    # Without the token: exceptions show the objects that they are about.
    def inspect
      "#<#{self.class} expire_time=#{expire_time.inspect}>"
    end
    alias_method :to_s, :inspect
  end

  # Makes requests of what the caller says, and values of what the server says.
  module Messages
    FIELDS_OF_BOTH = %i[attempt series description target_url if_sequence newest_text_wins].freeze
    FIELDS_OF_PENDING = [*FIELDS_OF_BOTH, :expires_after, :rerun, :never_expires].freeze
    FIELDS_OF_WATCH = %i[repositories contexts states after_sequence].freeze
    FIELDS_OF_TOKEN = %i[repositories contexts rights sha series attempt valid_for].freeze
    PREFIX = /\A(?:COMMIT_STATE|POSTING_STATE|DISPOSITION|RESULT)_/

    module_function

    def pending_request(repository, sha, contexts, fields)
      fields = known(fields, FIELDS_OF_PENDING)
      expires_after = fields.delete(:expires_after)
      fields[:expires_after] = duration(expires_after, :expires_after) unless expires_after.nil?
      make(V1::ReportPendingRequest, repository: repository, sha: sha, contexts: contexts, **fields)
    end

    def result_request(repository, sha, result, context, fields)
      unless result.respond_to?(:to_sym) && RESULTS.include?(result.to_sym)
        raise SignalboxError.invalid("result: #{result.inspect} is none of #{RESULTS.join(', ')}")
      end

      make(V1::ReportResultRequest, repository: repository, sha: sha, result: :"RESULT_#{result}",
                                    context: context, **known(fields, FIELDS_OF_BOTH))
    end

    def watch_request(fields)
      fields = known(fields, FIELDS_OF_WATCH)
      states = Array(fields.delete(:states)).map { |state| :"COMMIT_STATE_#{state}" }
      make(V1::WatchStatusesRequest, states: states, **fields)
    end

    def issue_token_request(fields)
      fields = known(fields, FIELDS_OF_TOKEN)
      valid_for = fields.delete(:valid_for)
      more = valid_for.nil? ? {} : { valid_for: duration(valid_for, :valid_for) }
      make(V1::IssueTokenRequest, narrowing: make(V1::Narrowing, **fields), **more)
    end

    def commit_request(repository, sha)
      make(V1::GetCommitStatusRequest, repository: repository, sha: sha)
    end

    # nil means that the field is not set.
    def known(fields, names)
      unknown = fields.keys - names
      return fields.compact if unknown.empty?

      raise SignalboxError.invalid(
        "#{unknown.first} is no such field; the fields are #{names.join(', ')}"
      )
    end

    # protobuf itself checks the types and the sizes of most values.
    def make(message, **fields)
      fields.each do |name, value|
        raise SignalboxError.invalid("#{name}: nil is no value") if value.nil?
        next if [value].flatten.all? { |each| !each.is_a?(String) || each.valid_encoding? }

        raise SignalboxError.invalid("#{name}: #{value.inspect} is no valid text")
      end
      message.new(**fields)
    rescue TypeError, ArgumentError, RangeError, NoMethodError, EncodingError => e
      raise SignalboxError.invalid(e.message)
    end

    def duration(seconds, name)
      unless seconds.is_a?(Numeric) && seconds.real? && seconds.to_f.abs < 1e11
        raise SignalboxError.invalid("#{name}: #{seconds.inspect} is no number of seconds")
      end

      Google::Protobuf::Duration.new(seconds: seconds.to_i,
                                     nanos: (seconds.remainder(1) * 1_000_000_000).to_i)
    end

    # A newer server may know more words; they come as numbers.
    def word(value)
      value.to_s.sub(PREFIX, "").to_sym
    end

    def time(timestamp)
      timestamp && Time.at(timestamp.seconds, timestamp.nanos, :nsec)
    end

    def receipt(message)
      Receipt.new(
        context: message.context, sequence: message.sequence,
        disposition: word(message.disposition), warnings: message.warnings.to_a,
        expire_time: time(message.expire_time), state: word(message.state),
        newest_attempt: message.newest_attempt, newest_result: word(message.newest_result),
        report_time: time(message.report_time)
      )
    end

    def posting(message)
      message && Posting.new(
        state: word(message.state), reason: message.reason, try_count: message.try_count,
        next_try_time: time(message.next_try_time), post_time: time(message.post_time),
        overtaken_by: message.overtaken_by
      )
    end

    def status(message)
      Status.new(
        context: message.context, state: word(message.state), result: word(message.result),
        description: message.description, target_url: message.target_url,
        attempt: message.attempt, series: message.series, sequence: message.sequence,
        report_sequence: message.report_sequence, report_time: time(message.report_time),
        expire_time: time(message.expire_time), posting: posting(message.posting)
      )
    end

    # The state of the last page is the newest, since it was read last. A watch
    # begins after the first page.
    def commit_status(pages)
      last = pages.last
      CommitStatus.new(
        repository: last.repository, sha: last.sha, state: word(last.state),
        statuses: pages.flat_map { |page| page.statuses.map { |each| status(each) } },
        sequence: pages.first.sequence
      )
    end

    def change(message)
      Change.new(sequence: message.sequence, repository: message.repository, sha: message.sha,
                 status: status(message.status))
    end

    def issued_token(message)
      IssuedToken.new(token: message.token, expire_time: time(message.grants.token_expire_time))
    end

    def server_info(message)
      grants = message.grants
      ServerInfo.new(
        version: message.version, revision: message.revision,
        hosts: message.hosts.map { |host| Host.new(name: host.name, api_url: host.api_url) },
        features: message.features.to_a,
        grants: grants && Grants.new(
          caller: grants.caller, rights: grants.rights.to_a,
          repositories: grants.repositories.to_a, contexts: grants.contexts.to_a,
          token_expire_time: time(grants.token_expire_time)
        )
      )
    end
  end
end
