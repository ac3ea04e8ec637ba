// Where backups go, and what writes them.
#pragma once

#include <string>

namespace sluice::migrator {

// Of the service, never of a request: nobody who may ask for a backup says where it goes, or what writes it.
struct BackupConfig {
  std::string folder;   // empty: no backups are made
  std::string program;  // by its path or found in PATH; empty: the server's own mysqldump or mariadb-dump
};

}  // namespace sluice::migrator
