// TLS settings, made once at start and shared, read-only, by all connections and threads. Std only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace sluice::net {

// What a client asks of the server's certificate.
enum class Verify : std::uint8_t {
  nothing,   // encrypt only
  ca,        // the chain must lead to a trusted authority
  identity,  // and the certificate must carry the host's name
};

// The side that accepts. Making one throws std::runtime_error with a sentence that names the file.
class ServerTls {
 public:
  // PEM files; the certificate's may hold the chain.
  [[nodiscard]] static ServerTls from_files(const std::string& certificate_file, const std::string& key_file);
  // A fresh RSA-2048 key and a certificate signed with it, in memory: what MySQL does with its data directory at the
  // first start (auto_generate_certs).
  [[nodiscard]] static ServerTls self_signed();

  struct State;
  [[nodiscard]] State& state() const noexcept { return *state_; }

 private:
  explicit ServerTls(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// The side that connects. Making one throws std::runtime_error with a sentence that names the file.
class ClientTls {
 public:
  // `ca_file` may be empty: the system's authorities.
  [[nodiscard]] static ClientTls make(Verify verify, const std::string& ca_file);

  struct State;
  [[nodiscard]] State& state() const noexcept { return *state_; }

 private:
  explicit ClientTls(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace sluice::net
