// `sluice serve`: the proxy, the engine and the HTTP API in one process.
#pragma once

#include <functional>

#include "app/serve_config.hpp"

namespace sluice::app {

// Blocks until SIGTERM or SIGINT and what follows it: clients drained, migrations checkpointed; a second signal ends
// the process at once. To be called on the main thread before any other is started. Returns the process's exit status:
// a code of exit_code.hpp. `read_again` gives the configuration as it would be read now, for SIGHUP.
[[nodiscard]] int serve(ServeConfig config, std::function<Reasoned<ServeConfig>()> read_again);

}  // namespace sluice::app
