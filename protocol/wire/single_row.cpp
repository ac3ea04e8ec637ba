#include "protocol/wire/single_row.hpp"

#include <vector>

#include "protocol/wire/packet.hpp"

namespace sluice::protocol {
namespace {

// Nothing: it ends within a packet.
std::optional<std::vector<Bytes>> payloads_of(Bytes answer) {
  std::vector<Bytes> payloads;
  while (!answer.empty()) {
    if (answer.size() < PACKET_HEADER_BYTES) return std::nullopt;
    const std::size_t length = read_packet_header(answer).length_bytes;
    if (answer.size() - PACKET_HEADER_BYTES < length) return std::nullopt;
    payloads.push_back(answer.subspan(PACKET_HEADER_BYTES, length));
    answer = answer.subspan(PACKET_HEADER_BYTES + length);
  }
  return payloads;
}

}  // namespace

Bytes first_payload(Bytes answer) noexcept {
  if (answer.size() < PACKET_HEADER_BYTES) return {};
  const std::size_t length = read_packet_header(answer).length_bytes;
  return answer.size() - PACKET_HEADER_BYTES < length ? Bytes{} : answer.subspan(PACKET_HEADER_BYTES, length);
}

std::optional<TextRow> single_row(Bytes answer) {
  const auto payloads = payloads_of(answer);
  // The number of columns, what may stand between, the row, and the end.
  if (!payloads || payloads->size() < 3 || is_error(payloads->front()) || is_error(payloads->back())) {
    return std::nullopt;
  }
  Reader first{payloads->front()};
  const auto columns = first.length_encoded();
  constexpr std::uint64_t COLUMNS_MAX = 4096;
  if (!first.ok() || columns == 0 || columns > COLUMNS_MAX) return std::nullopt;
  const auto row = parse_text_row((*payloads)[payloads->size() - 2], static_cast<std::size_t>(columns));
  return row ? std::optional{*row} : std::nullopt;
}

}  // namespace sluice::protocol
