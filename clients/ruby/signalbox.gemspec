require_relative "lib/signalbox/version"

Gem::Specification.new do |spec|
  spec.name = "signalbox"
  spec.version = Signalbox::VERSION
  spec.summary = "Reports to a Signalbox server, which sets commit statuses at GitHub."
  spec.authors = ["The Signalbox authors"]
  spec.license = "Apache-2.0"
  # `generate` makes those of lib/signalbox/v1.
  spec.files = Dir["lib/**/*.rb", base: __dir__] + ["README.md"]
  spec.required_ruby_version = ">= 3.0"
  # Debian has these. Its generator writes what google-protobuf 4 cannot read.
  spec.add_dependency "google-protobuf", ">= 3.21", "< 4"
  spec.add_dependency "grpc", ">= 1.51", "< 2"
end
