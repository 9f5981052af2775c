# frozen_string_literal: true

require "signalbox/client"
require "signalbox/error"
require "signalbox/version"

# Reports to a Signalbox server, which sets commit statuses at GitHub.
module Signalbox
  # Makes a client for the server at `address`, HOST:PORT or unix:PATH. It
  # connects at its first call. Nothing is read from the environment.
  #
  # token::       Sent with each call. Without `tls`, to this machine only.
  # tls::         Whether the connection is encrypted.
  # ca_file::     PEM file with the authorities to trust. nil: the system's.
  # cert_file::   PEM files with the client's own certificate
  # key_file::    and private key.
  # server_name:: The name in the server's certificate. nil: the address's host.
  # retry_for::   For how many seconds a call is repeated: the last try begins at
  #               most so long after the first. 0: one try. Float::INFINITY: for
  #               ever.
  # try_timeout:: The deadline of one try, in seconds. The last tries get what is
  #               left of retry_for, but at least 2 s.
  # request_id::  The id of each call, under which the server's log shows it: 1 to
  #               64 letters, digits and `._:-`. nil: each call gets one of its
  #               own, which its repeats keep. A stream of reports and a watch are
  #               one call.
  #
  # Raises SignalboxError: INVALID_ARGUMENT if the options do not fit together
  # or to the address; NOT_FOUND and the like if a file cannot be read.
  def self.connect(address = "127.0.0.1:50051", **options)
    Client.new(address, **options)
  end
end
