// What the statements of one text touch, under one Reading of it. The heart of scan().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/sql/keyword.hpp"
#include "protocol/sql/lexer.hpp"
#include "protocol/sql/scan.hpp"

namespace sluice::protocol::sql {

// Collects over several readings: the most that any of them found.
struct Findings {
  std::vector<TableAccess> access;  // by armed table
  bool opaque = false;
  std::size_t refused = 0;  // readings in which a quote is not closed: the servers refuse such a statement
};

class StatementScan {
 public:
  enum class Text : std::uint8_t { command, prepared };  // prepared: the literal of PREPARE ... FROM 'literal'
  // several: of the code comments in the text some may be code and others not, whatever the reading says.
  enum class CodeComments : std::uint8_t { at_most_one, several };

  // The arguments outlive the scan.
  StatementScan(const TargetIndex& index, const ScanContext& context, Reading reading, Text text, CodeComments comments,
                Findings& findings)
      : index_(index),
        charset_(context.charset),
        reading_(reading),
        text_(text),
        comments_(comments),
        findings_(findings) {
    if (context.database && !context.database->empty()) database_ = context.database;
  }

  void run(std::string_view sql);

 private:
  struct Hit {
    std::size_t table;
    ScanTarget::Kind kind;
    TableAccess access;
  };
  // What is known of the statement that is being read.
  struct Statement {
    std::size_t tokens = 0;            // so far, this one included
    std::size_t words = 0;             // of them, words and quoted names
    std::size_t hits_before_name = 0;  // those of the last name start here
    Keyword verb = Keyword::none;      // the first word
    Keyword object = Keyword::none;    // what CREATE, ALTER, DROP, RENAME are about
    Keyword before = Keyword::none;    // the last keyword, IF [NOT] EXISTS aside
    std::size_t names_since = 0;       // names since that keyword, qualified ones counted once
    std::size_t ons = 0;               // ON so far
    std::size_t tables = 0;            // TABLE so far
    bool temporary = false;
    bool drops_database = false;
    bool any_database = false;      // SHOW ... FROM name FROM database, EXPLAIN FOR SCHEMA database
    bool reads_handler = false;     // HANDLER ... READ: of a table that was named when it was opened
    bool analyzes = false;          // EXPLAIN ANALYZE runs the statement
    bool may_change = false;        // has UPDATE, DELETE, INSERT or REPLACE in it
    bool locks_rows = false;        // FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE
    std::optional<Token> prepared;  // PREPARE name FROM this
    std::vector<Hit> hits;
  };

  void on_token(const Token& token);
  void on_name(const Token& token);
  void on_keyword(Keyword keyword);
  void on_dynamic(Keyword keyword);
  void on_compound(Keyword keyword);
  void on_second_of_begin(const Token& token);
  void on_object(Keyword keyword);
  void on_symbol(char symbol);
  void on_set(std::string_view variable);
  void end_statement();
  void end_prepare();
  void match(std::string_view name);
  void match_database(std::string_view name);
  [[nodiscard]] bool may_lie_in(std::string_view database);
  [[nodiscard]] TableAccess access_here(ScanTarget::Kind kind) const;
  [[nodiscard]] TableAccess ddl_access() const;
  [[nodiscard]] bool reads_only() const;
  void touch(std::size_t table, TableAccess access);

  const TargetIndex& index_;
  ClientCharset charset_;
  Reading reading_;
  Text text_;
  CodeComments comments_;
  Findings& findings_;
  std::optional<std::string> database_;
  Statement statement_;
  std::optional<Token> last_;       // the token before this one
  std::optional<Token> qualifier_;  // x, after "x ."
  bool after_dot_ = false;
  bool apart_ = false;            // the qualifier may be a keyword, and the name begin with the dot
  bool changes_reading_ = false;  // SET of the character set or of sql_mode: what follows is read otherwise
  bool in_routine_ = false;       // after CREATE PROCEDURE and the like: semicolons do not end what is only stored
};

}  // namespace sluice::protocol::sql
