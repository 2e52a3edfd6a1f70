// The fleet's switch and inventory over HTTP, and what pushes carry for both.
//
//   GET    /api/v1/fleet/incident                     what is in force
//   POST   /api/v1/fleet/incident?ttl=30m&cadence=5s  begins
//   DELETE /api/v1/fleet/incident                     ends
//   GET    /api/v1/fleet/settings                     for agents: text and X-Tickscope-Signature
//   GET    /api/v1/fleet/agents?limit=100&after=NAME  the inventory, of X-Scope-OrgID's tenant or of all without one
#pragma once

#include "base/worker_pool.h"
#include "control/fleet_control.h"
#include "control/inventory.h"
#include "http/router.h"

namespace tickscope::roles {

/// Everything given outlives the router; changes are made on `pool`, for they wait for the disk.
void RegisterFleetEndpoints(http::Router& router, control::FleetControl& control,
                            control::Inventory& inventory, const Clock& clock, WorkerPool& pool);

/// Notes the agent that a push comes from, and has the answer say which settings are in force. Other requests are left as they are.
void ObservePush(const control::FleetControl& control, control::Inventory& inventory, const Clock& clock,
                 http::Request& request, http::Respond& respond);

}  // namespace tickscope::roles
