// What a compressed stream keeps. For net's own .cpp files.
#pragma once

#include <vector>

#include "net/stream.hpp"
#include "protocol/compression/frame_batch.hpp"

namespace sluice::net {

struct Stream::Compressed {
  Compressed(protocol::Compression with, protocol::FrameWriter& by, Bytes already_read)
      : algorithm(with), batch(with, already_read), writer(by) {}

  protocol::Compression algorithm;
  protocol::FrameBatch batch;  // as it was read
  protocol::FrameWriter& writer;
  std::vector<std::uint8_t> frames;  // on their way
  std::uint8_t sequence = 0;         // of the next frame written
  bool has_read = false;             // since a frame was written
};

}  // namespace sluice::net
