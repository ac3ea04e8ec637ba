// One client and its connection to the primary. Lives on one worker's thread; costs an Asio translation unit.
//
// First the login is relayed (login.cpp). Then two coroutines run side by side: one carries the client's commands to
// the server (client_side.cpp) and asks the gate where something is armed (at_gate.cpp), the other carries the server's
// answers to the client and notes where each ends (server_side.cpp). Bytes are forwarded as they came, out of the
// buffer that they were read into.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "net/stream.hpp"
#include "net/timer.hpp"
#include "protocol/wire/answers.hpp"
#include "protocol/wire/auth_relay.hpp"
#include "protocol/wire/greeting.hpp"
#include "protocol/wire/login_response.hpp"
#include "protocol/wire/packet.hpp"
#include "proxy/session/buffer.hpp"
#include "proxy/session/command.hpp"
#include "proxy/session/ddl_fsm.hpp"
#include "proxy/session/in_flight.hpp"
#include "proxy/session/server_error.hpp"
#include "proxy/session/session_memory.hpp"
#include "proxy/session/signal.hpp"
#include "proxy/session/transaction_view.hpp"
#include "proxy/session/worker.hpp"

namespace sluice::proxy {

using protocol::AuthRelay;
using protocol::PACKET_HEADER_BYTES;
using protocol::Side;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Worker> worker, net::Stream client);

  // Runs until both sides are closed, then leaves the gate and the worker.
  static void start(std::shared_ptr<Session> session);
  // Ends as soon as no command, transaction or lock is open; a login is ended now.
  void drain();
  // Keeps to the idle deadline that holds now.
  void change_limits();
  // Ends everything now; what runs at the server is killed.
  void cut_off();

 private:
  enum class [[nodiscard]] Next : std::uint8_t { go_on, end };
  using Running = net::awaitable<Next>;

  static net::awaitable<void> run(std::shared_ptr<Session> self);
  void close();
  // Waits for bytes, and takes what is there. `end`: there will be none.
  Running fill(net::Stream& from, Buffer& into);
  // `origin`: of the bytes, where they go on as they were read.
  using Origin = std::optional<net::Stream::Origin>;
  Running write_to_client(net::Bytes bytes, Origin origin = std::nullopt);
  void number_frames_to_client() noexcept;
  Running write_to_server(net::Bytes bytes, Origin origin = std::nullopt);
  Running tell_client(PacketBytes packet);
  // Waits until what was written to the client is with the kernel: a close() would lose it.
  net::awaitable<void> settle_client();
  // `end`: it is drained, and nothing is open any more.
  Running leave_when_done();
  static net::awaitable<void> leave(std::shared_ptr<Session> self);
  // Whether it may end now without an error that its client would notice: nothing is open, and no lock is held that
  // outlasts its statement. A replica comes back by itself.
  [[nodiscard]] bool may_leave() const noexcept;
  // No command is under way; of the next some may have come.
  [[nodiscard]] bool is_quiet() const noexcept;
  // No bytes are on their way from one side to the other, but for the beginning of a command.
  [[nodiscard]] bool nothing_moves() const noexcept;
  [[nodiscard]] Shared& shared() const noexcept { return worker_->shared(); }

  // ---- arrival.cpp. `end`: the client has been told why, if it has to be.
  Running arrive();
  Running take_proxy_header();
  Running connect_server();
  Running expect_no_proxy_header();
  Running refuse(Refusal reason, PacketBytes packet);
  [[nodiscard]] bool take_user_seat(const std::string& user);

  // ---- departure.cpp
  enum class Deadline : std::uint8_t { login, farewell, idle, end_of_server };
  void expect_by(Deadline deadline, std::chrono::steady_clock::duration time);
  void on_deadline();
  void give_up_login();
  void look_whether_idle();
  void watch_idle();
  [[nodiscard]] std::shared_ptr<const Limits> limits() const { return shared().limits.load(); }
  void look_out();
  void on_lookout();
  [[nodiscard]] bool nobody_reads_client() const noexcept;
  net::awaitable<void> outlive_server();
  void kill_at_server();
  net::awaitable<void> finish_login();

  // ---- login.cpp. `end`: the login failed, and the client has been told why.
  Running log_in();
  Running greet();
  Running receive_login();
  Running secure_server();
  Running relay_authentication();
  // Reads one whole packet to the front of the side's buffer; the next read drops it.
  Running read_packet(Side side);
  [[nodiscard]] net::Bytes payload_of(Side side) const;
  Running send_payload(Side side, net::Bytes payload);
  Running refuse_login(PacketBytes packet);
  [[nodiscard]] AuthRelay::Way way() const noexcept;
  [[nodiscard]] AuthRelay::MultiFactor factors() const noexcept;
  [[nodiscard]] protocol::LegTls server_leg_tls() const noexcept;
  void note_login(protocol::LoginResponse login);
  void begin_compression();
  void note_autocommit(net::Bytes ok);

  // ---- client_side.cpp
  net::awaitable<void> carry_commands();
  Running read_client();
  Running take_commands();
  Running forward_ready();
  // The command at the front of what is neither sent nor ready. Nothing: more must be read first.
  [[nodiscard]] std::optional<Command> command_ahead() const;
  Running begin_command(Command command);
  Running begin_frames();
  Running pass_unanswered();
  Running all_answered();
  void note_sent(const Command& command);
  void pass_packet(std::size_t length) noexcept;

  // ---- change_user.cpp: the relay of the login again, between commands
  Running change_user();
  Running pass_authentication();
  void user_changed(net::Bytes ok);
  void user_refused(std::uint16_t error);

  // ---- at_gate.cpp
  Running judge();
  net::awaitable<std::optional<std::uint8_t>> skip_command();
  Running wait_for_gate();
  [[nodiscard]] std::string refused_by(const gate::ArmedSet& set, const std::vector<gate::Touch>& touches) const;
  Running refuse_definition(std::string migration);
  Running answer_locally(std::function<PacketBytes(std::uint8_t sequence)> answer, Outcome outcome);
  void on_wake(gate::Wake wake);

  // ---- own_command.cpp
  struct OwnAnswer {
    PacketBytes bytes;  // packet headers included; empty: it was too long
    std::optional<protocol::Ending> ending;
  };
  [[nodiscard]] PacketBytes query_packet(std::string_view sql) const;
  Running send_own(PacketBytes packet);
  // Everything before has been answered. Nothing: the session has come to its end.
  net::awaitable<std::optional<OwnAnswer>> ask_server(const AskServer& question);
  void take_own_answer(net::Bytes bytes);

  // ---- online_ddl.cpp
  enum class [[nodiscard]] DdlEnd : std::uint8_t { session_ends, command_answered, command_goes_on };
  struct DdlDrive {
    DdlFsm& fsm;
    std::shared_ptr<DdlRun> run;  // once there is one
    std::chrono::steady_clock::time_point begun_at;
    PacketBytes last_answer;
  };
  [[nodiscard]] bool may_be_online_ddl(const Command& command) noexcept;
  [[nodiscard]] std::optional<protocol::TableChange> table_change_of(const Command& command, std::string& sql) const;
  [[nodiscard]] std::optional<std::string> prepared_in(const Command& command) const;
  net::awaitable<std::optional<Command>> read_whole_command();
  net::awaitable<DdlEnd> run_online_ddl();
  [[nodiscard]] std::string migration_of_table(const Command& command);
  [[nodiscard]] static bool is_last(const DdlAction& action) noexcept;
  net::awaitable<std::optional<DdlAction>> step_online_ddl(DdlDrive& drive, DdlAction& action);
  net::awaitable<DdlEnd> end_online_ddl(DdlDrive& drive, DdlAction action);
  void note_status(std::uint16_t status) noexcept;

  // ---- server_side.cpp
  static net::awaitable<void> carry_answers(std::shared_ptr<Session> self);
  Running pass_answers();
  void note_answer(const protocol::Ending& ending);
  void finish_at_gate();
  void lose_client();

  // ---- account.cpp
  struct Answered {
    Outcome outcome{};
    std::uint16_t error = 0;
    std::uint64_t bytes = 0;  // of the answer
  };
  void account_for(const SentCommand& sent, const Answered& answered);

  std::shared_ptr<Worker> worker_;
  net::Stream client_;
  std::optional<net::Stream> server_;
  std::shared_ptr<gate::Slot> slot_;
  std::optional<protocol::ClientConnection> connection_;  // of the client, behind balancers; nothing: a unix socket's
  std::string client_host_;
  std::optional<std::uint16_t> port_at_server_;       // by the socket, or by the header that was sent before all else
  std::chrono::steady_clock::time_point greeted_at_;  // by the server
  std::string user_;
  std::optional<Tally::Seat> address_seat_;
  std::optional<Tally::Seat> user_seat_;
  net::Timer deadline_;
  Deadline awaited_ = Deadline::login;  // what deadline_ is of
  std::uint64_t commands_seen_ = 0;     // when it was last looked whether the session is idle
  net::Timer lookout_;                  // one for all that waits, armed at most once in its time
  int blocks_in_turn_ = 0;
  int idle_looks_ = 0;  // one after another that found it so
  Signal changed_;      // something that the client's side may be waiting for
  Signal write_turn_;

  // Both legs' sequence ids are counted apart: TLS and what the proxy answers itself make them differ during the login.
  struct Leg {
    std::uint8_t next_sequence = 0;
    std::size_t packet_bytes = 0;  // of the packet at the front of its buffer
  };
  Leg client_leg_;
  Leg server_leg_;
  enum class ServerExpects : std::uint8_t { nothing, login, answer };
  ServerExpects server_expects_ = ServerExpects::nothing;  // of the client, until its login is over
  protocol::Greeting greeting_;
  protocol::ServerKind server_kind_{};
  std::optional<AuthRelay> relay_;
  std::optional<protocol::ChangeUser> new_user_;  // while COM_CHANGE_USER is under way

  Buffer from_client_;
  Buffer from_server_;

  std::size_t ready_ = 0;        // bytes at the front of from_client_ that may be sent
  std::size_t packet_left_ = 0;  // bytes of a packet begun that go where its beginning went
  bool continues_ = false;       // the packet before was full: the next belongs to the same command

  protocol::Answers answers_;
  InFlight in_flight_;
  SessionMemory memory_;
  TransactionView transaction_;
  std::uint32_t agreed_ = 0;  // capabilities
  Attributes attributes_ = Attributes::no;

  // What was found of the command that was judged last, for the access log; its answer comes before the next is judged.
  struct Judged {
    std::shared_ptr<const gate::ArmedSet> set;
    std::vector<gate::Touch> touches;
  };
  Judged judged_;
  std::optional<gate::Wake> wake_;
  std::optional<OwnAnswer> own_answer_;  // while a command of the proxy's own is at the server
  bool logged_in_ = false;
  bool waits_at_gate_ = false;
  bool client_gone_ = false;
  bool server_gone_ = false;
  bool server_refuses_ = false;   // it reads no more; what it said before is still to be read
  bool client_is_asked_ = false;  // by the server, during COM_CHANGE_USER
  bool waits_for_answers_ = false;
  bool writing_to_client_ = false;
  std::chrono::steady_clock::time_point writing_to_client_since_;
  int wait_to_write_ = 0;  // who wait for their turn
  int settling_ = 0;       // who wait in settle_client()
  std::chrono::steady_clock::time_point settling_since_;
  bool writing_to_server_ = false;
  bool is_looking_out_ = false;
  // Of compressed frames: commands that are sent ahead must not renumber the answer that is under way.
  enum class ToClient : std::uint8_t { goes_on, behind_its_data, begins_answer };
  ToClient next_to_client_ = ToClient::begins_answer;
  bool draining_ = false;
  bool is_abandoned_ = false;     // and counted so
  bool may_execute_ddl_ = false;  // a statement that may_change_table() has been prepared
};

}  // namespace sluice::proxy
