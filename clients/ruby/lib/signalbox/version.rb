# frozen_string_literal: true

module Signalbox
  VERSION = "0.1.0"
end
