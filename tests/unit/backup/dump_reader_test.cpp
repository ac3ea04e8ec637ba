#include "migrator/backup/dump_reader.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

// As MySQL's program writes it.
constexpr std::string_view kMysql =
    "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n"
    "/*!40101 SET NAMES utf8 */;\n"
    "CREATE TABLE `_o``r(d_gho` (\n"
    "  `id` int NOT NULL,\n"
    "  `g` int GENERATED ALWAYS AS ((`id` + 1)) STORED,\n"
    "  PRIMARY KEY (`id`)\n"
    ");\n"
    "LOCK TABLES `_o``r(d_gho` WRITE;\n"
    "INSERT INTO `_o``r(d_gho` (`id`, `VALUES (`, `b`) VALUES (1,'x),(',0x00FF),(2,'\\n INSERT \\'\\\\',NULL);\n"
    "INSERT INTO `_o``r(d_gho` (`id`, `VALUES (`, `b`) VALUES (3,'INSERT INTO `t` VALUES (1),(2);',_binary 'a');\n"
    "UNLOCK TABLES;\n"
    "\n"
    "-- Dump completed on 2026-11-22  1:09:21\n";

// As MariaDB's does, which breaks its lines.
constexpr std::string_view kMariadb =
    "/*M!999999\\- enable the sandbox mode */ \n"
    "-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)\n"
    "CREATE TABLE `t` (\n"
    "  `id` int(11) NOT NULL\n"
    ");\n"
    "INSERT INTO `t` VALUES\n"
    "(1),\n"
    "(-2),\n"
    "(3);\n"
    "-- Dump completed on 2026-11-22  1:09:20\n";

DumpReader read(std::string_view text, std::size_t pieces_of = 1000) {
  DumpReader reader;
  for (std::size_t at = 0; at < text.size(); at += pieces_of) reader.read(text.substr(at, pieces_of));
  return reader;
}

TEST(DumpReader, CountsTheRowsOfBothPrograms) {
  for (const std::size_t pieces_of : {1UL, 2UL, 7UL, 10'000UL}) {
    EXPECT_EQ(read(kMysql, pieces_of).rows(), 3U);
    EXPECT_EQ(read(kMariadb, pieces_of).rows(), 3U);
    EXPECT_TRUE(read(kMysql, pieces_of).is_whole());
    EXPECT_TRUE(read(kMariadb, pieces_of).is_whole());
    EXPECT_TRUE(read(kMysql, pieces_of).has_definition());
  }
}

TEST(DumpReader, OfAnythingLessIsNotWhole) {
  for (const auto text : {kMysql, kMariadb}) {
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(read(text.substr(0, size)).is_whole()) << size;
    EXPECT_FALSE(read(std::string(text) + "INSERT INTO `t` VALUES (9)").is_whole());
  }
}

TEST(DumpReader, IsNotTakenInByRowsThatLookLikeTheEnd) {
  const std::string text =
      "CREATE TABLE `t` (\n);\nINSERT INTO `t` VALUES ('\n-- Dump completed on today\n'),('CREATE TABLE ');\n";
  EXPECT_EQ(read(text).rows(), 2U);
  EXPECT_FALSE(read(text).is_whole());
}

TEST(DumpReader, KnowsWhatMysqlWouldNotTakeBack) {
  EXPECT_FALSE(read(kMysql).needs_mariadb()) << "it leaves generated columns out";
  EXPECT_FALSE(read(kMariadb).needs_mariadb());
  std::string generated(kMariadb);
  generated.insert(generated.find(");\nINSERT"), "  `g` int(11) GENERATED ALWAYS AS (`id` + 1) STORED\n");
  EXPECT_TRUE(read(generated).needs_mariadb());
}

}  // namespace
}  // namespace sluice::migrator
