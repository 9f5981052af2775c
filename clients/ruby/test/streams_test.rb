require_relative "fake_server"

class ReportStreamTest < ServerTest
  def answer(report, **more)
    V1::StreamReportsResponse.new(tag: report.tag, receipts: [{ context: report.result.context }],
                                  **more)
  end

  def test_unanswered_reports_go_over_a_new_stream_in_order
    seen = []
    client = start({ stream_reports: lambda { |reports, count|
      seen << []
      Enumerator.new do |answers|
        reports.each do |report|
          seen.last << report.result.context
          if count == 1
            next if seen.last.size < 4

            answers << V1::StreamReportsResponse.new(tag: 2, receipts: [{ context: "b" }])
            raise failing(:UNAVAILABLE)
          end
          answers << answer(report)
        end
      end
    } })
    stream = client.reports
    reports = %w[a b c d].map { |name| stream.result("acme/#{name}", SHA, :SUCCESS, name) }
    assert_equal %w[a b c d], reports.map { |report| report.value.context }
    stream.close
    assert_equal [%w[a b c d], %w[a c d]], seen
    refused(/closed/) { stream.result("acme/app", SHA, :SUCCESS) }
  end

  # The server may end a stream with OK, and with it the connection's age.
  def test_a_stream_that_ends_without_an_error_is_followed_by_another
    client = start({ stream_reports: ->(reports, _) { [answer(reports.first)] } })
    stream = client.reports
    3.times do |n|
      assert_equal n.to_s, stream.result("acme/app", SHA, :SUCCESS, n.to_s).value.context
    end
    stream.close
    assert_equal 3, @calls.size
  end

  def test_an_error_of_one_report_is_its_own_and_one_with_a_pause_is_repeated
    seen = []
    client = start({ stream_reports: lambda { |reports, _|
      reports.lazy.map do |report|
        seen << report.result.context
        case report.result.context
        when "bad" then answer(report, code: 3, reason: "INVALID_SHA", message: "bad")
        when "busy"
          pause = Google::Protobuf::Duration.new(nanos: 100_000_000)
          seen.count("busy") < 3 ? answer(report, code: 8, retry_after: pause) : answer(report)
        else answer(report)
        end
      end
    } })
    stream = client.reports
    begun = Signalbox::Repeats.now
    # Of one commit: the last must not overtake the one that goes again.
    bad, busy, last = %w[bad busy last].map { |name| stream.result("acme/a", SHA, :SUCCESS, name) }
    assert_code("INVALID_ARGUMENT", "INVALID_SHA") { bad.value }
    assert_equal "busy", busy.value.context
    assert_operator Signalbox::Repeats.now - begun, :>=, 0.19
    assert_equal "last", last.value.context
    stream.close
    assert_equal %w[bad busy busy busy last], seen
  end

  def test_a_stream_is_not_repeated_for_ever_nor_after_a_final_error
    %i[UNAVAILABLE UNAUTHENTICATED].each do |code|
      client = start({ stream_reports: ->(*) { raise failing(code) } }, retry_for: 0.3)
      stream = client.reports
      assert_code(code.to_s) { stream.result("acme/app", SHA, :SUCCESS).value }
      assert_equal code == :UNAVAILABLE, @calls.size > 1
      stream.close
    end
  end

  def test_leaves_a_server_that_owes_answers_and_gives_none
    client = start({ stream_reports: lambda { |reports, count|
      count == 1 ? reports.lazy.reject { true } : reports.lazy.map { |report| answer(report) }
    } }, try_timeout: 2)
    stream = client.reports
    assert_equal "", stream.result("acme/app", SHA, :SUCCESS).value.context
    assert_equal 2, @calls.size
  end

  def test_waits_for_room_and_too_large_a_report_fails_alone
    room = Queue.new
    client = start({ stream_reports: lambda { |reports, _|
      reports.lazy.map { |report| room.pop && answer(report) }
    } })
    stream = client.reports(max_in_flight: 1)
    error = assert_code("RESOURCE_EXHAUSTED") do
      stream.result("acme/app", SHA, :SUCCESS, description: "x" * 300_000)
    end
    refute error.may_have_been_accepted?
    first = stream.result("acme/a", SHA, :SUCCESS)
    second = Thread.new { stream.result("acme/b", SHA, :SUCCESS) }
    assert_nil second.join(0.2)
    room << true
    first.value
    second.join
    client.close
    assert_code("CANCELLED") { second.value.value }
    room << true
  end
end

class WatchTest < ServerTest
  def change(sequence)
    V1::WatchStatusesResponse.new(sequence: sequence, repository: "acme/app", sha: SHA,
                                  status: { context: "ci/#{sequence}" })
  end

  def bookmark(sequence)
    V1::WatchStatusesResponse.new(sequence: sequence)
  end

  def test_resumes_after_the_last_message_a_bookmark_too
    after = []
    client = start({ watch_statuses: lambda { |request, count|
      after << request.after_sequence
      raise failing(:UNAVAILABLE) if count == 2

      count == 1 ? [bookmark(4), change(5), change(6), bookmark(9)] : [change(12)]
    } })
    watch = client.watch(repositories: ["acme/*"], after_sequence: 3)
    assert_equal 3, watch.sequence
    assert_equal [5, 6, 12], watch.first(3).map(&:sequence)
    assert_equal [3, 9, 9], after
    assert_equal 12, watch.sequence
  end

  def test_can_be_closed_while_it_waits_and_raises_final_errors
    started = Queue.new
    client = start({ watch_statuses: lambda { |request, _|
      raise failing(:OUT_OF_RANGE) if request.after_sequence == 1

      Enumerator.new do |messages|
        messages << bookmark(7)
        started << true
        sleep 0.5
      end
    } })
    assert_code("OUT_OF_RANGE") { client.watch(after_sequence: 1).each { flunk } }
    watch = client.watch
    assert_nil watch.sequence
    thread = Thread.new { watch.each { flunk } }
    started.pop
    watch.close
    assert thread.join(5)
  end

  # They are not those of the stream.
  def test_errors_of_the_block_go_on
    client = start({ watch_statuses: ->(*) { [change(1)] } })
    assert_raises(GRPC::Unavailable) { client.watch.each { raise failing(:UNAVAILABLE) } }
    assert_equal 1, @calls.size
  end
end
