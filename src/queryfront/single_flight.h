// SingleFlight: of equal queries at one time one runs, the others wait for what it gives.
//
// An error that is about who asked, or about his patience, is nobody else's: those who waited try for themselves.
//
// Threads   Thread-safe. Wait blocks.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/mutex.h"
#include "model/queryable.h"
#include "promql/engine.h"

namespace tickscope::queryfront {

class SingleFlight {
 public:
  /// What one evaluation gave to all.
  using Given = std::expected<std::shared_ptr<const promql::QueryResult>, Error>;

  /// Held by the one that runs. Destroyed without Land, those who wait try for themselves.
  class Leader {
   public:
    Leader() = default;
    Leader(Leader&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)), key_(std::move(other.key_)) {}
    Leader& operator=(Leader&&) = delete;
    ~Leader() {
      if (flights_ != nullptr) flights_->End(key_, std::nullopt);
    }
    /// Requires: Leads.
    void Land(Given given) { std::exchange(flights_, nullptr)->End(key_, std::move(given)); }
    [[nodiscard]] bool Leads() const { return flights_ != nullptr; }

   private:
    friend class SingleFlight;
    Leader(SingleFlight& flights, std::string key) : flights_(&flights), key_(std::move(key)) {}
    SingleFlight* flights_ = nullptr;
    std::string key_;
  };

  /// Either the caller leads, or `given` is what the leader got.
  struct Joined {
    Leader leader;
    std::optional<Given> given;
  };
  /// Errors: what `context` says while waiting.
  [[nodiscard]] Result<Joined> Join(const std::string& key, const QueryContext& context)
      TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Flight {
    CondVar
        ended;  // Its own: a room waits for many flights, and each end would wake all who wait for others.
    bool has_ended = false;
    std::optional<Given> given;
  };
  void End(const std::string& key, std::optional<Given> given) TICKSCOPE_EXCLUDES(mu_);

  Mutex mu_;
  std::map<std::string, std::shared_ptr<Flight>> flights_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::queryfront
