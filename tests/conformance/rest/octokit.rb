# GitHub's own Ruby client posts through Signalbox.
#
#   ruby octokit.rb BASE_URL TOKEN SIMULATOR_URL
#                    the door, a caller's token, and what stands for GitHub

require "digest"
require "json"
require "minitest"
require "net/http"
require "octokit"

BASE_URL = ARGV.fetch(0)
TOKEN = ARGV.fetch(1)
SIMULATOR = URI("#{ARGV.fetch(2)}/_simulator/")

class OctokitTest < Minitest::Test
  REPOSITORY = "acme/app".freeze

  def setup
    @client = Octokit::Client.new(access_token: TOKEN, api_endpoint: BASE_URL)
    # Of its own for each test.
    @sha = Digest::SHA1.hexdigest("#{name} #{BASE_URL}")
    Net::HTTP.post(SIMULATOR + "repositories",
                   { full_name: REPOSITORY, commits: [@sha] }.to_json)
  end

  # What GitHub shows, by context, once it shows so many.
  def at_github(count)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 60
    events = 0
    loop do
      shown = JSON.parse(Net::HTTP.get(SIMULATOR + "statuses?repository=#{REPOSITORY}&sha=#{@sha}"))["shown"]
      return shown.to_h { |row| [row["context"], row] } if shown.size == count
      assert_operator Process.clock_gettime(Process::CLOCK_MONOTONIC), :<, deadline, shown.inspect
      events = JSON.parse(Net::HTTP.get(SIMULATOR + "events?after=#{events}&wait=2"))["next"]
    end
  end

  def create(state, options = {})
    @client.create_status(REPOSITORY, @sha, state, options)
  end

  def test_creates_the_four_states
    %w[pending success failure error].each do |state|
      status = create(state, context: "ci/#{state}", description: "is #{state} 🚀",
                             target_url: "https://ci.example/#{state}")
      assert_equal 201, @client.last_response.status
      assert_equal state, status.state
      assert_equal "ci/#{state}", status.context
      assert_equal "https://ci.example/#{state}", status.target_url
      refute_empty status.creator.login
      assert_includes %w[User Bot], status.creator.type
      assert_kind_of Time, status.created_at
      assert status.url.start_with?(BASE_URL), status.url
    end
    combined = @client.combined_status(REPOSITORY, @sha)
    assert_equal "failure", combined.state
    assert_equal 4, combined.total_count
    at_github(4).each do |context, row|
      assert_equal "ci/#{row["state"]}", context
      assert_equal "https://ci.example/#{row["state"]}", row["target_url"]
    end
  end

  def test_fits_a_long_description
    long = create("success", context: "ci", description: "\u00e9" * 300)
    assert_equal 140, long.description.size
    assert_equal long.description, at_github(1)["ci"]["description"]
  end

  def test_the_same_again_has_the_same_id
    first = create("success", context: "ci", description: "a")
    assert_equal first.id, create("success", context: "ci", description: "a").id
    refute_equal first.id, create("success", context: "ci", description: "b").id
  end

  def test_pages
    31.times { |i| create("success", context: "ci/#{i}") }
    assert_equal 30, @client.statuses(REPOSITORY, @sha).size
    @client.auto_paginate = true
    @client.per_page = 10
    assert_equal 31, @client.statuses(REPOSITORY, @sha).map(&:context).uniq.size
    at_github(31)
  end

  def test_a_commit_without_statuses_is_pending
    assert_empty @client.statuses(REPOSITORY, @sha)
    assert_equal "pending", @client.combined_status(REPOSITORY, @sha).state
  end

  def test_reads_that_tools_make_first
    assert_equal REPOSITORY, @client.repository(REPOSITORY).full_name
    assert_equal @sha, @client.commit(REPOSITORY, @sha).sha
    assert_equal "octocat", @client.user("octocat").login
    # `rate_limit!` reads headers, which the door does not send.
    assert_operator @client.get("rate_limit").resources.core.remaining, :>, 1000
    refute_empty @client.user.login
  end

  def test_errors_are_those_of_github
    assert_raises(Octokit::UnprocessableEntity) { create("done") }
    assert_raises(Octokit::UnprocessableEntity) do
      @client.create_status(REPOSITORY, "0123456", "success")
    end
    assert_raises(Octokit::NotFound) { @client.create_status("other/app", @sha, "success") }
    assert_raises(Octokit::Forbidden) { create("success", context: "not-granted") }
    assert_raises(Octokit::NotFound) { @client.pull_requests(REPOSITORY) }
    stranger = Octokit::Client.new(access_token: "unknown", api_endpoint: BASE_URL)
    assert_raises(Octokit::Unauthorized) { stranger.create_status(REPOSITORY, @sha, "success") }
  end
end

exit Minitest.run([])
