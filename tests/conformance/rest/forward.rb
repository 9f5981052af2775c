# GitHub's own Ruby client keeps its GitHub token, and uses Signalbox's address
# for everything.
#
#   ruby forward.rb BASE_URL TOKEN SHA    of a commit of acme/app at GitHub, which
#                                         has 25 pull requests and a hook

require "minitest"
require "octokit"

BASE_URL, TOKEN, SHA = ARGV.shift(3)

class ForwardTest < Minitest::Test
  REPOSITORY = "acme/app".freeze

  def setup
    @client = Octokit::Client.new(access_token: TOKEN, api_endpoint: BASE_URL)
  end

  def test_reads_at_github
    repository = @client.repository(REPOSITORY)
    assert_equal "#{BASE_URL}/repos/acme/app", repository.url
    assert_equal "https://github.com/acme/app", repository.html_url
    # By a link in the answer.
    hooks = repository.rels[:hooks].get.data
    assert_equal 1, hooks.size
    assert_equal hooks.first.id, @client.hook(REPOSITORY, hooks.first.id).id
    assert_equal repository.id, @client.repository("acme/old").id
    assert_raises(Octokit::NotFound) { @client.pull_request(REPOSITORY, 1000) }
    assert_equal 5000, @client.rate_limit.limit
  end

  def test_pages_by_link
    @client.auto_paginate = true
    pull_requests = @client.pull_requests(REPOSITORY, per_page: 10)
    assert_equal 25, pull_requests.map(&:number).uniq.size
    assert(pull_requests.all? { |one| one.url.start_with?("#{BASE_URL}/") })
    @client.last_response.rels.each_value { |one| assert one.href.start_with?("#{BASE_URL}/"), one.href }
  end

  def test_posts_through_signalbox
    status = @client.create_status(REPOSITORY, SHA, "success", context: "ci/lint")
    assert_operator status.id, :>, 1 << 52
    assert_equal [status.id], @client.statuses(REPOSITORY, SHA).map(&:id)
    assert_equal "success", @client.combined_status(REPOSITORY, SHA).state
  end
end

exit Minitest.run(["--verbose"])
