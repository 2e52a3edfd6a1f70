#include "fleet/game_catalog.h"

#include <charconv>

#include "base/check.h"

namespace tickscope::fleet {
namespace {

using wire::MetricType;

// A label, its values and how much of a total falls to each.
struct Share {
  std::string_view value;
  double share;
};
struct Dimension {
  std::string_view label;
  std::span<const Share> shares;
};

constexpr Share kNoneShares[] = {{"", 1}};
constexpr Dimension kNone{"", kNoneShares};
constexpr Share kPlatformShares[] = {{"pc", 0.42}, {"playstation", 0.24}, {"switch", 0.12}, {"xbox", 0.22}};
constexpr Dimension kPlatform{"platform", kPlatformShares};
constexpr Share kIspClassShares[] = {
    {"cable", 0.38}, {"fiber", 0.34}, {"mobile", 0.20}, {"other", 0.05}, {"satellite", 0.03}};
constexpr Dimension kIspClass{"isp_class", kIspClassShares};
constexpr Share kPlayerBucketShares[] = {{"0-50", 0}, {"51-100", 1}, {"101-150", 2}, {"151-200", 3}};
constexpr Dimension kPlayerBucket{"player_bucket", kPlayerBucketShares};
constexpr Share kRejectReasonShares[] = {{"cooldown", 0.5},       {"desync", 0.01},
                                         {"invalid_target", 0.2}, {"out_of_range", 0.2},
                                         {"rate_limited", 0.05},  {"stale_tick", 0.04}};
constexpr Dimension kRejectReason{"reason", kRejectReasonShares};
constexpr Share kJoinFailureReasonShares[] = {{"auth", 0.2},      {"banned", 0.02}, {"full", 0.4},
                                              {"map_load", 0.08}, {"timeout", 0.2}, {"version", 0.1}};
constexpr Dimension kJoinFailureReason{"reason", kJoinFailureReasonShares};
// Most leave when a match is over.
constexpr Share kDisconnectReasonShares[] = {{"afk", 0.03},      {"crash", 0.001},  {"kicked", 0.002},
                                             {"network", 0.006}, {"quit", 0.943},   {"server_shutdown", 0.01},
                                             {"timeout", 0.007}, {"version", 0.001}};
constexpr Dimension kDisconnectReason{"reason", kDisconnectReasonShares};
constexpr Share kImpairmentShares[] = {{"loss", 0.25}, {"rtt", 0.45}, {"tick", 0.3}};
constexpr Dimension kImpairment{"cause", kImpairmentShares};
constexpr Share kAbandonReasonShares[] = {
    {"cancelled", 0.7}, {"declined", 0.15}, {"no_region", 0.01}, {"timeout", 0.14}};
constexpr Dimension kAbandonReason{"reason", kAbandonReasonShares};
constexpr Share kAbortReasonShares[] = {{"crash", 0.1}, {"host_fault", 0.2}, {"too_few_players", 0.7}};
constexpr Dimension kAbortReason{"reason", kAbortReasonShares};
constexpr Share kBackendShares[] = {
    {"entitlement", 0.2}, {"inventory", 0.4}, {"leaderboard", 0.1}, {"profile", 0.3}};
constexpr Dimension kBackend{"reason", kBackendShares};
constexpr Share kCheatShares[] = {{"aim", 0.4}, {"speed", 0.6}};
constexpr Dimension kCheat{"reason", kCheatShares};

// How a dimension's shares become amounts: a share of one amount, the same amount each, or the share itself.
enum class Spread : std::uint8_t { kShared, kEach, kShareIsAmount };

struct ScalarFamily {
  MetricFamily family;
  const Dimension& dimension;
  Dynamics dynamics;
  double amount;
  Spread spread = Spread::kShared;
};

constexpr MetricType kG = MetricType::kGauge;
constexpr MetricType kC = MetricType::kCounter;
constexpr MetricType kH = MetricType::kHistogram;

constexpr ScalarFamily kConstants[] = {
    {{"game_build_info", "Build the server runs, in the build label.", "", MetricType::kInfo},
     kNone,
     Dynamics::kConstant,
     1},
    {{"game_players_max", "Players a match takes.", "", kG}, kNone, Dynamics::kConstant, 200},
    {{"game_tick_rate_hertz", "Ticks a second the server aims at.", "hertz", kG},
     kNone,
     Dynamics::kConstant,
     60},
    {{"game_tick_budget_seconds", "Time a tick may take.", "seconds", kG},
     kNone,
     Dynamics::kConstant,
     1.0 / 60},
    {{"game_snapshot_rate_hertz", "Snapshots a second sent to a client.", "hertz", kG},
     kNone,
     Dynamics::kConstant,
     20},
    {{"game_match_duration_limit_seconds", "Longest match.", "seconds", kG},
     kNone,
     Dynamics::kConstant,
     1500},
    {{"game_lobby_duration_limit_seconds", "Longest lobby.", "seconds", kG}, kNone, Dynamics::kConstant, 120},
    {{"game_reconnect_grace_seconds", "Time a lost player's place is kept.", "seconds", kG},
     kNone,
     Dynamics::kConstant,
     90},
    {{"game_afk_limit_seconds", "Idle time before a player is removed.", "seconds", kG},
     kNone,
     Dynamics::kConstant,
     180},
    {{"game_interest_radius_meters", "Distance within which a client sees entities.", "meters", kG},
     kNone,
     Dynamics::kConstant,
     350},
    {{"game_entities_max", "Entities the world holds.", "", kG}, kNone, Dynamics::kConstant, 16384},
    {{"game_projectiles_max", "Projectiles the world holds.", "", kG}, kNone, Dynamics::kConstant, 4096},
    {{"game_bots_max", "Bots a match may be filled with.", "", kG}, kNone, Dynamics::kConstant, 24},
    {{"game_spectators_max", "Spectators a match takes.", "", kG}, kNone, Dynamics::kConstant, 16},
    {{"game_voice_channels_max", "Voice channels of a match.", "", kG}, kNone, Dynamics::kConstant, 8},
    {{"game_send_limit_bytes_per_second", "Bytes a second a client is sent at most.", "", kG},
     kNone,
     Dynamics::kConstant,
     131072},
    {{"game_receive_limit_bytes_per_second", "Bytes a second a client may send.", "", kG},
     kNone,
     Dynamics::kConstant,
     32768},
    {{"game_protocol_version", "Network protocol version.", "", kG}, kNone, Dynamics::kConstant, 417},
    {{"game_content_version", "Content version.", "", kG}, kNone, Dynamics::kConstant, 20261103},
    {{"game_anticheat_policy_version", "Anti-cheat policy version.", "", kG}, kNone, Dynamics::kConstant, 12},
    {{"game_crossplay_enabled", "1 when platforms play together.", "", kG}, kNone, Dynamics::kConstant, 1},
    {{"game_worker_threads", "Worker threads of the simulation.", "", kG}, kNone, Dynamics::kConstant, 6},
    {{"process_max_fds", "File descriptors the process may open.", "", kG},
     kNone,
     Dynamics::kConstant,
     65536},
    {{"process_memory_limit_bytes", "Memory the process may use.", "bytes", kG},
     kNone,
     Dynamics::kConstant,
     6442450944},
    {{"process_cores", "Cores the process may use.", "", kG}, kNone, Dynamics::kConstant, 2},
    {{"process_start_time_seconds", "When the process started.", "seconds", kG},
     kNone,
     Dynamics::kStartTime,
     0},
};

constexpr ScalarFamily kGauges[] = {
    {{"game_players", "Players connected.", "", kG}, kPlatform, Dynamics::kPlayers, 1},
    {{"game_connections", "Player connections by access network.", "", kG}, kIspClass, Dynamics::kPlayers, 1},
    {{"game_matches", "Matches in progress by player bucket.", "", kG},
     kPlayerBucket,
     Dynamics::kMatchInBucket,
     0,
     Spread::kShareIsAmount},
    {{"game_match_elapsed_seconds", "Time since the match began.", "seconds", kG},
     kNone,
     Dynamics::kMatchElapsed,
     0},
    {{"game_match_phase", "0 idle, 1 lobby, 2 playing, 3 ending.", "", kG}, kNone, Dynamics::kMatchPhase, 0},
    {{"game_rtt_smoothed_seconds", "Mean smoothed round trip of the players.", "seconds", kG},
     kIspClass,
     Dynamics::kSmoothed,
     0.038,
     Spread::kEach},
    {{"game_jitter_smoothed_seconds", "Mean smoothed jitter of the players.", "seconds", kG},
     kIspClass,
     Dynamics::kSmoothed,
     0.0042,
     Spread::kEach},
    {{"game_packet_loss_ratio", "Share of packets lost.", "", kG},
     kIspClass,
     Dynamics::kRatio,
     0.0021,
     Spread::kEach},
    {{"game_cpu_percent", "CPU used by the simulation.", "", kG}, kNone, Dynamics::kPercent, 164},
    {{"game_tick_load_percent", "Share of the tick budget used.", "", kG}, kNone, Dynamics::kPercent, 71},
    {{"game_entities", "Entities alive.", "", kG}, kNone, Dynamics::kLevel, 5200},
    {{"game_projectiles", "Projectiles in flight.", "", kG}, kNone, Dynamics::kLevel, 310},
    {{"game_send_queue_bytes", "Bytes waiting to be sent.", "bytes", kG}, kNone, Dynamics::kLevel, 48000},
    {{"process_resident_memory_bytes", "Resident memory.", "bytes", kG}, kNone, Dynamics::kLevel, 3.1e9},
    {{"process_heap_bytes", "Heap in use.", "bytes", kG}, kNone, Dynamics::kLevel, 2.2e9},
    {{"process_open_fds", "Open file descriptors.", "", kG}, kNone, Dynamics::kLevel, 260},
};

constexpr ScalarFamily kCounters[] = {
    {{"game_ticks_total", "Ticks simulated.", "", kC}, kNone, Dynamics::kSteadyCounter, 60},
    {{"game_snapshots_total", "Snapshots built.", "", kC}, kNone, Dynamics::kSteadyCounter, 20},
    {{"game_heartbeats_total", "Heartbeats to the fleet manager.", "", kC},
     kNone,
     Dynamics::kSteadyCounter,
     1},
    {{"game_ticks_over_budget_total", "Ticks that took longer than their budget.", "", kC},
     kNone,
     Dynamics::kOverloadCounter,
     0.9},
    {{"game_actions_total", "Player actions applied.", "", kC}, kPlatform, Dynamics::kPlayerCounter, 2.4},
    {{"game_actions_rejected_total", "Player actions refused.", "", kC},
     kRejectReason,
     Dynamics::kPlayerCounter,
     0.05},
    {{"game_joins_total", "Players who joined.", "", kC}, kPlatform, Dynamics::kJoinCounter, 1},
    {{"game_join_failures_total", "Joins that failed.", "", kC},
     kJoinFailureReason,
     Dynamics::kJoinCounter,
     0.012},
    {{"game_disconnects_total", "Players who left.", "", kC}, kDisconnectReason, Dynamics::kLeaveCounter, 1},
    {{"game_player_seconds_total", "Time players were connected.", "seconds", kC},
     kNone,
     Dynamics::kVolumeCounter,
     1},
    {{"game_impaired_player_seconds_total", "Time players were connected and had a bad time.", "seconds", kC},
     kImpairment,
     Dynamics::kPlayerCounter,
     0.011},
    {{"game_matchmaking_tickets_total", "Matchmaking tickets placed here.", "", kC},
     kPlatform,
     Dynamics::kJoinCounter,
     1.2},
    {{"game_matchmaking_abandons_total", "Matchmaking tickets given up.", "", kC},
     kAbandonReason,
     Dynamics::kJoinCounter,
     0.2},
    {{"game_packets_sent_total", "Packets sent.", "", kC}, kIspClass, Dynamics::kPlayerCounter, 20},
    {{"game_packets_received_total", "Packets received.", "", kC}, kIspClass, Dynamics::kPlayerCounter, 30},
    {{"game_packets_lost_total", "Packets not acknowledged.", "", kC},
     kIspClass,
     Dynamics::kPlayerCounter,
     0.04},
    {{"game_packets_reordered_total", "Packets that came late.", "", kC},
     kIspClass,
     Dynamics::kPlayerCounter,
     0.08},
    {{"game_sent_bytes_total", "Bytes sent.", "bytes", kC}, kIspClass, Dynamics::kVolumeCounter, 9200},
    {{"game_received_bytes_total", "Bytes received.", "bytes", kC},
     kIspClass,
     Dynamics::kVolumeCounter,
     1900},
    {{"game_reconnects_total", "Players who came back within the grace time.", "", kC},
     kIspClass,
     Dynamics::kPlayerCounter,
     0.0004},
    {{"game_client_crashes_total", "Client crashes reported.", "", kC},
     kPlatform,
     Dynamics::kPlayerCounter,
     0.00002},
    {{"game_store_purchases_total", "Purchases made in a match.", "", kC},
     kPlatform,
     Dynamics::kPlayerCounter,
     0.0003},
    {{"game_chat_messages_total", "Chat messages relayed.", "", kC}, kNone, Dynamics::kPlayerCounter, 0.012},
    {{"game_voice_frames_total", "Voice frames relayed.", "", kC}, kNone, Dynamics::kPlayerCounter, 4},
    {{"game_eliminations_total", "Eliminations.", "", kC}, kNone, Dynamics::kPlayerCounter, 0.006},
    {{"game_matches_started_total", "Matches started.", "", kC}, kNone, Dynamics::kMatchesStarted, 0},
    {{"game_matches_ended_total", "Matches that reached their end.", "", kC},
     kNone,
     Dynamics::kMatchesEnded,
     0},
    {{"game_matches_aborted_total", "Matches that did not.", "", kC},
     kAbortReason,
     Dynamics::kCounter,
     0.00002},
    {{"game_backend_errors_total", "Calls to backend services that failed.", "", kC},
     kBackend,
     Dynamics::kCounter,
     0.004},
    {{"game_anticheat_flags_total", "Players flagged.", "", kC}, kCheat, Dynamics::kPlayerCounter, 0.000004},
    {{"game_log_lines_total", "Log lines written.", "", kC}, kNone, Dynamics::kCounter, 3},
    {{"process_cpu_seconds_total", "CPU time used.", "seconds", kC}, kNone, Dynamics::kCpuCounter, 1.64},
    {{"process_context_switches_total", "Context switches.", "", kC}, kNone, Dynamics::kCounter, 900},
};

// Bounds are written as their le values, in the form Prometheus 3 gives them.
using LeValues = std::array<std::string_view, kBucketsPerHistogram>;
constexpr LeValues kTickBounds = {"0.001", "0.002",  "0.003", "0.004", "0.005", "0.006", "0.007",
                                  "0.008", "0.009",  "0.01",  "0.011", "0.012", "0.013", "0.014",
                                  "0.015", "0.0167", "0.02",  "0.033", "0.1",   "+Inf"};
constexpr LeValues kAckBounds = {"0.005", "0.01", "0.015", "0.02", "0.025", "0.03", "0.04",
                                 "0.05",  "0.06", "0.07",  "0.08", "0.1",   "0.12", "0.15",
                                 "0.2",   "0.25", "0.3",   "0.5",  "1.0",   "+Inf"};
constexpr LeValues kWaitBounds = {"0.1",  "0.25", "0.5",  "1.0",   "1.5",   "2.0",  "3.0",
                                  "4.0",  "5.0",  "7.5",  "10.0",  "15.0",  "20.0", "30.0",
                                  "45.0", "60.0", "90.0", "120.0", "300.0", "+Inf"};
constexpr LeValues kSizeBounds = {"64.0",   "96.0",   "128.0",  "192.0",  "256.0",  "320.0",  "384.0",
                                  "448.0",  "512.0",  "640.0",  "768.0",  "896.0",  "1024.0", "1152.0",
                                  "1280.0", "1400.0", "2048.0", "4096.0", "8192.0", "+Inf"};

struct HistogramFamily {
  MetricFamily family;
  const LeValues& le_values;
  Dynamics dynamics;
  double amount;
  double median;
  double load_effect;
};

constexpr HistogramFamily kHistograms[kHistogramsPerServer] = {
    {{"game_tick_duration_seconds", "Time a tick took.", "seconds", kH},
     kTickBounds,
     Dynamics::kSteadyCounter,
     60,
     0.0065,
     0.7},
    {{"game_action_ack_seconds", "Action received to its acknowledgement.", "seconds", kH},
     kAckBounds,
     Dynamics::kPlayerCounter,
     0.6,
     0.045,
     0.4},
    {{"game_join_duration_seconds", "Join request to in the world.", "seconds", kH},
     kWaitBounds,
     Dynamics::kJoinCounter,
     1,
     3.2,
     0.5},
    {{"game_matchmaking_wait_seconds", "Ticket to match found.", "seconds", kH},
     kWaitBounds,
     Dynamics::kJoinCounter,
     1.2,
     14,
     0.3},
    {{"game_rtt_seconds", "Round trip times measured.", "seconds", kH},
     kAckBounds,
     Dynamics::kPlayerCounter,
     0.2,
     0.036,
     0.1},
    {{"game_snapshot_bytes", "Bytes of a snapshot.", "bytes", kH},
     kSizeBounds,
     Dynamics::kPlayerCounter,
     2,
     460,
     0.6},
};

void AddScalars(std::span<const ScalarFamily> families, std::vector<CatalogSeries>& series) {
  for (const ScalarFamily& family : families) {
    for (const auto& [value, share] : family.dimension.shares) {
      double amount = family.amount;
      if (family.spread == Spread::kShared) amount *= share;
      if (family.spread == Spread::kShareIsAmount) amount = share;
      series.push_back({.name = std::string(family.family.name),
                        .label = family.dimension.label,
                        .label_value = value,
                        .family = &family.family,
                        .dynamics = family.dynamics,
                        .amount = amount});
    }
  }
}

double BoundOf(std::string_view le) {
  double bound = 0;
  const auto [end, error] = std::from_chars(le.data(), le.data() + le.size(), bound);
  TICKSCOPE_CHECK(error == std::errc() && end == le.data() + le.size());
  return bound;
}

void AddHistogram(const HistogramFamily& family, GameCatalog& catalog) {
  HistogramModel model{.first_series = catalog.series.size(),
                       .dynamics = family.dynamics,
                       .amount = family.amount,
                       .median = family.median,
                       .load_effect = family.load_effect};
  const std::string name(family.family.name);
  for (std::size_t i = 0; i < kBucketsPerHistogram; ++i) {
    const bool last = i + 1 == kBucketsPerHistogram;
    model.upper_bounds[i] = last ? model.upper_bounds[i - 1] * 2 : BoundOf(family.le_values[i]);
    catalog.series.push_back({.name = name + "_bucket",
                              .label = "le",
                              .label_value = family.le_values[i],
                              .family = &family.family,
                              .dynamics = Dynamics::kHistogramPart});
  }
  for (const char* suffix : {"_sum", "_count"}) {
    catalog.series.push_back(
        {.name = name + suffix, .family = &family.family, .dynamics = Dynamics::kHistogramPart});
  }
  catalog.histograms.push_back(model);
}

GameCatalog MakeCatalog() {
  GameCatalog catalog;
  AddScalars(kConstants, catalog.series);
  AddScalars(kGauges, catalog.series);
  AddScalars(kCounters, catalog.series);
  TICKSCOPE_CHECK(catalog.series.size() == kScalarSeriesPerServer);
  for (const HistogramFamily& family : kHistograms)
    AddHistogram(family, catalog);
  TICKSCOPE_CHECK(catalog.series.size() == kSeriesPerServer);
  return catalog;
}

}  // namespace

const GameCatalog& TheGameCatalog() {
  static const GameCatalog catalog = MakeCatalog();
  return catalog;
}

}  // namespace tickscope::fleet
