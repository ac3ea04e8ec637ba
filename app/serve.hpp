// `sluice serve`: the proxy, the engine and the HTTP API in one process.
#pragma once

#include "app/serve_config.hpp"

namespace sluice::app {

// Blocks until SIGTERM or SIGINT and what follows it: clients drained, migrations checkpointed; a second signal ends
// the process at once. To be called on the main thread before any other is started. Returns the process's exit status:
// an code of exit_code.hpp.
[[nodiscard]] int serve(ServeConfig config);

}  // namespace sluice::app
