# The README's example works against the real server.

require "minitest/autorun"
require "open3"
require "rbconfig"
require "signalbox"
require "tmpdir"

class ReadmeTest < Minitest::Test
  SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e".freeze
  README = File.read(File.expand_path("../README.md", __dir__), encoding: "UTF-8")
  EXAMPLE = README[/^```ruby\n(.*?)^```/m, 1]

  def setup
    bin = ENV.fetch("SIGNALBOX_BIN_DIR") { skip "SIGNALBOX_BIN_DIR is not set" }
    @directory = Dir.mktmpdir("signalbox-")
    @output = IO.popen(
      [{ "GITHUB_TOKEN" => nil }, "#{bin}/signalbox-server", "--listen", "127.0.0.1:0",
       "--web-listen", "127.0.0.1:0", "--data-dir", "#{@directory}/data", { err: File::NULL }]
    )
    @address = @output.gets[/listening on (\S+)/, 1]
  end

  def teardown
    return if @output.nil?

    Process.kill(:TERM, @output.pid)
    @output.close
    FileUtils.remove_entry(@directory)
  end

  def test_the_example_works
    output, status = Open3.capture2e(
      { "SHA" => SHA }, RbConfig.ruby, *$LOAD_PATH.map { |path| "-I#{path}" },
      "-e", EXAMPLE.sub("127.0.0.1:50051", @address)
    )
    assert status.success?, output
    client = Signalbox.connect(@address)
    statuses = client.commit_status("acme/app", SHA).statuses
    assert_equal [["ci/build", :SUCCESS, 1], ["ci/lint", :SUCCESS, 1]],
                 statuses.map { |each| [each.context, each.state, each.attempt] }
  end
end
