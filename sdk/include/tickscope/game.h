/* Ready instruments for what players feel. Names and bounds are those of schema/game.yaml and of the simulated fleet, so
 * dashboards, rules and objectives written for one work with the others.
 *
 *   ts_game game;
 *   ts_game_register(0, &game);              once, after ts_start; 0: a tick may take 0.0167 s
 *   ts_game_tick(&game, seconds);            every tick
 *   ts_game_joined(&game, TS_PLATFORM_PC, seconds);
 *
 * Calls are as cheap as those of tickscope.h that they are made of, and S1 to S4 hold. A number outside its enum is refused
 * and counted. A failed ts_game_register leaves a game whose calls do nothing. C++: tickscope/game.hpp.
 */
#ifndef TICKSCOPE_GAME_H_
#define TICKSCOPE_GAME_H_

#include "tickscope/tickscope.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ts_platform {
  TS_PLATFORM_PC,
  TS_PLATFORM_PLAYSTATION,
  TS_PLATFORM_SWITCH,
  TS_PLATFORM_XBOX,
  TS_PLATFORMS
} ts_platform;
typedef enum ts_isp {
  TS_ISP_CABLE,
  TS_ISP_FIBER,
  TS_ISP_MOBILE,
  TS_ISP_OTHER,
  TS_ISP_SATELLITE,
  TS_ISPS
} ts_isp;
typedef enum ts_join_failure {
  TS_JOIN_AUTH,
  TS_JOIN_BANNED,
  TS_JOIN_FULL,
  TS_JOIN_MAP_LOAD,
  TS_JOIN_TIMEOUT,
  TS_JOIN_VERSION,
  TS_JOIN_FAILURES
} ts_join_failure;
typedef enum ts_disconnect {
  TS_LEFT_AFK,
  TS_LEFT_CRASH,
  TS_LEFT_KICKED,
  TS_LEFT_NETWORK,
  TS_LEFT_QUIT,
  TS_LEFT_SERVER_SHUTDOWN,
  TS_LEFT_TIMEOUT,
  TS_LEFT_VERSION,
  TS_DISCONNECTS
} ts_disconnect;
typedef enum ts_abandon {
  TS_ABANDON_CANCELLED,
  TS_ABANDON_DECLINED,
  TS_ABANDON_NO_REGION,
  TS_ABANDON_TIMEOUT,
  TS_ABANDONS
} ts_abandon;
typedef enum ts_impairment {
  TS_IMPAIRED_LOSS,
  TS_IMPAIRED_RTT,
  TS_IMPAIRED_TICK,
  TS_IMPAIRMENTS
} ts_impairment;
typedef enum ts_server_state {
  TS_SERVER_ALLOCATED,
  TS_SERVER_DRAINING,
  TS_SERVER_READY,
  TS_SERVER_STATES
} ts_server_state;

typedef struct ts_game {
  double tick_budget_seconds;
  ts_histogram tick_duration;             /* game_tick_duration_seconds; the budget is one of its bounds */
  ts_counter ticks;                       /* game_ticks_total */
  ts_counter ticks_over;                  /* game_ticks_over_budget_total: exactly those above that bound */
  ts_histogram action_ack;                /* game_action_ack_seconds */
  ts_counter join_attempts[TS_PLATFORMS]; /* game_join_attempts_total */
  ts_counter joins[TS_PLATFORMS];         /* game_joins_total */
  ts_counter join_failures[TS_JOIN_FAILURES]; /* game_join_failures_total */
  ts_histogram join_duration;                 /* game_join_duration_seconds */
  ts_counter tickets[TS_PLATFORMS];           /* game_matchmaking_tickets_total */
  ts_counter abandons[TS_ABANDONS];           /* game_matchmaking_abandons_total */
  ts_histogram matchmaking_wait;              /* game_matchmaking_wait_seconds */
  ts_counter disconnects[TS_DISCONNECTS];     /* game_disconnects_total */
  ts_up_down players[TS_PLATFORMS];           /* game_players */
  ts_counter sessions[TS_PLATFORMS];          /* game_sessions_ended_total */
  ts_counter crashes[TS_PLATFORMS]; /* game_client_crashes_total; crash-free: 1 - crashes / sessions */
  ts_histogram rtt;                 /* game_rtt_seconds */
  ts_histogram rtt_by_isp[TS_ISPS]; /* game_isp_rtt_seconds, exponential */
  ts_counter packets_sent[TS_ISPS]; /* game_packets_sent_total */
  ts_counter packets_lost[TS_ISPS]; /* game_packets_lost_total */
  ts_double_counter player_seconds; /* game_player_seconds_total */
  ts_double_counter impaired[TS_IMPAIRMENTS]; /* game_impaired_player_seconds_total */
  ts_gauge state[TS_SERVER_STATES];           /* game_server_state: 1 for the one it is in */
} ts_game;

/* Declares them all. `tick_budget_seconds` is how long a tick may take, 0 for 0.0167 (60 a second), above 0.0001.
 * Errors: of ts_register, the first. */
TS_API ts_result ts_game_register(double tick_budget_seconds, ts_game* game);
/* For bindings: the same, in memory of the library's; once more gives the same. NULL when it failed. */
TS_API const ts_game* ts_game_open(double tick_budget_seconds);

/* A tick was simulated; says that the server is alive, too. */
TS_API void ts_game_tick(const ts_game* game, double seconds);
/* An action was received `seconds` before its acknowledgement was sent. */
TS_API void ts_game_action_acknowledged(const ts_game* game, double seconds);

TS_API void ts_game_join_began(const ts_game* game, ts_platform platform);
TS_API void ts_game_joined(const ts_game* game, ts_platform platform, double seconds);
TS_API void ts_game_join_failed(const ts_game* game, ts_join_failure reason);
/* A player who had joined is gone: a session ended, crash-free unless the reason is TS_LEFT_CRASH. */
TS_API void ts_game_left(const ts_game* game, ts_platform platform, ts_disconnect reason);

TS_API void ts_game_matched(const ts_game* game, ts_platform platform, double waited_seconds);
TS_API void ts_game_match_abandoned(const ts_game* game, ts_abandon reason);

TS_API void ts_game_rtt(const ts_game* game, ts_isp isp, double seconds);
TS_API void ts_game_packets(const ts_game* game, ts_isp isp, uint64_t sent, uint64_t lost);

/* Players were connected for so many player-seconds since the last call; some of them impaired, by cause. */
TS_API void ts_game_played(const ts_game* game, double player_seconds);
TS_API void ts_game_impaired(const ts_game* game, ts_impairment cause, double player_seconds);

TS_API void ts_game_state(const ts_game* game, ts_server_state state);

#ifdef __cplusplus
}
#endif

#endif
