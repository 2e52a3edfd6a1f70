/* The ready instruments: a table of families, and the few lines that fill them. */
#include "tickscope/game.h"

#include "sdk.h"
#include "tickscope/inline.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const double kTickBudgetSeconds = 0.0167;
static const double kTickBounds[] = {0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009,
                                     0.01,  0.011, 0.012, 0.013, 0.014, 0.015, 0.02,  0.033, 0.1};
static const double kAckBounds[] = {0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.07,
                                    0.08,  0.1,  0.12,  0.15, 0.2,   0.25, 0.3,  0.5,  1.0};
static const double kWaitBounds[] = {0.1,  0.25, 0.5,  1.0,  1.5,  2.0,  3.0,  4.0,   5.0,  7.5,
                                     10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0};

static const char* const kPlatforms[TS_PLATFORMS] = {"pc", "playstation", "switch", "xbox"};
static const char* const kIsps[TS_ISPS] = {"cable", "fiber", "mobile", "other", "satellite"};
static const char* const kJoinFailures[TS_JOIN_FAILURES] = {"auth",     "banned",  "full",
                                                            "map_load", "timeout", "version"};
static const char* const kDisconnects[TS_DISCONNECTS] = {"afk",  "crash",           "kicked",  "network",
                                                         "quit", "server_shutdown", "timeout", "version"};
static const char* const kAbandons[TS_ABANDONS] = {"cancelled", "declined", "no_region", "timeout"};
static const char* const kImpairments[TS_IMPAIRMENTS] = {"loss", "rtt", "tick"};
static const char* const kStates[TS_SERVER_STATES] = {"allocated", "draining", "ready"};

static const ts_label kNoLabel = {NULL, NULL, 0};
static const ts_label kPlatform = {"platform", kPlatforms, TS_PLATFORMS};
static const ts_label kIsp = {"isp_class", kIsps, TS_ISPS};
static const ts_label kJoinFailure = {"reason", kJoinFailures, TS_JOIN_FAILURES};
static const ts_label kDisconnect = {"reason", kDisconnects, TS_DISCONNECTS};
static const ts_label kAbandon = {"reason", kAbandons, TS_ABANDONS};
static const ts_label kImpairment = {"cause", kImpairments, TS_IMPAIRMENTS};
static const ts_label kState = {"state", kStates, TS_SERVER_STATES};

/* Registers a family of at most one label; `*result` keeps the first error, after which nothing is registered. */
static ts_family Declare(ts_result* result, ts_type type, const char* name, const char* unit,
                         const char* help, const ts_label* label, const double* bounds, size_t bound_count) {
  ts_family family = {0};
  if (*result != TS_OK) return family;
  const ts_metric metric = {.type = type,
                            .name = name,
                            .unit = unit,
                            .help = help,
                            .labels = label->value_count > 0 ? label : NULL,
                            .label_count = label->value_count > 0 ? 1 : 0,
                            .bounds = bounds,
                            .bound_count = (uint32_t)bound_count,
                            .scale = 3,
                            .least = 0x1p-11, /* exponential: half a millisecond */
                            .most = 8,
                            .exemplars = type >= TS_HISTOGRAM};
  *result = ts_register(&metric, &family);
  return family;
}

static ts_histogram DeclareHistogram(ts_result* result, const char* name, const char* help,
                                     const double* bounds, size_t bound_count) {
  return ts_histogram_of(Declare(result, TS_HISTOGRAM, name, "seconds", help, &kNoLabel, bounds, bound_count),
                         0);
}

static void DeclareCounters(ts_result* result, const char* name, const char* help, const ts_label* label,
                            ts_counter* counters) {
  const ts_family family = Declare(result, TS_COUNTER, name, "", help, label, NULL, 0);
  for (uint32_t i = 0; i < family.series_count; ++i)
    counters[i] = ts_counter_of(family, i);
}

/* The bounds of ticks with the budget among them; returns how many. */
static size_t TickBounds(double budget, double* bounds) {
  size_t count = 0;
  for (size_t i = 0; i < COUNT_OF(kTickBounds); ++i) {
    if (kTickBounds[i] >= budget && (count == 0 || bounds[count - 1] < budget)) bounds[count++] = budget;
    if (kTickBounds[i] != budget) bounds[count++] = kTickBounds[i];
  }
  if (bounds[count - 1] < budget) bounds[count++] = budget;
  return count;
}

static void DeclareTicks(ts_result* result, ts_game* game) {
  double bounds[COUNT_OF(kTickBounds) + 1];
  const size_t count = TickBounds(game->tick_budget_seconds, bounds);
  game->tick_duration =
      DeclareHistogram(result, "game_tick_duration_seconds", "Time a tick took.", bounds, count);
  DeclareCounters(result, "game_ticks_total", "Ticks simulated.", &kNoLabel, &game->ticks);
  DeclareCounters(result, "game_ticks_over_budget_total", "Ticks that took longer than their budget.",
                  &kNoLabel, &game->ticks_over);
  const ts_family budget = Declare(result, TS_GAUGE, "game_tick_budget_seconds", "seconds",
                                   "Time a tick may take.", &kNoLabel, NULL, 0);
  ts_gauge_set(ts_gauge_of(budget, 0), game->tick_budget_seconds);
  game->action_ack =
      DeclareHistogram(result, "game_action_ack_seconds", "Action received to its acknowledgement.",
                       kAckBounds, COUNT_OF(kAckBounds));
}

static void DeclareJoins(ts_result* result, ts_game* game) {
  DeclareCounters(result, "game_join_attempts_total", "Joins asked for.", &kPlatform, game->join_attempts);
  DeclareCounters(result, "game_joins_total", "Players who joined.", &kPlatform, game->joins);
  DeclareCounters(result, "game_join_failures_total", "Joins that failed.", &kJoinFailure,
                  game->join_failures);
  game->join_duration = DeclareHistogram(result, "game_join_duration_seconds",
                                         "Join request to in the world.", kWaitBounds, COUNT_OF(kWaitBounds));
  DeclareCounters(result, "game_matchmaking_tickets_total", "Matchmaking tickets placed here.", &kPlatform,
                  game->tickets);
  DeclareCounters(result, "game_matchmaking_abandons_total", "Matchmaking tickets given up.", &kAbandon,
                  game->abandons);
  game->matchmaking_wait = DeclareHistogram(result, "game_matchmaking_wait_seconds", "Ticket to match found.",
                                            kWaitBounds, COUNT_OF(kWaitBounds));
}

static void DeclareSessions(ts_result* result, ts_game* game) {
  DeclareCounters(result, "game_disconnects_total", "Players who left.", &kDisconnect, game->disconnects);
  const ts_family players =
      Declare(result, TS_UP_DOWN, "game_players", "", "Players connected.", &kPlatform, NULL, 0);
  for (uint32_t i = 0; i < players.series_count; ++i)
    game->players[i] = ts_up_down_of(players, i);
  DeclareCounters(result, "game_sessions_ended_total", "Sessions of players that ended, however.", &kPlatform,
                  game->sessions);
  DeclareCounters(result, "game_client_crashes_total", "Client crashes reported.", &kPlatform, game->crashes);
  game->player_seconds =
      ts_double_counter_of(Declare(result, TS_COUNTER_DOUBLE, "game_player_seconds_total", "seconds",
                                   "Time players were connected.", &kNoLabel, NULL, 0),
                           0);
  const ts_family impaired =
      Declare(result, TS_COUNTER_DOUBLE, "game_impaired_player_seconds_total", "seconds",
              "Time players were connected and had a bad time.", &kImpairment, NULL, 0);
  for (uint32_t i = 0; i < impaired.series_count; ++i)
    game->impaired[i] = ts_double_counter_of(impaired, i);
}

static void DeclareNetwork(ts_result* result, ts_game* game) {
  game->rtt = DeclareHistogram(result, "game_rtt_seconds", "Round trip times measured.", kAckBounds,
                               COUNT_OF(kAckBounds));
  const ts_family by_isp = Declare(result, TS_EXPONENTIAL, "game_isp_rtt_seconds", "seconds",
                                   "Round trip times measured, by access network.", &kIsp, NULL, 0);
  for (uint32_t i = 0; i < by_isp.series_count; ++i)
    game->rtt_by_isp[i] = ts_histogram_of(by_isp, i);
  DeclareCounters(result, "game_packets_sent_total", "Packets sent.", &kIsp, game->packets_sent);
  DeclareCounters(result, "game_packets_lost_total", "Packets not acknowledged.", &kIsp, game->packets_lost);
  const ts_family state = Declare(result, TS_GAUGE, "game_server_state", "",
                                  "1 for the state the server is in, else 0.", &kState, NULL, 0);
  for (uint32_t i = 0; i < state.series_count; ++i)
    game->state[i] = ts_gauge_of(state, i);
}

ts_result ts_game_register(double tick_budget_seconds, ts_game* game) {
  if (game == NULL) return ts_fail(TS_INVALID, "nowhere to put the game");
  memset(game, 0, sizeof *game);
  const double budget = tick_budget_seconds == 0 ? kTickBudgetSeconds : tick_budget_seconds;
  if (!(budget > 0.0001 && budget <= 60)) return ts_fail(TS_INVALID, "a tick's budget wants 0.0001 to 60 s");
  game->tick_budget_seconds = budget;
  ts_result result = TS_OK;
  DeclareTicks(&result, game);
  DeclareJoins(&result, game);
  DeclareSessions(&result, game);
  DeclareNetwork(&result, game);
  if (result != TS_OK) memset(game, 0, sizeof *game);
  return result;
}

const ts_game* ts_game_open(double tick_budget_seconds) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static ts_game game;
  static bool open;
  pthread_mutex_lock(&lock);
  if (!open) open = ts_game_register(tick_budget_seconds, &game) == TS_OK;
  pthread_mutex_unlock(&lock);
  return open ? &game : NULL;
}

/* Whether an enum's value is one; a binding may pass anything. */
static bool Known(uint32_t value, uint32_t count) {
  if (TS_LIKELY(value < count)) return true;
  ts_count_refused(TS_REFUSED_UNDECLARED_VALUE);
  return false;
}

void ts_game_tick(const ts_game* game, double seconds) {
  if (game == NULL) return;
  ts_observe_inline(game->tick_duration, seconds);
  ts_counter_add_inline(game->ticks, 1);
  if (seconds > game->tick_budget_seconds) ts_counter_add_inline(game->ticks_over, 1);
  ts_heartbeat();
}

void ts_game_action_acknowledged(const ts_game* game, double seconds) {
  if (game != NULL) ts_observe_inline(game->action_ack, seconds);
}

void ts_game_join_began(const ts_game* game, ts_platform platform) {
  if (game != NULL && Known(platform, TS_PLATFORMS)) ts_counter_add_inline(game->join_attempts[platform], 1);
}

void ts_game_joined(const ts_game* game, ts_platform platform, double seconds) {
  if (game == NULL || !Known(platform, TS_PLATFORMS)) return;
  ts_counter_add_inline(game->joins[platform], 1);
  ts_up_down_add_inline(game->players[platform], 1);
  ts_observe_inline(game->join_duration, seconds);
}

void ts_game_join_failed(const ts_game* game, ts_join_failure reason) {
  if (game != NULL && Known(reason, TS_JOIN_FAILURES)) ts_counter_add_inline(game->join_failures[reason], 1);
}

void ts_game_left(const ts_game* game, ts_platform platform, ts_disconnect reason) {
  if (game == NULL || !Known(platform, TS_PLATFORMS) || !Known(reason, TS_DISCONNECTS)) return;
  ts_counter_add_inline(game->disconnects[reason], 1);
  ts_counter_add_inline(game->sessions[platform], 1);
  ts_up_down_add_inline(game->players[platform], -1);
  if (reason == TS_LEFT_CRASH) ts_counter_add_inline(game->crashes[platform], 1);
}

void ts_game_matched(const ts_game* game, ts_platform platform, double waited_seconds) {
  if (game == NULL || !Known(platform, TS_PLATFORMS)) return;
  ts_counter_add_inline(game->tickets[platform], 1);
  ts_observe_inline(game->matchmaking_wait, waited_seconds);
}

void ts_game_match_abandoned(const ts_game* game, ts_abandon reason) {
  if (game != NULL && Known(reason, TS_ABANDONS)) ts_counter_add_inline(game->abandons[reason], 1);
}

void ts_game_rtt(const ts_game* game, ts_isp isp, double seconds) {
  if (game == NULL || !Known(isp, TS_ISPS)) return;
  ts_observe_inline(game->rtt, seconds);
  ts_observe_inline(game->rtt_by_isp[isp], seconds);
}

void ts_game_packets(const ts_game* game, ts_isp isp, uint64_t sent, uint64_t lost) {
  if (game == NULL || !Known(isp, TS_ISPS)) return;
  ts_counter_add_inline(game->packets_sent[isp], sent);
  ts_counter_add_inline(game->packets_lost[isp], lost);
}

void ts_game_played(const ts_game* game, double player_seconds) {
  if (game != NULL) ts_double_counter_add_inline(game->player_seconds, player_seconds);
}

void ts_game_impaired(const ts_game* game, ts_impairment cause, double player_seconds) {
  if (game != NULL && Known(cause, TS_IMPAIRMENTS))
    ts_double_counter_add_inline(game->impaired[cause], player_seconds);
}

void ts_game_state(const ts_game* game, ts_server_state state) {
  if (game == NULL || !Known(state, TS_SERVER_STATES)) return;
  for (uint32_t i = 0; i < TS_SERVER_STATES; ++i)
    ts_gauge_set_inline(game->state[i], i == (uint32_t)state ? 1 : 0);
}
