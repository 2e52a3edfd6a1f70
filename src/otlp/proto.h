// Field numbers of OTLP messages, by their short name.
#pragma once

#include "wire/otlp_proto.h"

namespace tickscope::otlp {
namespace proto = wire::otlp_proto;
}  // namespace tickscope::otlp
