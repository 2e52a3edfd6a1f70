// Names of StatsD as those of Prometheus.
//
//   game.kills      c    game_kills_total
//   game.tick       ms   game_tick_seconds      values are divided by 1,000
//   game.players    g    game_players
//   a:b,c           #    {a="b", c="true"}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/labels.h"
#include "statsd/statsd_line.h"

namespace tickscope::statsd {

inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kTagsMax = 32;
inline constexpr std::size_t kTagValueBytesMax = 1'024;

/// Everything but letters, digits and '_' becomes '_'; then what the type asks for follows. nullopt when the name is too long.
[[nodiscard]] std::optional<std::string> MetricNameOf(std::string_view name, StatsdType type);

/// Labels of tags, and the metric's name. Tags whose name means something to Prometheus (le, quantile, __...) get tag_ before it; of two
/// with one name the later holds. nullopt for too many, too long, or no UTF-8.
[[nodiscard]] std::optional<Labels> LabelsOf(std::string_view metric_name, std::string_view tags);

}  // namespace tickscope::statsd
