# The server of GitHub's guide "Building a CI server", with the guide's chapter
# on securing webhooks. It sets a pull request's head pending.

require "json"
require "octokit"
require "openssl"
require "sinatra/base"

class CIServer < Sinatra::Base
  set :environment, :production

  client = Octokit::Client.new(access_token: "token", api_endpoint: ENV.fetch("GITHUB_API_URL"))
  secret = ENV.fetch("GITHUB_WEBHOOK_SECRET")

  post "/event_handler" do
    request.body.rewind
    body = request.body.read
    signature = "sha256=#{OpenSSL::HMAC.hexdigest("sha256", secret, body)}"
    halt 401 unless Rack::Utils.secure_compare(signature, request.env["HTTP_X_HUB_SIGNATURE_256"].to_s)

    payload = JSON.parse(params[:payload] || body)
    case request.env["HTTP_X_GITHUB_EVENT"]
    when "pull_request"
      if payload["action"] == "opened"
        pull_request = payload["pull_request"]
        client.create_status(pull_request["base"]["repo"]["full_name"],
          pull_request["head"]["sha"], "pending", context: "ci/build")
      end
    end
    "ok"
  end
end

run CIServer
