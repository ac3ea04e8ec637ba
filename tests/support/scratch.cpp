#include "tests/support/scratch.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::test {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t roomy_bytes = 2ULL << 30U;
constexpr std::uint16_t first_port = 12000;
constexpr std::uint16_t ports = 16000;  // up to 28000; outgoing connections start at 32768
// Servers may run as another account, whatever our umask is.
constexpr auto readable_by_servers = fs::perms{0755};

fs::path folder_of_user(const fs::path& base) {
  auto folder = base / ("sluice-test-" + std::to_string(::getuid()));
  fs::create_directories(folder);
  fs::permissions(folder, readable_by_servers);
  return folder;
}

fs::path make_scratch_root() {
  std::error_code error;
  const fs::path memory = "/dev/shm";
  const auto space = fs::space(memory, error);
  const bool usable = !error && space.available >= roomy_bytes && ::access(memory.c_str(), W_OK | X_OK) == 0;
  return folder_of_user(usable ? memory : fs::path{"/tmp"});
}

fs::path ports_folder() {
  auto folder = scratch_root() / "ports";
  fs::create_directories(folder);
  return folder;
}

// Folders are named NAME-PID-NUMBER.
bool owner_is_gone(const fs::path& folder) {
  const std::string stem = folder.filename().string();
  const auto last = stem.rfind('-');
  const auto before = last == std::string::npos || last == 0 ? std::string::npos : stem.rfind('-', last - 1);
  if (before == std::string::npos) return false;
  pid_t pid = 0;
  const auto parsed = std::from_chars(stem.data() + before + 1, stem.data() + last, pid);
  if (parsed.ec != std::errc{} || parsed.ptr != stem.data() + last || pid <= 0) return false;
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

void remove_orphans() {
  std::error_code ignored;  // another process may be tidying up the same folder
  for (const auto& entry : fs::directory_iterator{scratch_root(), ignored}) {
    if (entry.is_directory(ignored) && owner_is_gone(entry.path())) fs::remove_all(entry.path(), ignored);
  }
}

bool is_free(std::uint16_t number) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const int on = 1;  // a closed server's connections in TIME_WAIT are in nobody's way
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return bound;
}

std::pair<FileLock, std::uint16_t> reserve_port() {
  const auto folder = ports_folder();
  const auto start = static_cast<unsigned>(::getpid()) * 31U;
  for (unsigned step = 0; step < ports; ++step) {
    const auto number = static_cast<std::uint16_t>(first_port + (start + step) % ports);
    FileLock lock{folder / std::to_string(number), FileLock::Wait::try_once};
    if (lock.held() && is_free(number)) return {std::move(lock), number};
  }
  throw std::runtime_error{"no free port on 127.0.0.1"};
}

}  // namespace

const fs::path& scratch_root() {
  static const fs::path root = make_scratch_root();
  return root;
}

const fs::path& cache_root() {
  static const fs::path root = folder_of_user("/tmp");
  return root;
}

ScratchFolder::ScratchFolder(std::string_view name) {
  static std::atomic<unsigned> number{0};
  remove_orphans();
  path_ = scratch_root() / (std::string{name} + "-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
  fs::create_directory(path_);
  fs::permissions(path_, readable_by_servers);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept : path_{std::exchange(other.path_, {})} {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

FileLock::FileLock(const fs::path& file, Wait wait)
    : descriptor_{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)} {
  if (descriptor_ < 0) throw std::runtime_error{"cannot open " + file.string() + ": " + std::strerror(errno)};
  const int how = wait == Wait::blocking ? LOCK_EX : LOCK_EX | LOCK_NB;
  int done = -1;
  do {
    done = ::flock(descriptor_, how);
  } while (done != 0 && errno == EINTR);
  if (done != 0) ::close(std::exchange(descriptor_, -1));
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Port::Port() : Port{reserve_port()} {}

Port::Port(std::pair<FileLock, std::uint16_t> reserved) : lock_{std::move(reserved.first)}, number_{reserved.second} {}

}  // namespace sluice::test
