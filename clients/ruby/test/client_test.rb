require_relative "fake_server"
require "tempfile"
require "timeout"

class ClientTest < ServerTest
  PUSHBACK = "grpc-retry-pushback-ms".freeze

  def test_a_pending_has_all_its_fields_and_its_receipts_theirs
    receipt = V1::Receipt.new(
      context: "ci/build", sequence: 7, disposition: :DISPOSITION_ACCEPTED, warnings: ["mended"],
      state: :COMMIT_STATE_PENDING, newest_attempt: 2**62,
      expire_time: Google::Protobuf::Timestamp.new(seconds: 1_700_000_000, nanos: 500_000_000)
    )
    client = start({ report_pending: ->(*) { V1::ReportPendingResponse.new(receipts: [receipt]) } })
    receipts = client.pending(
      "acme/app", SHA, ["ci/build"], attempt: 2**62, series: "nightly", description: "begun",
      target_url: "https://ci.example.com", expires_after: 90.5, rerun: true, if_sequence: 0,
      newest_text_wins: true, never_expires: true
    )
    assert_equal V1::ReportPendingRequest.new(
      repository: "acme/app", sha: SHA, contexts: ["ci/build"], attempt: 2**62, series: "nightly",
      description: "begun", target_url: "https://ci.example.com", rerun: true, if_sequence: 0,
      expires_after: Google::Protobuf::Duration.new(seconds: 90, nanos: 500_000_000),
      newest_text_wins: true, never_expires: true
    ), @calls[0][1]
    assert_equal Signalbox::Receipt.new(
      context: "ci/build", sequence: 7, disposition: :ACCEPTED, warnings: ["mended"],
      expire_time: Time.at(1_700_000_000.5), state: :PENDING, newest_attempt: 2**62,
      newest_result: :UNSPECIFIED, report_time: nil
    ), receipts[0]
  end

  def test_refuses_what_the_server_would_never_see
    client = start
    refused(/^atempt is no such field/) { client.pending("acme/app", SHA, [], atempt: 1) }
    refused(/no such field/) { client.result("acme/app", SHA, :SUCCESS, rerun: true) }
    refused(/./) { client.pending("acme/app", SHA, [], attempt: "1") }
    refused(/./) { client.pending("acme/app", SHA, [], attempt: 2**63) }
    refused(/./) { client.pending("acme/app", SHA, "ci/build") }
    refused(/./) { client.pending("acme/app", SHA, [], series: "\xff") }
    refused(/^expires_after/) { client.pending("acme/app", SHA, [], expires_after: "1") }
    refused(/./) { client.pending(nil, SHA) }
    refused(/^result: :PASSED/) { client.result("acme/app", SHA, :PASSED) }
    refused(/^result: nil/) { client.result("acme/app", SHA, nil) }
    refused(/^sequence is no such field/) { client.watch(sequence: 1) }
    refused(/./) { client.watch(repositories: "acme/*") }
    refused(/./) { client.watch(states: [:GREEN]) }
    refused(/^max_in_flight/) { client.reports(max_in_flight: 0) }
    client.close
    refused(/^the client is closed/) { client.server_info }
    refused(/^the client is closed/) { client.reports }
    assert_empty @calls
  end

  def test_a_token_goes_to_this_machine_or_encrypted
    %w[localhost:1 LOCALHOST:1 127.0.0.1:1 127.9.9.9:1 [::1]:1 dns:///localhost:1
       unix:/run/signalbox.sock localhost].each do |address|
      assert Signalbox::Channel.this_machine?(address), address
    end
    %w[192.0.2.1:1 ::1:1 127.0.0.1.example.com:1 [::2]:1 dns://127.0.0.1/example.com:1 127.1:1
       127.0.0.1/8:1 ipv4:127.0.0.1:1].each do |address|
      refute Signalbox::Channel.this_machine?(address), address
      refused(/without TLS, a token/) { Signalbox.connect(address, token: "t") }
    end
    Signalbox.connect("192.0.2.1:1", token: "t", tls: true).close
    Signalbox.connect("192.0.2.1:1").close
  end

  def test_refuses_options_that_do_not_fit
    file = Tempfile.create("signalbox")
    file.write("no certificate")
    file.close
    connect = ->(address = "localhost:1", **options) { Signalbox.connect(address, **options) }
    refused(/visible ASCII/) { connect.call(token: "a b") }
    refused(/visible ASCII/) { connect.call(token: "ä") }
    refused(/4,096/) { connect.call(token: "t" * 4097) }
    %i[ca_file cert_file key_file server_name].each do |name|
      refused(/not encrypted/) { connect.call(name => file.path) }
    end
    refused(/belong together/) { connect.call(tls: true, cert_file: file.path) }
    refused(/belong together/) { connect.call(tls: true, key_file: file.path) }
    refused(/^ca_file/) { connect.call(tls: true, ca_file: file.path) }
    refused(/leave tls out/) { connect.call("unix:/run/x", tls: true) }
    refused(/^tls/) { connect.call(tls: "yes") }
    refused(/^retry_for/) { connect.call(retry_for: -1) }
    refused(/^try_timeout/) { connect.call(try_timeout: 0) }
    refused(/^retries is no such option/) { connect.call(retries: 3) }
    refused(/^address/) { connect.call("") }
    assert_code("NOT_FOUND") { connect.call(tls: true, ca_file: "/none") }
  ensure
    File.unlink(file)
  end

  def test_the_token_and_the_deadline_go_with_each_call
    client = start({ get_server_info: ->(*) { V1::GetServerInfoResponse.new(version: "1") } },
                   token: "secret", try_timeout: 3)
    assert_equal "1", client.server_info.version
    assert_equal "Bearer secret", @calls[0][2]["authorization"]
    assert_includes 1.0..3.1, @calls[0][3] - Time.now
    # Such texts get into logs.
    [client, client.watch, client.reports].each { |each| refute_match(/secret/, each.inspect) }
  end

  def test_a_commit_has_the_statuses_of_all_pages
    pages = {
      "" => V1::GetCommitStatusResponse.new(
        statuses: [V1::CommitStatus.new(context: "a", posting: { state: :POSTING_STATE_DUE })],
        next_page_token: "more", sequence: 3, state: :COMMIT_STATE_PENDING
      ),
      "more" => V1::GetCommitStatusResponse.new(
        statuses: [V1::CommitStatus.new(context: "b")], sequence: 5, state: :COMMIT_STATE_SUCCESS
      )
    }
    client = start({ get_commit_status: ->(request, _) { pages.fetch(request.page_token) } })
    commit = client.commit_status("acme/app", SHA)
    assert_equal %w[a b], commit.statuses.map(&:context)
    assert_equal :DUE, commit.statuses[0].posting.state
    assert_equal [:SUCCESS, 3], [commit.state, commit.sequence]
  end

  def test_health_says_whether_the_server_serves
    status = :SERVING
    client = start(health: -> { status })
    assert client.serving?
    status = :NOT_SERVING
    refute client.serving?
  end

  # Answers with `failures`, then with OK. Returns the error and the time taken.
  def report(failures, **options)
    left = failures.dup
    client = start({ report_result: lambda { |*|
      raise left.shift unless left.empty?

      V1::ReportResultResponse.new(receipt: {})
    } }, **options)
    begun = Signalbox::Repeats.now
    begin
      client.result("acme/app", SHA, :SUCCESS)
    rescue Signalbox::SignalboxError => e
    end
    [e, Signalbox::Repeats.now - begun]
  end

  def test_repeats_unavailable_and_deadline_exceeded
    error, = report([failing(:UNAVAILABLE), failing(:DEADLINE_EXCEEDED)])
    assert_nil error
    assert_equal 3, @calls.size
  end

  def test_other_errors_are_final
    { INTERNAL: true, ABORTED: false, UNKNOWN: true, PERMISSION_DENIED: false,
      RESOURCE_EXHAUSTED: false }.each do |code, may_be|
      error, = report([failing(code, "signalbox-reason" => "WHY")])
      assert_equal [code.to_s, "WHY", may_be],
                   [error.code, error.reason, error.may_have_been_accepted?]
      assert_equal 1, @calls.size, code
    end
  end

  # The report may have been accepted, so the refusal of a closed client would lie.
  def test_a_client_that_is_closed_in_a_pause_ends_with_the_error_of_the_try
    client = start({ report_result: lambda { |_, _|
      raise failing(:UNAVAILABLE, PUSHBACK => "5000")
    } })
    begun = Signalbox::Repeats.now
    closer = Thread.new do
      sleep 0.01 while @calls.empty?
      sleep 0.1
      client.close
    end
    error = assert_raises(Signalbox::SignalboxError) { client.result("acme/app", SHA, :SUCCESS) }
    closer.join
    assert_equal ["UNAVAILABLE", true], [error.code, error.may_have_been_accepted?]
    assert_operator Signalbox::Repeats.now - begun, :<, 4
    error = assert_raises(Signalbox::SignalboxError) { client.result("acme/app", SHA, :SUCCESS) }
    assert_equal ["INVALID_ARGUMENT", false], [error.code, error.may_have_been_accepted?]
  end

  def test_keeps_the_pause_that_the_server_asks_for
    error, seconds = report([failing(:RESOURCE_EXHAUSTED, PUSHBACK => "300")])
    assert_nil error
    assert_operator seconds, :>=, 0.29
    ["5000", "-1", "soon", "99999999999"].each do |pause|
      error, = report([failing(:RESOURCE_EXHAUSTED, PUSHBACK => pause)], retry_for: 2)
      assert_equal "RESOURCE_EXHAUSTED", error.code
      assert error.may_have_been_accepted?
      assert_equal 1, @calls.size, pause
    end
  end

  def test_stops_when_the_time_is_over
    error, seconds = report([failing(:UNAVAILABLE)] * 99, retry_for: 0.5)
    assert_equal "UNAVAILABLE", error.code
    assert_includes 0.49..1.5, seconds
    report([failing(:UNAVAILABLE)], retry_for: 0)
    assert_equal 1, @calls.size
  end

  def test_pauses_double_up_to_5_s_less_up_to_a_half
    repeats = Signalbox::Repeats.new(Float::INFINITY)
    [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5].each do |longest|
      pause = repeats.pause_after(Signalbox::SignalboxError.new("UNAVAILABLE", ""))
      assert_includes (longest / 2.0)..longest, pause
    end
    assert_equal 2, Signalbox::Repeats.new(0).timeout_of_try(10)
    assert_equal 10, Signalbox::Repeats.new(60).timeout_of_try(10)
  end
end

class RunTest < ServerTest
  # A block's result, as it was reported.
  def result_of(answers = {}, &block)
    client = start({ report_pending: ->(*) { V1::ReportPendingResponse.new(receipts: [{}]) },
                     report_result: ->(*) { V1::ReportResultResponse.new(receipt: {}) },
                     **answers })
    begin
      @value = client.run("acme/app", SHA, "ci/build", attempt: 3, series: "s",
                          target_url: "https://x", description: "begun", rerun: true,
                          if_sequence: 4, &block)
    rescue Exception => e
      @raised = e
    end
    request = @calls.last[1]
    [request.result, request.description] if request.is_a?(V1::ReportResultRequest)
  end

  def test_a_block_that_ends_is_a_success
    assert_equal [:RESULT_SUCCESS, ""], result_of { |run| run.receipt.class }
    assert_equal Signalbox::Receipt, @value
    assert_equal V1::ReportResultRequest.new(
      repository: "acme/app", sha: SHA, context: "ci/build", attempt: 3, series: "s",
      target_url: "https://x", result: :RESULT_SUCCESS
    ), @calls.last[1]
    assert_equal ["ci/build"], @calls[0][1].contexts.to_a
  end

  def test_the_last_word_counts
    assert_equal [:RESULT_TIMED_OUT, "late"], result_of { |run|
      run.success("early")
      run.timed_out("late")
      next
    }
    assert_equal 2, @calls.size
  end

  def test_a_block_that_raises_is_an_error
    assert_equal [:RESULT_ERROR, "🚀" * 140], result_of { raise "#{'🚀' * 150}\nmore" }
    assert_instance_of RuntimeError, @raised
    assert_equal [:RESULT_ERROR, "Interrupt"], result_of { raise Interrupt, "" }
    assert_instance_of Interrupt, @raised
  end

  # Timeout ends a block by a throw in some versions of Ruby.
  def test_a_block_that_is_left_is_no_success
    assert_equal :RESULT_ERROR, result_of { Timeout.timeout(0.05) { sleep 5 } }[0]
    client = start({ report_pending: ->(*) { V1::ReportPendingResponse.new(receipts: [{}]) },
                     report_result: ->(*) { V1::ReportResultResponse.new(receipt: {}) } })
    assert_raises(Timeout::Error) do
      Timeout.timeout(0.3) { client.run("acme/app", SHA) { sleep 5 } }
    end
    assert_equal [:RESULT_ERROR, "ci/build"], [@calls.last[1].result, @calls.last[1].context]
    client.run("acme/app", SHA) { break }
    assert_match(/left by break/, @calls.last[1].description)
  end

  def test_does_not_begin_without_its_pending
    assert_nil result_of({ report_pending: ->(*) { raise failing(:PERMISSION_DENIED) } }) { flunk }
    assert_equal "PERMISSION_DENIED", @raised.code
  end

  def test_a_result_that_is_not_accepted_is_an_error_after_that_of_the_block
    answers = { report_result: ->(*) { raise failing(:ABORTED) } }
    result_of(answers) { nil }
    assert_equal "ABORTED", @raised.code
    assert_output(nil, /not reported: ABORTED/) { result_of(answers) { raise "first" } }
    assert_equal "first", @raised.message
  end
end
