// A certificate that is its own authority, with its key, in PEM files that every account may read.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::test {

struct Certificate {
  std::filesystem::path certificate_file;  // also the file of its authority
  std::filesystem::path key_file;
};

// `names` as OpenSSL writes them: "IP:127.0.0.1", "DNS:db.example". Replaces what was in `folder` by this name. Throws
// std::runtime_error.
[[nodiscard]] Certificate make_certificate(const std::filesystem::path& folder, const std::string& name,
                                           const std::string& names);

}  // namespace sluice::test
