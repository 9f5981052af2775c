# GitHub's own Ruby client authenticates as an App, and posts through Signalbox.
#
#   ruby app.rb BASE_URL APP_ID KEY_FILE SHA    of a commit of acme/app

require "base64"
require "json"
require "minitest"
require "octokit"
require "openssl"

BASE_URL, APP_ID, KEY_FILE, SHA = ARGV.shift(4)

class AppTest < Minitest::Test
  REPOSITORY = "acme/app".freeze

  def client(token) = Octokit::Client.new(bearer_token: token, api_endpoint: BASE_URL)

  # Octokit leaves the JWT to its users.
  def jwt(now = Time.now.to_i)
    parts = [{ alg: "RS256", typ: "JWT" }, { iat: now - 60, exp: now + 540, iss: APP_ID }]
    signed = parts.map { |part| Base64.urlsafe_encode64(part.to_json, padding: false) }.join(".")
    key = OpenSSL::PKey::RSA.new(File.read(KEY_FILE))
    "#{signed}.#{Base64.urlsafe_encode64(key.sign("SHA256", signed), padding: false)}"
  end

  def test_posts_as_an_app
    app = client(jwt)
    assert_equal APP_ID, app.app.id.to_s
    assert_equal %w[acme labs], app.find_app_installations.map { |one| one.account.login }
    installation = app.find_repository_installation(REPOSITORY)
    assert_equal "acme", installation.account.login
    assert_equal installation.id, app.find_organization_installation("acme").id
    assert_equal installation.id, app.installation(installation.id).id
    token = app.create_app_installation_access_token(installation.id, permissions: { statuses: "write" })
    assert_in_delta Time.now + 3600, token.expires_at, 60
    installed = Octokit::Client.new(access_token: token.token, api_endpoint: BASE_URL)
    %w[pending success].each do |state|
      status = installed.create_status(REPOSITORY, SHA, state, context: "ci/argo")
      assert_equal state, status.state
    end
    assert_equal "success", installed.combined_status(REPOSITORY, SHA).state
    assert_raises(Octokit::Forbidden) { installed.create_status(REPOSITORY, SHA, "success", context: "other") }
    assert_raises(Octokit::NotFound) { installed.create_status("labs/tool", SHA, "success", context: "ci/a") }
  end

  def test_is_refused
    assert_raises(Octokit::NotFound) { client(jwt).find_repository_installation("other/app") }
    assert_raises(Octokit::Unauthorized) { client(jwt(0)).app }
  end
end

exit Minitest.run(["--verbose"])
