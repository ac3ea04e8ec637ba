#include "protocol/binlog/rows.hpp"

#include <algorithm>
#include <set>

#include "protocol/binlog/compression.hpp"

namespace sluice::protocol::binlog {
namespace {

enum class Change : std::uint8_t { write, update, erase };
enum class Packing : std::uint8_t { none, mariadb };
enum class Version : std::uint8_t { v1, v2 };
enum class Image : std::uint8_t { before, after };

struct Kind {
  Change change = Change::write;
  Version version = Version::v2;
  Packing packing = Packing::none;
  bool has_value_options = false;  // PARTIAL_UPDATE_ROWS
};

std::optional<Kind> kind_of(EventType type) noexcept {
  const auto number = static_cast<unsigned>(type);
  const auto in = [number](EventType first) {
    const auto from = static_cast<unsigned>(first);
    return number >= from && number < from + 3;
  };
  const auto change = [number](EventType first) { return static_cast<Change>(number - static_cast<unsigned>(first)); };
  using enum EventType;
  if (in(write_rows_v2)) return Kind{change(write_rows_v2), Version::v2, Packing::none};
  if (in(write_rows_v1)) return Kind{change(write_rows_v1), Version::v1, Packing::none};
  if (type == partial_update_rows) return Kind{Change::update, Version::v2, Packing::none, true};
  if (in(mariadb_write_rows_compressed_v1)) {
    return Kind{change(mariadb_write_rows_compressed_v1), Version::v1, Packing::mariadb};
  }
  if (in(mariadb_write_rows_compressed)) {
    return Kind{change(mariadb_write_rows_compressed), Version::v2, Packing::mariadb};
  }
  return std::nullopt;
}

bool bit(Bytes bits, std::size_t at) noexcept {
  return (bits[at / 8] >> (at % 8) & 1) != 0;
}

std::size_t count_bits(Bytes bits, std::size_t columns) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < columns; ++at) count += bit(bits, at) ? 1U : 0U;
  return count;
}

// Reads the images of one event's rows one after the other.
class Images {
 public:
  Images(const TableMap& map, std::span<const KeyColumn> keys) : map_(map), keys_(keys) {}

  // `present`: which columns the image has. `unchanged`: the key of the image before it, whose columns this one may
  // leave out; nullptr for a first image.
  result<RowKey> read(Reader& reader, Bytes present, const RowKey* unchanged) const {
    const auto nulls = reader.take((count_bits(present, map_.columns.size()) + 7) / 8);
    if (!reader.ok()) return Errc::truncated;
    RowKey key;
    if (unchanged != nullptr) key = *unchanged;
    key.literals.resize(keys_.size());
    std::size_t found = 0;
    std::size_t at = 0;
    for (std::size_t ordinal = 0; ordinal < map_.columns.size(); ++ordinal) {
      if (!bit(present, ordinal)) continue;
      const bool is_null = bit(nulls, at++);
      const auto wanted = std::ranges::find(keys_, ordinal, &KeyColumn::ordinal);
      if (is_null && wanted != keys_.end()) return Errc::key_is_null;
      if (is_null) continue;
      const auto value = take_value(reader, map_.columns[ordinal]);
      if (!value) return value.error();
      if (wanted == keys_.end()) continue;
      auto text = literal(*wanted, map_.columns[ordinal], *value);
      if (!text) return text.error();
      key.literals[static_cast<std::size_t>(wanted - keys_.begin())] = std::move(*text);
      ++found;
    }
    if (unchanged == nullptr && found < keys_.size()) return Errc::key_not_in_image;
    return key;
  }

  // The prefix of a PARTIAL_UPDATE_ROWS after-image: options[lenenc], and where bit 0 is set a bit for each JSON
  // column. A partial value has a length in front as a whole one has.
  error_code skip_value_options(Reader& reader) const {
    constexpr std::uint64_t partial_json = 1;
    const auto options = reader.length_encoded();
    if (options > partial_json) return Errc::bad_value;
    if (options == partial_json) {
      const auto json = std::ranges::count(map_.columns, ColumnType::json, &WireColumn::type);
      reader.skip((static_cast<std::size_t>(json) + 7) / 8);
    }
    return reader.ok() ? error_code{} : Errc::truncated;
  }

 private:
  const TableMap& map_;
  std::span<const KeyColumn> keys_;
};

// The distinct keys, in the order of their first appearance.
class KeyCollection {
 public:
  void add(const RowKey& key) {
    if (seen_.insert(key).second) keys_.push_back(key);
  }
  std::vector<RowKey> take() { return std::move(keys_); }

 private:
  std::set<RowKey> seen_;
  std::vector<RowKey> keys_;
};

result<std::vector<RowKey>> read_rows(Reader& reader, const Kind& kind, Bytes first, Bytes second,
                                      const Images& images) {
  KeyCollection keys;
  while (!reader.at_end()) {
    const auto before = images.read(reader, first, nullptr);
    if (!before) return before.error();
    keys.add(*before);
    if (kind.change != Change::update) continue;
    if (kind.has_value_options) {
      if (const auto error = images.skip_value_options(reader)) return error;
    }
    const auto after = images.read(reader, second, &*before);
    if (!after) return after.error();
    keys.add(*after);
  }
  return keys.take();
}

}  // namespace

bool is_rows_event(EventType type) noexcept {
  return kind_of(type).has_value();
}

result<RowsHeader> decode_rows_header(const Event& event) {
  constexpr std::uint16_t statement_end = 1;
  constexpr std::uint16_t no_foreign_key_checks = 2;
  Reader reader{event.body};
  RowsHeader header;
  header.table_id = reader.little_endian(6);
  const auto flags = reader.u16();
  header.ends_statement = (flags & statement_end) != 0;
  header.foreign_keys_unchecked = (flags & no_foreign_key_checks) != 0;
  if (!reader.ok()) return Errc::truncated;
  return header;
}

result<std::vector<RowKey>> decode_row_keys(const Event& event, const TableMap& map, std::span<const KeyColumn> keys) {
  // table[6] flags[2] (v2: length of extra data[2], itself included) columns[lenenc] bitmap (update: bitmap) rows
  const auto kind = kind_of(event.header.type);
  if (!kind) return Errc::unsupported_event;
  Reader reader{event.body};
  reader.skip(8);
  if (kind->version == Version::v2) {
    const auto extra_bytes = reader.u16();
    if (reader.ok() && extra_bytes < 2) return Errc::bad_value;
    if (reader.ok()) reader.skip(extra_bytes - 2U);
  }
  const auto columns = reader.length_encoded();
  if (!reader.ok()) return Errc::truncated;
  if (columns != map.columns.size()) return Errc::bad_value;
  const auto bitmap_bytes = (columns + 7) / 8;
  const auto first = reader.take(bitmap_bytes);
  const auto second = kind->change == Change::update ? reader.take(bitmap_bytes) : Bytes{};
  if (!reader.ok()) return Errc::truncated;
  // Without a column an image takes no byte, and reading would not come to an end.
  if (count_bits(first, map.columns.size()) == 0) return Errc::key_not_in_image;
  const Images images{map, keys};
  if (kind->packing == Packing::none) return read_rows(reader, *kind, first, second, images);
  const auto unpacked = unpack_mariadb(reader.take_rest());
  if (!unpacked) return unpacked.error();
  Reader rows{*unpacked};
  return read_rows(rows, *kind, first, second, images);
}

}  // namespace sluice::protocol::binlog
