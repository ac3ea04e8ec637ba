// How a migration's change streams reach the primary. Pure.
#pragma once

#include "migrator/api.hpp"
#include "migrator/sql/server_address.hpp"
#include "migrator/stream/stream.hpp"

namespace sluice::migrator {

[[nodiscard]] StreamLogin stream_login(const ServerAddress& primary);

// With a server id of the migration's own: it has one stream at a time.
[[nodiscard]] StreamOptions stream_options(const MigrationId& id);

}  // namespace sluice::migrator
