// The input is what a server sends, as it comes from the network: a login, then the answer to a query. The first byte
// chooses how the client came in.
#include <cstdlib>

#include "protocol/wire/login_fsm.hpp"
#include "protocol/wire/text_query.hpp"

namespace {

using namespace sluice::protocol;

constexpr std::size_t PAYLOAD_MAX_BYTES = std::size_t{1} << 20;

void require(bool promise) {
  if (!promise) std::abort();
}

void read_answer(PacketAssembler& assembler) {
  TextAnswer answer;
  for (;;) {
    const auto packet = assembler.next();
    if (!packet || !*packet) return;
    const auto progress = answer.on_packet((*packet)->payload);
    require(answer.rows().size() <= TextAnswer::ROWS_MAX);
    if (!progress || *progress == TextAnswer::Progress::done) return;
  }
}

void log_in(PacketAssembler& assembler, LoginTls tls) {
  LoginFsm fsm{{.user = "app", .password = Secret{std::string_view{"secret"}}, .database = "shop", .tls = tls}};
  for (unsigned rounds = 0;; ++rounds) {
    require(rounds <= LoginFsm::ROUNDS_MAX);
    const auto packet = assembler.next();
    if (!packet || !*packet) return;
    auto step = fsm.on_packet(**packet);
    const bool was_upgraded = step.next == LoginFsm::Next::upgrade;
    if (was_upgraded) step = fsm.on_upgraded();
    switch (step.next) {
      case LoginFsm::Next::read:
        // In clear the password goes out over TLS only.
        require(tls != LoginTls::off || as_text(step.send.bytes()).find("secret") == std::string_view::npos);
        break;
      case LoginFsm::Next::done:
        return read_answer(assembler);
      case LoginFsm::Next::failed:
        require(step.error.code.failed());
        return;
      case LoginFsm::Next::upgrade:
        std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  PacketAssembler assembler{PAYLOAD_MAX_BYTES};
  assembler.feed({data + 1, size - 1});
  if (data[0] == 0) {
    read_answer(assembler);
  } else {
    log_in(assembler, data[0] % 2 == 0 ? LoginTls::off : LoginTls::preferred);
  }
  return 0;
}
