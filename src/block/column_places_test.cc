#include "block/column_places.h"

#include <gtest/gtest.h>

namespace tickscope::block {
namespace {

SeriesEntry Counter(std::uint64_t at) {
  SeriesEntry entry;
  entry.columns_at = at;
  entry.column_bytes = {10, 20};
  entry.stats = {{.count = 3, .resets = 0, .min = 1, .max = 9, .first = 1, .last = 9},
                 {.count = 3, .resets = 2, .min = 0, .max = 9, .first = 9, .last = 4}};
  entry.refers_to_previous = at > 0;
  return entry;
}

TEST(ColumnPlacesTest, TellsWhatTheEntryDoes) {
  const SeriesEntry entry = Counter(100);
  const ColumnPlace first = PlaceOf(entry, 0);
  EXPECT_EQ(first.at, 100U);
  EXPECT_EQ(first.bytes, 10U);
  EXPECT_EQ(first.last, 9);
  EXPECT_TRUE(first.is_there && first.tells_steps && first.refers_to_previous);
  const ColumnPlace second = PlaceOf(entry, 1);
  EXPECT_EQ(second.at, 110U);
  EXPECT_EQ(second.bytes, 20U);
  EXPECT_EQ(second.resets, 2);
  EXPECT_TRUE(second.tells_steps);
  EXPECT_FALSE(PlaceOf(entry, 2).is_there);
}

TEST(ColumnPlacesTest, WhatStepsCannotTellIsSaid) {
  SeriesEntry entry = Counter(0);
  entry.stats[0].gaps = 1;
  entry.stats[1].max = 0x1p31;  // It falls, by more than a step holds.
  EXPECT_FALSE(PlaceOf(entry, 0).tells_steps);
  EXPECT_FALSE(PlaceOf(entry, 1).tells_steps);
  entry.holds_histograms = true;
  EXPECT_FALSE(PlaceOf(entry, 0).is_there);
}

TEST(ColumnPlacesTest, FindsEachFromAnywhere) {
  ColumnPlaces places(2);
  for (const std::uint32_t id : {3U, 4U, 5U, 9U, 20U})
    places.Add(static_cast<SeriesId>(id), Counter(id * 1000));
  for (const std::uint32_t id : {3U, 4U, 5U, 9U, 20U}) {
    for (std::size_t near = 0; near < 8; ++near) {
      std::size_t from = near;
      const ColumnPlace* const place = places.Find(static_cast<SeriesId>(id), 1, from);
      ASSERT_NE(place, nullptr) << id << " from " << near;
      EXPECT_EQ(place->at, id * 1000 + 10);
    }
  }
  for (const std::uint32_t id : {0U, 6U, 8U, 21U, 0xFFFFFFFFU}) {
    std::size_t near = 1;
    EXPECT_EQ(places.Find(static_cast<SeriesId>(id), 0, near), nullptr) << id;
  }
  std::size_t near = 0;
  EXPECT_EQ(places.Find(static_cast<SeriesId>(3), 2, near), nullptr);
  const ColumnPlaces none(1);
  EXPECT_EQ(none.Find(static_cast<SeriesId>(0), 0, near), nullptr);
}

}  // namespace
}  // namespace tickscope::block
