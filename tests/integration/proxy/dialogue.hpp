// Commands that a raw client says, and all that it hears: to be compared between a direct connection and the proxy.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {

struct Line {
  RawClient::Payload command;
  // How the answer is compared: some differ from call to call (COM_STATISTICS).
  enum class Compare : std::uint8_t { whole, only_its_beginning } compare = Compare::whole;
  // Which of the statements prepared so far it is about, from 1: its id is put behind the command's code.
  std::size_t statement = 0;
};

// A command of this code with this body.
inline Line say(std::uint8_t code, RawClient::Payload body = {}) {
  body.insert(body.begin(), code);
  return {body};
}
inline Line ask(std::string_view sql) {
  return {RawClient::query_payload(sql)};
}
inline Line prepare(std::string_view sql) {
  auto payload = RawClient::query_payload(sql);
  payload[0] = 0x16;
  return {payload};
}
inline RawClient::Payload statement_id(std::uint32_t id) {
  RawClient::Payload body;
  protocol::Writer{body}.u32(id);
  return body;
}

// In hex, behind its sequence id.
inline std::string spelled(const RawClient::Payload& packet, std::uint8_t sequence) {
  static constexpr std::string_view DIGITS = "0123456789abcdef";
  std::string text = " " + std::to_string(sequence) + ":";
  for (const auto byte : packet) {
    text += DIGITS[byte >> 4];
    text += DIGITS[byte & 15];
  }
  return text;
}

// Says each line, then a query whose answer marks the end of the line's. One text a line: all packets up to the mark;
// the last is "end" if the server closed. The numbers that a server gives to statements are left out.
inline std::vector<std::string> hear(RawClient& client, const std::vector<Line>& lines) {
  constexpr std::uint8_t PREPARE = 0x16;
  const std::string mark_text = "the end of a line";
  RawClient::Payload mark{static_cast<std::uint8_t>(mark_text.size())};
  mark.insert(mark.end(), mark_text.begin(), mark_text.end());
  std::vector<RawClient::Payload> ids;
  std::vector<std::string> heard;
  for (const auto& line : lines) {
    auto command = line.command;
    if (line.statement != 0) {
      const auto& id = ids.at(line.statement - 1);
      std::copy_n(id.begin(), std::min(id.size(), command.size() - 1), command.begin() + 1);
    }
    client.commands({command, RawClient::query_payload("SELECT '" + mark_text + "'")});
    std::string answer;
    for (bool is_first = true;; is_first = false) {
      auto packet = client.receive();
      if (packet.empty()) {
        heard.push_back(answer + " end");
        return heard;
      }
      if (packet == mark) break;
      if (is_first && !command.empty() && command[0] == PREPARE && packet[0] == 0x00) {
        ids.emplace_back(packet.begin() + 1, packet.begin() + 5);
        std::fill_n(packet.begin() + 1, 4, std::uint8_t{0});
      }
      answer += spelled(packet, static_cast<std::uint8_t>(client.next_sequence() - 1));
    }
    (void)client.receive();  // the mark's own end: an OK or EOF
    heard.push_back(line.compare == Line::Compare::whole ? answer : answer.substr(0, 8));
  }
  return heard;
}

}  // namespace sluice::proxy
