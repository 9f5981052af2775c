# GitHub's own Ruby client drives the simulator.
#
#   ruby octokit.rb BASE_URL     the simulator, started with --token token

require "json"
require "minitest"
require "net/http"
require "octokit"

BASE_URL = ARGV.fetch(0)

class OctokitTest < Minitest::Test
  REPOSITORY = "octo-org/conformance-ruby".freeze
  SHA = "1234567890abcdef1234567890abcdef12345678".freeze

  def setup
    @repository = "#{REPOSITORY}-#{name.downcase}"[0, 100]
    @id = control("repositories", full_name: @repository, commits: [SHA])["id"]
    @client = client("token")
  end

  def client(token)
    Octokit::Client.new(access_token: token, api_endpoint: BASE_URL)
  end

  def control(path, body)
    answer = Net::HTTP.post(URI("#{BASE_URL}/_simulator/#{path}"), JSON.dump(body))
    assert_operator answer.code.to_i, :<, 300, answer.body
    JSON.parse(answer.body)
  end

  def create(state, options = {})
    @client.create_status(@repository, SHA, state, options)
  end

  def test_creates_a_status_with_every_field
    status = create("pending", context: "CI/Build", description: "Compiling für alle…",
                    target_url: "https://ci.example.com/builds/7?tab=log#L1")
    assert_equal 201, @client.last_response.status
    assert_equal "pending", status.state
    assert_equal "CI/Build", status.context
    assert_equal "Compiling für alle…", status.description
    assert_equal "https://ci.example.com/builds/7?tab=log#L1", status.target_url
    assert_equal "#{BASE_URL}/repos/#{@repository}/statuses/#{SHA}", status.url
    assert_equal status.url, @client.last_response.headers["location"]
    assert_operator status.id, :>, 2**32
    assert_kind_of Time, status.created_at
    assert_equal status.created_at, status.updated_at
    assert_in_delta Time.now, status.created_at, 5
    assert_equal "User", status.creator.type
    assert_equal status.avatar_url, status.creator.avatar_url
    assert_equal @client.user.login, status.creator.login
    assert_equal @client.user.id, status.creator.id
  end

  def test_fills_in_defaults
    status = create("success")
    assert_equal "default", status.context
    assert_nil status.description
    assert_nil status.target_url
  end

  def test_reads_the_combined_status
    assert_equal "pending", @client.combined_status(@repository, SHA).state
    create("success", context: "ci/build")
    create("error", context: "ci/lint")
    combined = @client.combined_status(@repository, SHA)
    assert_equal "failure", combined.state
    assert_equal 2, combined.total_count
    assert_equal SHA, combined.sha
    assert_equal @id, combined.repository.id
    assert_equal [%w[ci/build success], %w[ci/lint error]],
                 combined.statuses.map { |status| [status.context, status.state] }.sort
    create("success", context: "CI/LINT")
    assert_equal "success", @client.combined_status(@repository, SHA).state
  end

  def test_lists_newest_first_page_by_page
    ids = (1..32).map { |i| create("success", context: "page/#{i}").id }.reverse
    assert_equal ids[0, 30], @client.statuses(@repository, SHA).map(&:id)
    @client.auto_paginate = true
    @client.per_page = 10
    assert_equal ids, @client.statuses(@repository, SHA).map(&:id)
    # The list's old address.
    assert_equal ids, @client.paginate("repos/#{@repository}/statuses/#{SHA}").map(&:id)
  end

  def test_reads_repository_and_rate_limit
    repository = @client.repository(@repository.upcase)
    assert_equal @id, repository.id
    assert_equal @repository, repository.full_name
    assert_equal "octo-org", repository.owner.login
    assert_equal @id, @client.repository(@id).id
    limit = @client.rate_limit!
    assert_equal 5000, limit.limit
    assert_operator limit.remaining, :<, 5000
    assert_operator limit.resets_at, :>, Time.now
  end

  def test_explains_what_it_refuses
    {
      { state: "maybe" } => ["state", "state is not included in the list"],
      { description: "x" * 141 } =>
        ["description", "description is too long (maximum is 140 characters)"],
      { description: "passed 🎉" } =>
        ["description", "description doesn't accept 4-byte Unicode"],
      { context: "c" * 256 } => ["context", "context is too long (maximum is 255 characters)"],
      { target_url: "ftp://ci.example.com" } =>
        ["target_url", "Target url must use http(s) scheme"]
    }.each do |fields, (field, message)|
      error = assert_raises(Octokit::UnprocessableEntity) do
        create(fields.fetch(:state, "success"), fields)
      end
      assert_equal [{ resource: "Status", code: "custom", field: field, message: message }],
                   error.errors
      assert_includes error.message, "Validation Failed"
    end
    error = assert_raises(Octokit::UnprocessableEntity) do
      @client.create_status(@repository, "0" * 40, "success")
    end
    assert_includes error.message, "No commit found for SHA: #{'0' * 40}"
    error = assert_raises(Octokit::UnprocessableEntity) do
      @client.create_status(@repository, SHA[0, 7], "success")
    end
    assert_equal "sha must be a 40 character SHA1", error.errors.first[:message]
  end

  def test_answers_404_and_401
    assert_raises(Octokit::NotFound) do
      @client.create_status("octo-org/nothing", SHA, "success")
    end
    assert_raises(Octokit::NotFound) { @client.repository("octo-org/nothing") }
    assert_raises(Octokit::NotFound) { @client.combined_status(@repository, "no-such-ref") }
    assert_raises(Octokit::Unauthorized) do
      client("wrong").create_status(@repository, SHA, "success")
    end
  end

  def test_follows_a_renamed_repository
    control("rename", full_name: @repository, new_full_name: "#{REPOSITORY}-renamed")
    assert_equal @id, @client.repository(@repository).id
    status = create("failure")
    assert_equal 201, @client.last_response.status
    assert_equal "#{BASE_URL}/repos/#{REPOSITORY}-renamed/statuses/#{SHA}", status.url
    assert_equal [status.id], @client.statuses(@repository, SHA).map(&:id)
  end

  def test_knows_the_limits_by_their_texts
    control("faults", name: "primary_limit_403", seconds: 1, target_contains: @repository)
    limited = client("token")
    assert_raises(Octokit::TooManyRequests) { limited.repository(@repository) }
    wait_for_the_limit
    control("faults", name: "secondary_limit", seconds: 1, target_contains: @repository)
    assert_raises(Octokit::Forbidden) { limited.repository(@repository) }
    wait_for_the_limit
    control("faults", name: "abuse_limit", seconds: 1, target_contains: @repository)
    assert_raises(Octokit::AbuseDetected) { limited.repository(@repository) }
  end

  # Clearing the faults ends their limits as well.
  def wait_for_the_limit
    uri = URI("#{BASE_URL}/_simulator/faults")
    Net::HTTP.start(uri.host, uri.port) { |http| http.delete(uri.path) }
  end

  alias teardown wait_for_the_limit

  def test_says_so_when_a_repository_is_archived
    control("archive", full_name: @repository)
    error = assert_raises(Octokit::Forbidden) { create("success") }
    assert_includes error.message, "Repository was archived so is read-only."
  end
end

exit Minitest.run([])
