#include "roles/agent_reload.h"

#include <utility>

#include "agent/restart_only.h"
#include "base/log.h"
#include "roles/open_guard.h"

namespace tickscope::roles {
namespace {

std::string Joined(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys)
    text.append(text.empty() ? "" : ", ").append(key);
  return text;
}

// What changes with a restart only stays as it is.
void KeepWhatStays(const agent::AgentConfig& running, agent::AgentConfig& wanted) {
  wanted.listen = running.listen;
  wanted.core_dump_memory = running.core_dump_memory;
  wanted.scrape_workers = running.scrape_workers;
  wanted.shutdown_timeout_ms = running.shutdown_timeout_ms;
  wanted.fleet = running.fleet;
  wanted.aggregation = running.aggregation;
  if (wanted.logs.is_on() != running.logs.is_on()) {
    wanted.logs = running.logs;
    return;
  }
  wanted.logs.spool = running.logs.spool;
  for (agent::HttpLogsConfig& item : wanted.logs.http) {
    for (const agent::HttpLogsConfig& open : running.logs.http) {
      if (open.listen != item.listen) continue;
      item.body_bytes_max = open.body_bytes_max;
      item.connections_max = open.connections_max;
    }
  }
}

}  // namespace

AgentReload::AgentReload(Parts parts, agent::AgentConfig config)
    : parts_(std::move(parts)),
      config_(std::move(config)),
      schema_({.what = "schema",
               .match = agent::ToldVersion::Match::kSame,
               .take_up = [this](std::uint64_t wanted,
                                 const agent::ToldVersion::Done& done) { done(ReadSchema(wanted)); }},
              parts_.loop, parts_.registry),
      keys_({.what = "keys",
             .match = agent::ToldVersion::Match::kAtLeast,
             .take_up = [this](std::uint64_t wanted,
                               agent::ToldVersion::Done done) { ReadKeys(wanted, std::move(done)); }},
            parts_.loop, parts_.registry) {}

void AgentReload::SetLogs(RunningLogs* logs) {
  logs_ = logs;
  TellKeys();
}

void AgentReload::Reload() {
  if (std::exchange(is_reloading_, true)) {
    is_asked_again_ = true;
    return;
  }
  auto wanted = parts_.load();
  if (!wanted) return End(std::unexpected(wanted.error()));
  if (const auto keys = agent::RestartOnlyChanges(config_, *wanted); !keys.empty())
    Log(LogLevel::kWarn, "settings that change with a restart only stay as they are",
        {{"keys", Joined(keys)}});
  KeepWhatStays(config_, *wanted);
  if (logs_ == nullptr) return OnLogsReady({}, *std::move(wanted));
  const agent::LogSettings logs = LogSettingsOf(*wanted);
  logs_->PrepareReload(logs, [this, wanted = *std::move(wanted)](Status ready) {
    parts_.loop.Post([this, ready = std::move(ready), wanted] { OnLogsReady(ready, wanted); });
  });
}

void AgentReload::OnLogsReady(const Status& ready, agent::AgentConfig wanted) {
  if (!ready) return End(ready);
  const Status reloaded =
      is_stopped_ ? Fail(ErrorCode::kUnavailable, "shutting down") : TakeUp(std::move(wanted));
  if (logs_ == nullptr) return End(reloaded);
  logs_->FinishReload(reloaded.has_value(),
                      [this, reloaded] { parts_.loop.Post([this, reloaded] { End(reloaded); }); });
}

Status AgentReload::TakeUp(agent::AgentConfig wanted) {
  TICKSCOPE_ASSIGN_OR_RETURN(const guard::GuardOptions options, ReadGuardOptions(parts_.fs, wanted.guard));
  TICKSCOPE_RETURN_IF_ERROR(TakeUpSchema(options, wanted));
  parts_.disk.SetBytesMax(wanted.disk_bytes_max);
  SetLogOptions({.level = wanted.log_level, .format = wanted.log_format, .clock = &parts_.clock});
  config_ = std::move(wanted);
  schema_.SetInForce(SchemaNumberOf(options));
  return {};
}

Status AgentReload::TakeUpSchema(const guard::GuardOptions& options, const agent::AgentConfig& config) {
  // What can be wrong with the guard's rules is found before anything changes.
  if (const auto scanner = guard::PiiScanner::Make(options.pii); !scanner)
    return std::unexpected(scanner.error());
  statsd::HistogramForms before = std::exchange(parts_.histogram_forms, HistogramFormsOf(options));
  if (Status applied = parts_.apply(config); !applied) {
    parts_.histogram_forms = std::move(before);
    return applied;
  }
  TICKSCOPE_RETURN_IF_ERROR(parts_.guard.Replace(options));
  return parts_.agent.Aggregate(config.aggregation, AggregationRulesOf(options, config.external_labels));
}

Result<std::uint64_t> AgentReload::ReadSchema(std::uint64_t wanted) {
  if (config_.guard.schema_file.empty()) return Fail(ErrorCode::kNotFound, "guard.schema names no file");
  TICKSCOPE_ASSIGN_OR_RETURN(const guard::GuardOptions options, ReadGuardOptions(parts_.fs, config_.guard));
  if (SchemaNumberOf(options) != wanted || is_stopped_) return schema_.in_force();
  TICKSCOPE_RETURN_IF_ERROR(TakeUpSchema(options, config_));
  return wanted;
}

void AgentReload::ReadKeys(std::uint64_t wanted, agent::ToldVersion::Done done) {
  if (logs_ == nullptr) return done(0);
  logs_->UseKeyEpoch(wanted, [this, done = std::move(done)](const Result<tokens::TokenEpoch>& in_force) {
    parts_.loop.Post([done, in_force] { done(in_force); });
  });
}

void AgentReload::Tell(const control::FleetSettings& settings) {
  schema_.Tell(settings.schema_version);
  key_epoch_told_ = settings.key_epoch;
  TellKeys();
}

void AgentReload::TellKeys() {
  // Who makes no tokens is not behind.
  const bool makes_tokens = logs_ != nullptr && !config_.logs.tokens.keys.empty();
  keys_.SetInForce(key_epoch());
  keys_.Tell(makes_tokens ? key_epoch_told_ : 0);
}

void AgentReload::End(const Status& reloaded) {
  if (reloaded) {
    parts_.metrics.reloads_ok->Add();
    Log(LogLevel::kInfo, "configuration reloaded", {{"targets", parts_.agent.target_count()}});
    TellKeys();
  } else {
    parts_.metrics.reloads_failed->Add();
    Log(LogLevel::kError, "configuration not reloaded, the old one stays",
        {{"error", reloaded.error().message}});
  }
  is_reloading_ = false;
  if (std::exchange(is_asked_again_, false) && !is_stopped_) Reload();
}

}  // namespace tickscope::roles
