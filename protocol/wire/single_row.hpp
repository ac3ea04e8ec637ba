// The one row of a result set that has one. Pure.
#pragma once

#include <optional>

#include "protocol/wire/payload.hpp"
#include "protocol/wire/server_reply.hpp"

namespace sluice::protocol {

// `answer`: the whole answer to a COM_QUERY, packet headers included, in whatever dialect client and server agreed
// upon. Nothing: it is another answer, or has another number of rows. Views into the answer.
[[nodiscard]] std::optional<TextRow> single_row(Bytes answer);

// The payload of the answer's first packet; empty where it is not all there.
[[nodiscard]] Bytes first_payload(Bytes answer) noexcept;

}  // namespace sluice::protocol
