// The file of a unix socket that is listened on: for everybody on the machine, as mysqld makes its own, and gone with
// its owner. One thread.
#pragma once

#include <sys/types.h>

#include <string>

namespace sluice::net {

class SocketFile {
 public:
  // Makes way for a socket at `path`: one that nobody listens on any more is removed. Throws std::runtime_error with a
  // reason: somebody listens there, or it is no socket.
  explicit SocketFile(std::string path);
  // Removes the file, if it still is the one that bound() saw.
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // To be called between bind and listen: until then nobody can connect. Throws std::runtime_error with a reason.
  void bound();

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t file_ = 0;
  bool is_ours_ = false;
};

}  // namespace sluice::net
