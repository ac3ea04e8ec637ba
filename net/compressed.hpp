// What a compressed stream keeps. For net's own .cpp files.
#pragma once

#include <vector>

#include "net/stream.hpp"
#include "protocol/compression/frame_reader.hpp"

namespace sluice::net {

struct Stream::Compressed {
  Compressed(protocol::Compression with, protocol::FrameWriter& by, Bytes already_read)
      : algorithm(with), reader(with), writer(by), unread(already_read.begin(), already_read.end()) {}

  protocol::Compression algorithm;
  protocol::FrameReader reader;
  protocol::FrameWriter& writer;
  std::vector<std::uint8_t> unread;  // as it came, from `begin` on
  std::size_t begin = 0;
  std::vector<std::uint8_t> frames;  // on their way
  std::uint8_t sequence = 0;         // of the next frame written
  bool has_read = false;             // since a frame was written
};

}  // namespace sluice::net
