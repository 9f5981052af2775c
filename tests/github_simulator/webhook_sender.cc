#include "tests/github_simulator/webhook_sender.h"

#include <httplib.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr size_t kMaxThreads = 4;

}  // namespace

// A request under way. Stop can cut it short.
class WebhookSender::Connection {
 public:
  Connection(WebhookSender* sender, httplib::Client* client)
      : sender_(sender), client_(client) {
    MutexLock lock(&sender_->mu_);
    sender_->open_.insert(this);
  }
  ~Connection() {
    MutexLock lock(&sender_->mu_);
    sender_->open_.erase(this);
    sender_->changed_.NotifyAll();
  }
  void Cut() { client_->stop(); }

 private:
  WebhookSender* const sender_;
  httplib::Client* const client_;
};

WebhookSender::WebhookSender(absl::Duration timeout, Clock* clock, Done done)
    : timeout_(timeout), clock_(clock), done_(std::move(done)) {}

WebhookSender::~WebhookSender() { Stop(); }

WebhookSender::Result WebhookSender::Send(const Hooks::Attempt& attempt) {
  Result result;
  result.outcome.status_code = 0;
  {
    MutexLock lock(&mu_);
    if (stopped_) result.error = "stopped";
  }
  const size_t scheme = attempt.url.find("://");
  if (scheme == std::string::npos) {
    result.error = absl::StrCat("no URL: ", attempt.url);
  }
  if (!result.error.empty()) return result;
  const size_t slash = attempt.url.find('/', scheme + 3);
  const std::string origin = attempt.url.substr(0, slash);
  const std::string path =
      slash == std::string::npos ? "/" : attempt.url.substr(slash);
  httplib::Headers headers(attempt.headers.begin(), attempt.headers.end());
  std::string content_type = "application/json";
  const auto type = headers.find("Content-Type");
  if (type != headers.end()) {
    content_type = type->second;
    headers.erase(type);
  }
  const SteadyTime begun = clock_->Steady();
  try {  // httplib throws if it rejects the scheme or port.
    httplib::Client client(origin);
    const auto timeout = absl::ToChronoSeconds(timeout_);
    client.set_connection_timeout(timeout);
    client.set_read_timeout(timeout);
    client.set_write_timeout(timeout);
    const Connection connection(this, &client);
    const httplib::Result answer =
        client.Post(path.c_str(), headers, attempt.body, content_type.c_str());
    if (!answer) {
      result.error = httplib::to_string(answer.error());
      if (clock_->Steady() - begun >= timeout_) {
        result.outcome.reason = "timed out";
      }
      return result;
    }
    result.outcome.status_code = answer->status;
    result.outcome.body = answer->body;
    result.outcome.headers = {answer->headers.begin(), answer->headers.end()};
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  return result;
}

void WebhookSender::Enqueue(Hooks::Attempt attempt) {
  MutexLock lock(&mu_);
  if (stopped_) return;
  queue_.push_back(std::move(attempt));
  if (idle_ < queue_.size() && threads_.size() < kMaxThreads) {
    threads_.emplace_back([this] { Run(); });
  }
  changed_.NotifyAll();
}

void WebhookSender::Run() {
  for (;;) {
    Hooks::Attempt attempt;
    {
      MutexLock lock(&mu_);
      ++idle_;
      while (queue_.empty() && !stopped_) changed_.Wait(&mu_);
      --idle_;
      if (stopped_) return;
      attempt = std::move(queue_.front());
      queue_.pop_front();
    }
    const Result result = Send(attempt);
    done_(attempt, result);
  }
}

void WebhookSender::Stop() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mu_);
    stopped_ = true;
    queue_.clear();
    changed_.NotifyAll();
    // A client without a socket cannot be stopped yet: repeat until all have
    // ended.
    while (!open_.empty()) {
      for (Connection* const connection : open_) connection->Cut();
      changed_.WaitFor(&mu_, absl::Milliseconds(20));
    }
    std::swap(threads, threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace signalbox
