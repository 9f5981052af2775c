# Does what the lines of its input say, for clients/testing/run_vectors.py.

require "json"
require "signalbox"

# Calls a client, or a stream of it.
class Driver
  def initialize
    @client = nil
  end

  def answer(step)
    { ok: send("do_#{step['do']}", step.transform_keys(&:to_sym)) }
  rescue Signalbox::SignalboxError => e
    error(e)
  rescue RuntimeError => e
    { raised: e.message }
  end

  private

  def error(error)
    { error: { code: error.code, reason: error.reason,
               may_have_been_accepted: error.may_have_been_accepted?,
               request_id: error.request_id } }
  end

  def do_connect(step)
    @client&.close
    options = step[:options].transform_keys(&:to_sym)
    @client = Signalbox.connect(*[options.delete(:address)].compact, **options)
    {}
  end

  # Pending or result, of a client or a stream.
  def report(target, kind, request)
    fields = request.transform_keys(&:to_sym)
    place = [fields.delete(:repository), fields.delete(:sha)]
    case kind
    when "pending"
      place << fields.delete(:contexts) if fields.key?(:contexts)
      target.pending(*place, **fields)
    when "result"
      place << fields.delete(:result)
      place << fields.delete(:context) if fields.key?(:context)
      target.result(*place, **fields)
    end
  end

  def do_pending(step)
    { receipts: report(@client, "pending", step[:request]).map { |each| plain(each) } }
  end

  def do_result(step)
    { receipts: [plain(report(@client, "result", step[:request]))] }
  end

  def do_run(step)
    fields = step[:request].transform_keys(&:to_sym)
    place = [fields.delete(:repository), fields.delete(:sha), fields.delete(:context).to_s]
    begun = nil
    @client.run(*place, **fields) do |run|
      begun = run
      [step[:then]].flatten.each do |action|
        verb, text = action.first
        raise text if verb == "raise"
        next if verb == "return"

        run.public_send(verb, text)
      end
    end
    { receipt: plain(begun.receipt) }
  end

  def do_stream(step)
    stream = @client.reports(**step.slice(:max_in_flight))
    answers = step[:reports].map do |each|
      kind, request = each.first
      report(stream, kind, request)
    rescue Signalbox::SignalboxError => e
      e
    end
    stream.close
    { answers: answers.map { |answer| answer_of(answer) } }
  end

  def answer_of(answer)
    raise answer if answer.is_a?(Exception)

    { receipts: [answer.value].flatten.map { |each| plain(each) } }
  rescue Signalbox::SignalboxError => e
    error(e)
  end

  def do_watch(step)
    changes = @client.watch(**step[:request].transform_keys(&:to_sym)).first(step[:changes])
    { changes: changes.map do |change|
      { repository: change.repository, sha: change.sha, context: change.status.context,
        state: change.status.state }
    end }
  end

  def do_commit_status(step)
    plain(@client.commit_status(*step[:request].values_at("repository", "sha")))
  end

  def do_server_info(_step)
    info = plain(@client.server_info)
    info.merge(info.delete(:grants) || {})
  end

  def do_issue_token(step)
    plain(@client.issue_token(**step[:request].transform_keys(&:to_sym)))
  end

  def do_is_serving(_step)
    { serving: @client.serving? }
  end

  def plain(value)
    case value
    when Struct then value.to_h.transform_values { |each| plain(each) }
    when Array then value.map { |each| plain(each) }
    when Time then value.to_f
    else value
    end
  end
end

driver = Driver.new
$stdout.sync = true
$stdin.each_line { |line| puts JSON.generate(driver.answer(JSON.parse(line))) }
