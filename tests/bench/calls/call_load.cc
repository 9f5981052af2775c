#include "tests/bench/calls/call_load.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "tests/bench/percentile.h"

namespace signalbox {
namespace {

constexpr absl::Duration kAnswerLimit = absl::Seconds(10);
// In an open loop.
constexpr size_t kMostUnderWay = 4096;

SteadyTime Now() { return Clock::System()->Steady(); }

std::string Describe(const grpc::Status& status) {
  return status.error_message().empty()
             ? absl::StrCat("code ", static_cast<int>(status.error_code()))
             : status.error_message();
}

void Renew(std::optional<grpc::ClientContext>* context) {
  context->emplace();
  (*context)->set_deadline(
      absl::ToChronoTime(Clock::System()->Now() + kAnswerLimit));
}

class ReportExchange : public Exchange {
 public:
  explicit ReportExchange(const Workload* workload) : workload_(*workload) {}

  void Begin(v1::StatusService::Stub* stub, int64_t call, Done done) override {
    Renew(&context_);
    done_ = std::move(done);
    if (workload_.IsPending(call)) {
      workload_.Fill(call, &pending_);
      pending_answer_.Clear();
      stub->async()->ReportPending(
          &*context_, &pending_, &pending_answer_, [this](grpc::Status status) {
            End(status, pending_answer_.receipts_size() == 1 &&
                            IsAccepted(pending_answer_.receipts(0)));
          });
    } else {
      workload_.Fill(call, &result_);
      result_answer_.Clear();
      stub->async()->ReportResult(
          &*context_, &result_, &result_answer_, [this](grpc::Status status) {
            End(status, IsAccepted(result_answer_.receipt()));
          });
    }
  }

 private:
  static bool IsAccepted(const v1::Receipt& receipt) {
    return receipt.disposition() == v1::DISPOSITION_ACCEPTED;
  }

  // `done` may begin the next call.
  void End(const grpc::Status& status, bool accepted) {
    const Done done = std::move(done_);
    done(!status.ok() ? Describe(status)
         : accepted   ? ""
                      : "a report was not accepted");
  }

  const Workload& workload_;
  std::optional<grpc::ClientContext> context_;
  v1::ReportPendingRequest pending_;
  v1::ReportPendingResponse pending_answer_;
  v1::ReportResultRequest result_;
  v1::ReportResultResponse result_answer_;
  Done done_;
};

class ReadExchange : public Exchange {
 public:
  ReadExchange(const Workload* workload, int64_t calls)
      : workload_(*workload), calls_(calls) {}

  void Begin(v1::StatusService::Stub* stub, int64_t call, Done done) override {
    Renew(&context_);
    done_ = std::move(done);
    // Spreads the reads over all calls: 7919 is a prime.
    workload_.Fill(call * 7919 % calls_, &request_);
    answer_.Clear();
    stub->async()->GetCommitStatus(
        &*context_, &request_, &answer_, [this](grpc::Status status) {
          const Done done = std::move(done_);
          done(!status.ok()                   ? Describe(status)
               : answer_.statuses_size() == 0 ? "a commit has no statuses"
                                              : "");
        });
  }

 private:
  const Workload& workload_;
  const int64_t calls_;
  std::optional<grpc::ClientContext> context_;
  v1::GetCommitStatusRequest request_;
  v1::GetCommitStatusResponse answer_;
  Done done_;
};

class Generator {
 public:
  Generator(const CallLoad& load, const Stubs& stubs, const MakeExchange& make,
            int64_t first_call)
      : load_(load), stubs_(stubs), make_(make), next_(first_call) {}

  CallResult Run() {
    const int64_t first = next_;
    begin_ = Now();
    {
      MutexLock lock(&mu_);
      last_answer_ = begin_;
      if (load_.rate == 0) under_way_ = load_.in_flight;
    }
    if (load_.rate > 0) {
      RunOpen();
    } else {
      for (int i = 0; i < load_.in_flight; ++i) NewLine();
      for (const auto& line : lines_) BeginNext(line.get(), Now());
    }
    CallResult result;
    {
      MutexLock lock(&mu_);
      while (under_way_ > 0) ended_.Wait(&mu_);
      result.time = last_answer_ - begin_;
      result.first_failure = first_failure_;
    }
    result.sent = next_ - first;
    for (const auto& line : lines_) {
      result.failed += line->failed;
      result.latencies.insert(result.latencies.end(), line->latencies.begin(),
                              line->latencies.end());
    }
    return result;
  }

 private:
  // Calls that follow one another.
  struct Line {
    std::unique_ptr<Exchange> exchange;
    v1::StatusService::Stub* stub = nullptr;
    SteadyTime begin;
    std::vector<absl::Duration> latencies;
    int64_t failed = 0;
  };

  Line* NewLine() {
    lines_.push_back(std::make_unique<Line>());
    lines_.back()->exchange = make_();
    lines_.back()->stub = stubs_[lines_.size() % stubs_.size()].get();
    return lines_.back().get();
  }

  void BeginNext(Line* line, SteadyTime begin) {
    line->begin = begin;
    line->exchange->Begin(
        line->stub, next_.fetch_add(1),
        [this, line](std::string failure) { End(line, std::move(failure)); });
  }

  void RunOpen() {
    const absl::Duration step = absl::Seconds(1 / load_.rate);
    const SteadyTime end = begin_ + load_.time;
    for (SteadyTime turn = begin_; turn < end; turn += step) {
      Line* line = nullptr;
      {
        MutexLock lock(&mu_);
        for (SteadyTime now = Now(); now < turn; now = Now()) {
          nothing_.WaitFor(&mu_, turn - now);
        }
        while (free_.empty() && lines_.size() >= kMostUnderWay) {
          ended_.Wait(&mu_);
        }
        if (!free_.empty()) {
          line = free_.back();
          free_.pop_back();
        }
        ++under_way_;
      }
      if (line == nullptr) line = NewLine();
      BeginNext(line, turn);
    }
  }

  void End(Line* line, std::string failure) {
    const SteadyTime now = Now();
    if (failure.empty()) {
      line->latencies.push_back(now - line->begin);
    } else {
      ++line->failed;
    }
    if (load_.rate <= 0 && failure.empty() && now < begin_ + load_.time) {
      BeginNext(line, now);
      return;
    }
    MutexLock lock(&mu_);
    last_answer_ = std::max(last_answer_, now);
    if (!failure.empty() && first_failure_.empty()) {
      first_failure_ = std::move(failure);
    }
    if (load_.rate > 0) free_.push_back(line);
    --under_way_;
    ended_.NotifyAll();
  }

  const CallLoad load_;
  const Stubs& stubs_;
  const MakeExchange& make_;
  SteadyTime begin_;
  std::vector<std::unique_ptr<Line>> lines_;  // Only Run's thread uses them.

  std::atomic<int64_t> next_;

  Mutex mu_;
  CondVar ended_;
  CondVar nothing_;  // Never notified: waits for a time.
  std::vector<Line*> free_ ABSL_GUARDED_BY(mu_);
  int64_t under_way_ ABSL_GUARDED_BY(mu_) = 0;
  SteadyTime last_answer_ ABSL_GUARDED_BY(mu_);
  std::string first_failure_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

double CallResult::Microseconds(double share) const {
  return latencies.empty()
             ? 0
             : absl::ToDoubleMicroseconds(Percentile(latencies, share));
}

Stubs Connect(const std::string& address, int connections) {
  Stubs stubs;
  for (int i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs.push_back(v1::StatusService::NewStub(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments)));
  }
  return stubs;
}

MakeExchange Reports(const Workload* workload) {
  return [workload] { return std::make_unique<ReportExchange>(workload); };
}

MakeExchange Reads(const Workload* workload, int64_t calls) {
  return [workload, calls] {
    return std::make_unique<ReadExchange>(workload, calls);
  };
}

CallResult SendCalls(const CallLoad& load, const Stubs& stubs,
                     const MakeExchange& make, int64_t first_call) {
  return Generator(load, stubs, make, first_call).Run();
}

}  // namespace signalbox
