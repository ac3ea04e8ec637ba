// Throwaway folders and TCP ports, which tests running side by side never share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace sluice::test {

// Where everything of a running test lives: memory (/dev/shm) where that is roomy, /tmp otherwise. One folder a user.
[[nodiscard]] const std::filesystem::path& scratch_root();

// What is kept from run to run (data folders as servers make them at first): below /tmp, one folder a user; may be
// deleted while no test runs.
[[nodiscard]] const std::filesystem::path& cache_root();

// A folder below scratch_root() that goes with its owner. Folders whose process died without tidying up are removed by
// the next process that asks for one. Throws std::filesystem::filesystem_error.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::string_view name);
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A file lock held until destruction; the constructor blocks until it has it. Throws std::runtime_error.
class FileLock {
 public:
  enum class Wait : std::uint8_t { blocking, try_once };

  explicit FileLock(const std::filesystem::path& file, Wait wait = Wait::blocking);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  [[nodiscard]] bool held() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// A port of 127.0.0.1 that nobody listens on, outside of the range the kernel gives to outgoing connections, and kept
// from other tests while this object lives: so a server can be restarted on it. Throws std::runtime_error if there is
// none.
class Port {
 public:
  Port();
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  explicit Port(std::pair<FileLock, std::uint16_t> reserved);

  FileLock lock_;
  std::uint16_t number_;
};

}  // namespace sluice::test
