#include "tests/support/certificate.hpp"

#include <chrono>
#include <stdexcept>

#include "tests/support/child.hpp"

namespace sluice::test {

Certificate make_certificate(const std::filesystem::path& folder, const std::string& name, const std::string& names) {
  namespace fs = std::filesystem;
  constexpr std::chrono::seconds limit{30};
  const Certificate made{folder / (name + ".pem"), folder / (name + ".key")};
  ChildProcess openssl{{.arguments = {"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                                      "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names, "-keyout",
                                      made.key_file, "-out", made.certificate_file},
                        .environment = {},
                        .output = folder / "openssl.log",
                        .account = {}}};
  if (openssl.wait(limit) != 0) throw std::runtime_error{"openssl made no certificate: see " + folder.string()};
  const auto everybody =
      fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;
  fs::permissions(made.key_file, everybody);
  fs::permissions(made.certificate_file, everybody);
  fs::permissions(folder, fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add);
  return made;
}

}  // namespace sluice::test
