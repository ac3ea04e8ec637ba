#include "net/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sluice::net {
namespace {

constexpr mode_t FOR_EVERYBODY = 0777;  // who may do what is the server's business

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

bool is_listened_on(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail("the path of a unix socket may have 107 bytes at most");
  path.copy(address.sun_path, path.size());
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) fail(std::strerror(errno));
  const bool is_refused = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
                          (errno == ECONNREFUSED || errno == ENOENT);
  ::close(probe);
  return !is_refused;
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat found{};
  if (::lstat(path_.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) fail("there is a file by this name, which is no socket");
  if (is_listened_on(path_)) fail("somebody else listens there");
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    fail(std::string{"the socket of a process that is gone can't be removed: "} + std::strerror(errno));
  }
}

SocketFile::~SocketFile() {
  struct stat found{};
  if (!is_ours_ || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == file_) ::unlink(path_.c_str());
}

void SocketFile::bound() {
  struct stat made{};
  if (::lstat(path_.c_str(), &made) != 0) fail(std::strerror(errno));
  device_ = made.st_dev;
  file_ = made.st_ino;
  is_ours_ = true;
  if (::chmod(path_.c_str(), FOR_EVERYBODY) != 0) fail(std::strerror(errno));
}

}  // namespace sluice::net
