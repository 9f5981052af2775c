# The server of GitHub's guide "Building a CI server", unchanged but for the
# addresses: a pull request is opened, goes pending, and to success. Prints
# "listening on HOST:PORT".

require "json"
require "octokit"
require "puma"
require "puma/events"
require "puma/log_writer" if Gem::Version.new(Puma::Const::VERSION) >= Gem::Version.new("6")
require "puma/server"
require "sinatra/base"

class CIServer < Sinatra::Base
  set :environment, :production

  client = Octokit::Client.new(access_token: "token", api_endpoint: ENV.fetch("GITHUB_API_URL"))

  post "/event_handler" do
    payload = JSON.parse(params[:payload] || request.body.read)
    case request.env["HTTP_X_GITHUB_EVENT"]
    when "pull_request"
      if payload["action"] == "opened"
        pull_request = payload["pull_request"]
        repository = pull_request["base"]["repo"]["full_name"]
        sha = pull_request["head"]["sha"]
        client.create_status(repository, sha, "pending")
        # The work would be done here.
        client.create_status(repository, sha, "success")
      end
    end
    "ok"
  end
end

# Puma 5 writes its log through Puma::Events, Puma 6 through Puma::LogWriter.
server =
  if defined?(Puma::LogWriter)
    Puma::Server.new(CIServer, nil, log_writer: Puma::LogWriter.null)
  else
    Puma::Server.new(CIServer, Puma::Events.null)
  end
port = server.add_tcp_listener("127.0.0.1", 0).addr[1]
puts "listening on 127.0.0.1:#{port}"
$stdout.flush
Signal.trap("TERM") { exit!(0) }
server.run.join
