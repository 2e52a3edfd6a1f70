#include "control/fleet_control.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"

namespace tickscope::control {
namespace {

constexpr const char* kFile = "/settings";
constexpr const char* kNewFile = "/settings.new";

}  // namespace

Result<std::unique_ptr<FleetControl>> FleetControl::Open(io::FileSystem& fs, const Clock& clock,
                                                         MetricRegistry& metrics, const ControlConfig& config,
                                                         std::string directory) {
  std::unique_ptr<Signer> signer;
  if (!config.signing_key_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string pem,
                               io::ReadWholeFile(fs, config.signing_key_file, kKeyFileBytesMax));
    auto made = Signer::FromPem(pem);
    if (!made) return FailWith("file=" + config.signing_key_file, std::move(made).error());
    signer = *std::move(made);
  }
  std::unique_ptr<FleetControl> control(
      new FleetControl(fs, clock, metrics, config, std::move(directory), std::move(signer)));
  TICKSCOPE_RETURN_IF_ERROR(control->Load());
  return control;
}

FleetControl::FleetControl(io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics,
                           ControlConfig config, std::string directory, std::unique_ptr<Signer> signer)
    : fs_(fs),
      clock_(clock),
      config_(std::move(config)),
      directory_(std::move(directory)),
      signer_(std::move(signer)),
      generation_(metrics.AddGauge("tickscope_fleet_generation",
                                   "Generation of the settings that agents are told.", {})),
      requests_(metrics.AddCounter("tickscope_fleet_settings_requests_total",
                                   "Times that agents asked for the settings.", {})) {}

Status FleetControl::Load() {
  TICKSCOPE_RETURN_IF_ERROR(fs_.CreateDirectories(directory_));
  FleetSettings settings;
  bool is_changed = false;
  const auto text = io::ReadWholeFile(fs_, directory_ + kFile, kSettingsBytesMax);
  if (text) {
    auto read = ParseSettings(*text);
    if (!read) return Fail(ErrorCode::kCorruption, "fleet settings: file=" + directory_ + kFile);
    settings = *read;
  } else if (text.error().code != ErrorCode::kNotFound) {
    return std::unexpected(text.error());
  } else {
    is_changed = true;
  }
  is_changed = is_changed || settings.schema_version != config_.schema_version ||
               settings.key_epoch != config_.key_epoch;
  if (is_changed) {
    TICKSCOPE_RETURN_IF_ERROR(Put(settings));
  } else {
    const MutexLock lock(mu_);
    Use(settings);
  }
  return {};
}

void FleetControl::Use(const FleetSettings& settings) {
  settings_ = settings;
  generation_->Set(static_cast<double>(settings.generation));
  if (signer_ == nullptr) return;
  header_ = std::to_string(settings.generation) + "." + signer_->Sign(GenerationText(settings.generation));
}

Status FleetControl::Save(const FleetSettings& settings) {
  const std::string fresh = directory_ + kNewFile;
  {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto file, fs_.OpenAppend(fresh, io::OpenMode::kTruncate));
    const std::string text = SettingsText(settings);
    const std::vector<ByteView> pieces = {AsBytes(text)};
    TICKSCOPE_RETURN_IF_ERROR(file->Append(pieces));
    TICKSCOPE_RETURN_IF_ERROR(file->Sync());
  }
  TICKSCOPE_RETURN_IF_ERROR(fs_.Rename(fresh, directory_ + kFile));
  return fs_.SyncDirectory(directory_);
}

Result<FleetSettings> FleetControl::Put(FleetSettings settings) {
  const MutexLock change(change_mu_);
  const TimeMs now_ms = clock_.NowMs();
  {
    const MutexLock lock(mu_);
    const std::uint64_t last = std::max(settings_.generation, settings.generation);
    settings.generation = std::max(last + 1, static_cast<std::uint64_t>(std::max<TimeMs>(0, now_ms)));
  }
  settings.now_ms = now_ms;
  settings.schema_version = config_.schema_version;
  settings.key_epoch = config_.key_epoch;
  TICKSCOPE_RETURN_IF_ERROR(Save(settings));
  const MutexLock lock(mu_);
  Use(settings);
  return settings;
}

Result<FleetSettings> FleetControl::Begin(std::int64_t cadence_ms, std::int64_t ttl_ms) {
  if (signer_ == nullptr)
    return Fail(ErrorCode::kFailedPrecondition, "agents cannot be told: no fleet.signing_key_file is set");
  if (cadence_ms < config_.cadence_min_ms || cadence_ms > config_.ttl_max_ms)
    return Fail(ErrorCode::kInvalidArgument, "cadence: got " + FormatDurationMs(cadence_ms) +
                                                 ", want at least " +
                                                 FormatDurationMs(config_.cadence_min_ms));
  if (ttl_ms < 1'000 || ttl_ms > config_.ttl_max_ms)
    return Fail(ErrorCode::kInvalidArgument, "ttl: got " + FormatDurationMs(ttl_ms) + ", want 1s to " +
                                                 FormatDurationMs(config_.ttl_max_ms));
  return Put({.cadence_ms = cadence_ms, .until_ms = clock_.NowMs() + ttl_ms});
}

Result<FleetSettings> FleetControl::End() {
  if (signer_ == nullptr)
    return Fail(ErrorCode::kFailedPrecondition, "agents cannot be told: no fleet.signing_key_file is set");
  return Put({});
}

FleetSettings FleetControl::Current() const {
  const MutexLock lock(mu_);
  FleetSettings now = settings_;
  now.now_ms = clock_.NowMs();
  if (now.until_ms <= now.now_ms) now.cadence_ms = now.until_ms = 0;
  return now;
}

Result<FleetControl::Signed> FleetControl::SignedSettings() {
  requests_->Add();
  if (signer_ == nullptr) return Fail(ErrorCode::kFailedPrecondition, "no fleet.signing_key_file is set");
  Signed result;
  result.text = SettingsText(Current());
  result.signature = signer_->Sign(result.text);
  return result;
}

std::string FleetControl::generation_header() const {
  const MutexLock lock(mu_);
  return header_;
}

}  // namespace tickscope::control
