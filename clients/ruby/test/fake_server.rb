# A server that answers what a test says.

require "minitest/autorun"
require "signalbox"

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e".freeze

# The answers are blocks by the names of methods: a unary one returns the answer
# or raises, a stream returns an Enumerable. `calls` keeps what arrived.
class FakeService < Signalbox::V1::StatusService::Service
  attr_reader :answers, :calls

  def initialize(answers)
    super()
    @answers = answers
    @calls = []
  end

  %i[report_pending report_result get_commit_status get_server_info watch_statuses
     stream_reports].each do |name|
    define_method(name) do |request, call|
      @calls << [name, request.dup, call.metadata, call.deadline]
      answers.fetch(name).call(request, @calls.size)
    end
  end
end

class FakeHealth < Grpc::Health::V1::Health::Service
  def initialize(status)
    super()
    @status = status
  end

  def check(_request, _call)
    Grpc::Health::V1::HealthCheckResponse.new(status: @status.call)
  end
end

def failing(code, metadata = {})
  GRPC::BadStatus.new_status_exception(GRPC::Core::StatusCodes.const_get(code), "the test says so",
                                       metadata)
end

class ServerTest < Minitest::Test
  V1 = Signalbox::V1

  # A client of a server that lives until the end of the test. `@calls` has what
  # arrived.
  def start(answers = {}, health: -> { :SERVING }, **options)
    service = FakeService.new(answers)
    @calls = service.calls
    server = GRPC::RpcServer.new(poll_period: 0.1, pool_size: 4)
    port = server.add_http2_port("127.0.0.1:0", :this_port_is_insecure)
    server.handle(service)
    server.handle(FakeHealth.new(health))
    thread = Thread.new { server.run }
    server.wait_till_running
    client = Signalbox.connect("127.0.0.1:#{port}", **options)
    (@ends ||= []) << [client, server, thread]
    client
  end

  def teardown
    (@ends || []).each do |client, server, thread|
      client.close
      server.stop
      thread.join
    end
  end

  def assert_code(code, reason = "")
    error = assert_raises(Signalbox::SignalboxError) { yield }
    assert_equal [code, reason], [error.code, error.reason]
    error
  end

  def refused(pattern, &block)
    error = assert_code("INVALID_ARGUMENT", &block)
    assert_match pattern, error.message
    refute error.may_have_been_accepted?
  end
end
