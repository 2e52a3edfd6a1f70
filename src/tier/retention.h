// Retention: how long which series are kept in which tier. Whole files go; nothing is rewritten to expire.
//
// Series that a rule matches are in files of their own from their first merge on: the id of such a file ends in 'k' and the
// hash of the rule, so what may go follows from names alone. Before that merge (a day) a file holds all series, and goes when the
// longest of them may.
//
//   defaults            raw 14 d, 1 m 180 d, 5 m and 1 h 400 d
//   {match: '{class="debug"}', raw: 2d, 1m: 7d, 5m: 7d, 1h: 7d}      the first rule that matches a series counts
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"
#include "model/tenant.h"
#include "tier/live_blocks.h"

namespace tickscope::tier {

/// How long each tier keeps samples, in milliseconds; by Tier.
using KeepTimes = std::array<std::int64_t, kTiers.size()>;

inline constexpr std::int64_t kDayMs = 24 * 3'600'000LL;
inline constexpr KeepTimes kKeepDefaults = {14 * kDayMs, 180 * kDayMs, 400 * kDayMs, 400 * kDayMs};

struct RetentionRule {
  std::string selector;
  std::vector<Matcher> matchers;
  KeepTimes keep_ms = kKeepDefaults;
};

struct RetentionPolicy {
  KeepTimes keep_ms = kKeepDefaults;
  std::vector<RetentionRule> rules;

  /// Classes series fall into: one a rule, and that of all others, which is the last.
  [[nodiscard]] std::size_t class_count() const { return rules.size() + 1; }
  [[nodiscard]] std::size_t ClassOf(const Labels& labels) const;
  /// What ids of a class's files end in: 'k' and a hash of the rule's selector; empty for the last class.
  [[nodiscard]] std::string ClassKey(std::size_t index) const;
  [[nodiscard]] const KeepTimes& KeepOf(std::size_t index) const {
    return index < rules.size() ? rules[index].keep_ms : keep_ms;
  }
  /// How long a file is kept: as its class says; as long as any class when all are in it still, or when its rule is gone.
  [[nodiscard]] std::int64_t KeepOfFile(Tier tier, const BlockName& name) const;
};

struct RetentionOptions {
  RetentionPolicy policy;
  std::map<TenantId, RetentionPolicy> tenants;  ///< Those that have their own.

  [[nodiscard]] const RetentionPolicy& For(const TenantId& tenant) const;
};

/// Files that may go: all their samples are older than they are kept.
[[nodiscard]] std::vector<std::string> Expired(Tier tier, std::span<const ListedBlock> live,
                                               const RetentionPolicy& policy, TimeMs now_ms);

}  // namespace tickscope::tier
