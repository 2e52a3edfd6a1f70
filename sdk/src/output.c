#include "output.h"

#include <stdio.h>

static size_t Digits(uint64_t value, char* end) {
  size_t size = 0;
  do {
    *--end = (char)('0' + value % 10);
    value /= 10;
    ++size;
  } while (value != 0);
  return size;
}

void ts_put_uint(ts_output* out, uint64_t value) {
  char text[20];
  const size_t size = Digits(value, text + sizeof text);
  ts_put(out, text + sizeof text - size, size);
}

/* Puts `digits` / 10^decimals. */
static void PutDecimal(ts_output* out, bool negative, uint64_t digits, size_t decimals) {
  char text[48];
  memset(text, '0', sizeof text);
  char* const end = text + sizeof text;
  size_t size = Digits(digits, end);
  if (size <= decimals) size = decimals + 1; /* "0." and zeros before the digits */
  if (negative) TS_PUT_LITERAL(out, "-");
  ts_put(out, end - size, size - decimals);
  if (decimals == 0) return;
  TS_PUT_LITERAL(out, ".");
  ts_put(out, end - decimals, decimals);
}

/* A decimal of n digits below 2^53 divided by a power of ten up to 10^22 rounds once, to the double that its text parses
 * to. So when that is the value, the text is right, and neither printf nor a parser is needed: 10 ns instead of 400. */
static bool PutShortDecimal(ts_output* out, double value, bool bound) {
  static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = value < 0;
  const double size = negative ? -value : value;
  for (size_t decimals = 0; decimals < sizeof powers / sizeof *powers; ++decimals) {
    const double scaled = size * powers[decimals];
    if (!(scaled < 9007199254740992.0)) return false;
    const uint64_t digits = (uint64_t)(scaled + 0.5);
    if ((double)digits / powers[decimals] != size) continue;
    PutDecimal(out, negative, digits, decimals);
    if (bound && decimals == 0) TS_PUT_LITERAL(out, ".0");
    return true;
  }
  return false;
}

static void PutNumber(ts_output* out, double value, bool bound) {
  if (value != value) {
    TS_PUT_LITERAL(out, "NaN");
  } else if (value > 1.7976931348623157e308) {
    TS_PUT_LITERAL(out, "+Inf");
  } else if (value < -1.7976931348623157e308) {
    TS_PUT_LITERAL(out, "-Inf");
  } else if (!PutShortDecimal(out, value, bound)) {
    char text[32];
    const int size = snprintf(text, sizeof text, "%.17g", value);
    for (int i = 0; i < size; ++i)
      if (text[i] == ',') text[i] = '.'; /* the game may have set a locale */
    ts_put(out, text, (size_t)size);
  }
}

void ts_put_double(ts_output* out, double value) {
  PutNumber(out, value, false);
}
void ts_put_bound(ts_output* out, double value) {
  PutNumber(out, value, true);
}
