// Where backups go, and what writes them.
#pragma once

#include <chrono>
#include <string>

namespace sluice::migrator {

// Of the service, never of a request: nobody who may ask for a backup says where it goes, or what writes it.
struct BackupConfig {
  std::string folder;   // empty: no backups are made
  std::string program;  // by its path or found in PATH; empty: the server's own mysqldump or mariadb-dump
  // A program that writes nothing for so long is given up: somebody has locked the table, or the disk hangs.
  std::chrono::milliseconds writes_within = std::chrono::minutes{30};
};

}  // namespace sluice::migrator
